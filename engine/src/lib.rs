//! The library that does the work: it watches a cluster, writes to it, records it in Git and remembers who did what.
//!
//! Everything begins at [`Engine`], which is cheap to clone. Each method that acts or reads takes a [`Caller`] first,
//! checks the right, does, and leaves a trace in the ledger. What goes in and out are types of `model`; no
//! Kubernetes object, Git commit or database record crosses this line.

mod accounts;
mod audit;
mod caller;
mod clock;
mod cluster;
mod config;
mod deployments;
mod drafts;
mod error;
mod health;
mod ignore_rules;
mod ignoring;
mod kinds;
mod ledger;
mod masks;
mod panics;
mod purge;
mod recorder;
mod repository;
pub mod rights;
mod sealing;
mod start;
mod store;

pub use accounts::SessionUser;
pub use caller::{Caller, Via};
pub use clock::Clock;
pub use cluster::KindRules;
pub use config::{
    AuditConfig, ClusterAccess, ClusterConfig, Credentials, DatabaseConfig, EngineConfig, RepositoryConfig, SweepLimits,
};
pub use error::Error;
pub use ignoring::IgnoreRules;
pub use recorder::{KindTotals, SyncHistograms, SyncTotals};
pub use sops::Recipients;
pub use start::{Engine, StartError};
