//! Whether a sandbox is what the tests of the other crates take it for.

mod control_plane;
mod gitea;
