//! The crate from outside, beside the real `sops`.

#![expect(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

mod documents;
mod interoperability;
