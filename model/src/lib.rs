//! The vocabulary that every other crate shares, in a good order to read it.
//!
//! Here stand the typed names, the summaries that pages show and the error that travels to a browser or a script.
//! What is here compiles for the browser, so it knows no framework, no cluster, no clock and no environment.

pub mod deployment;
pub mod diff;
pub mod error;
pub mod event;
pub mod git;
pub mod health;
pub mod history;
pub mod ignore;
pub mod name;
pub mod page;
pub mod record;
pub mod resource;
pub mod sync;
pub mod timestamp;
pub mod user;
pub mod workload;

pub use jiff::Timestamp;

pub use error::{Error, ErrorKind, FieldError};
pub use name::{ClusterName, ContainerName, InvalidName, Namespace, ResourceName, Username};
pub use page::{Page, PageRequest};
pub use resource::{Kind, ResourceRef};
