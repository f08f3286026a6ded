//! The program as its users meet it: over HTTP.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on should say where")]

mod settings;
mod tidy;
