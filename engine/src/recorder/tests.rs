//! The recorder at work, fed by hand.
