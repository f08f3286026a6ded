//! The program as its users meet it: over HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

mod alerts;
mod authorization;
mod away;
mod description;
mod foreign_commits;
mod forms_without_js;
mod guards;
mod harness;
mod program;
mod records;
mod session;
mod settings;
mod tidy;
