//! The crate from outside.

#![expect(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

mod corpus;
