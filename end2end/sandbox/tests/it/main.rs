//! Whether a sandbox is what the tests of the other crates take it for.
#![expect(clippy::unwrap_used, reason = "clippy allows it in test functions, not in the functions they share")]

mod control_plane;
mod ends;
mod gitea;
mod processes;
