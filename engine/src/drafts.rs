//! What people have typed and not yet applied.
