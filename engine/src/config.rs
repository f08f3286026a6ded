//! What the engine must be told; plain values, no environment and no hidden choice.

use std::path::PathBuf;
use std::time::Duration;

use model::ClusterName;
use model::git::{BranchName, RemoteUrl};
use secrecy::SecretString;

use crate::{Clock, KindRules};

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
    /// Which kinds are recorded, where that differs from what is usual; decisions made on a page come over it.
    pub kind_rules: KindRules,
    pub clock: Clock,
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

/// The repository that records go to.
#[derive(Clone, Debug)]
pub struct RepositoryConfig {
    /// Without one, the bare repository in the data directory is all there is.
    pub remote: Option<RemoteUrl>,
    pub branch: BranchName,
    /// The folder in the repository that holds `clusters/`; `.` for its root.
    pub path: String,
    pub credentials: Credentials,
}

/// What a remote asks for.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    pub username: Option<String>,
    pub token: Option<SecretString>,
    pub ssh_key_file: Option<PathBuf>,
}
