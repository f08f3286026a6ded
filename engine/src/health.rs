//! Judges how well resources do; pure.
