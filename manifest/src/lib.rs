//! Turns what a cluster holds into text that people keep in Git, and back; pure text and trees.
//!
//! A *manifest* is a resource as a person would have written it: [`sanitize`] takes out what the server owns,
//! [`render`] writes the rest as YAML that every reader takes the same way, [`parse`] reads YAML as kubectl does.
//! [`record_path`] says where the document lies, [`compare`], [`diff`] and [`subject`] say what changed.
//!
//! Nothing here waits, reads a file, asks a clock or panics, and a [`Manifest`] never holds a Secret's value.

mod compare;
mod defaults;
mod diff;
mod fingerprint;
mod identity;
mod mask;
mod parse;
mod path;
mod render;
mod sanitize;
mod subject;
mod summarize;
mod tree;

pub use compare::{FieldChange, compare};
pub use defaults::SchemaDefaults;
pub use diff::{diff, diff_trees};
pub use fingerprint::{Fingerprint, fingerprint};
pub use identity::{IdentityError, identity};
pub use mask::{MASKED, NOT_RECORDED, mask};
pub use parse::{Document, MAX_BYTES, MAX_DEPTH, ParseError, parse};
pub use path::{RecordPath, record_path, resource_at};
pub use render::{render, render_tree};
pub use sanitize::{left_out, sanitize, sanitize_custom};
pub use subject::subject;
pub use summarize::summarize;
pub use tree::Manifest;
