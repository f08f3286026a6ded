//! Turns what a cluster holds into text that people keep in Git, and back; pure text and trees.
//!
//! A *manifest* is a resource as a person would have written it: [`sanitize`] takes out what the server owns,
//! [`render`] writes the rest as YAML that every reader takes the same way, [`parse`] reads YAML as kubectl does.
//! [`record_path`] says where the document lies, [`compare`], [`diff`] and [`subject`] say what changed.
//!
//! [`read_contents`] finds resources in files that people keep, and [`edit`] changes them there, in place.
//!
//! Nothing here waits, reads a file, asks a clock or panics, and a [`Manifest`] never holds a Secret's value.

mod compare;
mod contents;
mod credentials;
mod defaults;
mod diff;
mod edit;
mod fingerprint;
mod identity;
mod ignore;
mod mask;
mod parse;
mod path;
mod quantity;
mod render;
mod sanitize;
mod subject;
mod summarize;
mod transplant;
mod tree;
mod wording;

pub use compare::{FieldChange, compare};
pub use contents::{Contents, Found, LeftAlone, Surroundings, kustomized_files, read_contents, read_resources};
pub use credentials::{CREDENTIAL_RULES, Credential, CredentialRule, credential_rule, replace_credentials};
pub use defaults::SchemaDefaults;
pub use diff::{diff, diff_trees};
pub use edit::{Address, EditError, Edited, Removed, Why, Written, edit, edit_tree, line_of, remove};
pub use fingerprint::{Fingerprint, fingerprint};
pub use identity::{IdentityError, identity};
pub use ignore::{IgnoreError, Ignoring, forget_replicas};
pub use mask::{
    MASKED, NOT_RECORDED, SecretPlace, forget_values, is_stand_in, lacks_values, mask, mentions_secret, not_recorded,
    replace_secret,
};
pub use parse::{Document, MAX_BYTES, MAX_DEPTH, ParseError, parse};
pub use path::{RecordPath, record_path, resource_at};
pub use render::{render, render_tree};
pub use sanitize::{MADE_RULES, MadeRule, made_by_itself, sanitize, sanitize_custom, sanitize_record};
pub use subject::subject;
pub use summarize::summarize;
pub use transplant::transplant;
pub use tree::Manifest;
pub use wording::keep_wording;
