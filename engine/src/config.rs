//! What the engine must be told; plain values, no environment and no hidden choice.

use std::path::PathBuf;
use std::time::Duration;

use model::ClusterName;
use model::git::{BranchName, RemoteUrl};
use secrecy::SecretString;
use sops::Recipients;

use crate::{Clock, IgnoreRules, KindRules};

/// Everything the engine needs to start.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Holds the embedded store and the bare repository; made when it is missing.
    pub data_dir: PathBuf,
    pub database: DatabaseConfig,
    pub cluster: ClusterConfig,
    pub repository: RepositoryConfig,
    /// Silence of an actor before the changes are committed; zero makes each change a commit.
    pub commit_window: Duration,
    /// A commit is made no later than this after its first change, however long the actor goes on.
    pub longest_window: Duration,
    pub sweep: SweepLimits,
    /// Which kinds are recorded, where that differs from what is usual; decisions made on a page come over it.
    pub kind_rules: KindRules,
    /// What is left out of records, beside what people decide on the page.
    pub ignore_rules: IgnoreRules,
    /// Who can decrypt the values of Secrets in the repository; without any, fingerprints stand for the values.
    pub age_recipients: Option<Recipients>,
    pub audit: AuditConfig,
    pub clock: Clock,
}

/// How many records whose resources are found gone are deleted without a person's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepLimits {
    /// Never more of a kind than these, nor of all kinds within ten minutes.
    pub records: usize,
    /// Nor more than this share of them, in percent; a single one may go unless it is 0.
    pub percent: usize,
}

impl Default for SweepLimits {
    fn default() -> Self {
        Self { records: 20, percent: 10 }
    }
}

/// Where Denshimon keeps what is its own.
#[derive(Clone, Debug)]
pub enum DatabaseConfig {
    /// In the data directory.
    Embedded,
    /// Gone with the process, for tests.
    Memory,
    /// A SurrealDB server.
    Server { url: String, username: String, password: SecretString },
}

/// The cluster to follow.
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// Its folder in the repository and its name on pages.
    pub name: ClusterName,
    pub access: ClusterAccess,
}

/// How to reach a cluster.
#[derive(Clone, Debug)]
pub enum ClusterAccess {
    Kubeconfig {
        path: PathBuf,
        /// The file's current one when `None`.
        context: Option<String>,
    },
    /// The service account of the pod that Denshimon runs in.
    InCluster,
}

/// Where the API server's audit events come from, which name kubectl's users; without a source nothing is named.
#[derive(Clone, Debug, Default)]
pub struct AuditConfig {
    /// What the audit webhook proves itself with.
    pub webhook_token: Option<SecretString>,
    /// The API server's audit log, to be followed.
    pub log_file: Option<PathBuf>,
    /// How long a change waits for its event.
    pub wait: Duration,
    /// Names that are no persons', beside Kubernetes' own parts.
    pub system_users: Vec<String>,
}

/// The repository that records go to.
#[derive(Clone, Debug)]
pub struct RepositoryConfig {
    /// Without one, the bare repository in the data directory is all there is.
    pub remote: Option<RemoteUrl>,
    pub branch: BranchName,
    /// The folder in the repository that holds `clusters/`; `.` for its root.
    pub path: String,
    pub credentials: Credentials,
    /// An OpenSSH private key that signs each commit.
    pub signing_key_file: Option<PathBuf>,
}

/// What a remote asks for.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    pub username: Option<String>,
    pub token: Option<SecretString>,
    pub ssh_key_file: Option<PathBuf>,
}
