//! The engine as its callers use it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod accounts;
mod adopting;
mod defaults;
mod deployments;
mod drafts;
mod faithful;
mod harness;
mod kinds;
mod names;
mod noise;
mod records;
mod rules;
mod scope;
