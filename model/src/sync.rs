//! How far cluster and repository are in step.

use serde::{Deserialize, Serialize};

use crate::git::{BranchName, CommitId};
use crate::{Kind, Timestamp};

/// Where a resource's record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RecordState {
    Recorded,
    Waiting,
    Drifted,
    Enforced,
    Ignored,
    Blocked,
    Unknown,
}

/// A resource's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RecordInfo {
    pub state: RecordState,
    /// Why it is not recorded; empty when it is.
    pub reason: String,
    /// In the repository.
    pub path: Option<String>,
    /// The newest that touches it.
    pub commit: Option<CommitId>,
    #[serde(default, with = "crate::timestamp::optional")]
    pub at: Option<Timestamp>,
    /// That commit's author.
    pub by: Option<String>,
}

/// What the sync chip on each page says, worst first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SyncChip {
    /// The cluster does not answer.
    ClusterAway {
        #[serde(with = "crate::timestamp::text")]
        since: Timestamp,
    },
    /// Committing or pushing fails, with the reason in a few words.
    CannotRecord {
        reason: String,
    },
    CannotPush {
        reason: String,
    },
    /// The first lists are being read.
    Starting,
    Waiting {
        changes: u32,
    },
    InStep {
        #[serde(with = "crate::timestamp::text")]
        since: Timestamp,
    },
}

/// All that GitOps -> Status shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SyncStatus {
    pub chip: SyncChip,
    /// Whoever reads this may also retry, commit and decide.
    pub may_steer: bool,
    pub repository: RepositoryStatus,
    pub kinds: Vec<WatchedKind>,
    /// Observed and not yet committed.
    pub waiting: u32,
    /// From the API server's event to the commit, of the newest change.
    pub lag_milliseconds: Option<u32>,
    pub problems: Vec<SyncProblem>,
    /// Records whose resources are gone, when there are too many of them to delete without a person's word.
    pub held_deletions: Vec<String>,
}

/// The repository, its remote and their distance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RepositoryStatus {
    /// Without credentials; `None` when there is only the one in the data directory.
    pub remote: Option<String>,
    pub branch: BranchName,
    pub path: String,
    pub head: Option<CommitId>,
    pub remote_head: Option<CommitId>,
    /// Commits that the remote lacks.
    pub ahead: u32,
    pub last_push: Option<PushReport>,
}

/// The newest push that succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PushReport {
    #[serde(with = "crate::timestamp::text")]
    pub at: Timestamp,
    pub milliseconds: u32,
    pub commits: u32,
}

/// One kind that the API server serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WatchedKind {
    pub kind: Kind,
    pub objects: u32,
    #[serde(default, with = "crate::timestamp::optional")]
    pub last_event: Option<Timestamp>,
    pub state: WatchState,
    /// Why its resources have no records; `None` when they have.
    pub left_out: Option<String>,
}

/// How a watch does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WatchState {
    /// Nobody needs it.
    Off,
    Listing,
    Watching,
    /// Trying again, with the reason in words.
    Away {
        #[serde(with = "crate::timestamp::text")]
        since: Timestamp,
        reason: String,
    },
}

/// Something that keeps the sync engine from its work, and the way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SyncProblem {
    pub what: String,
    pub remedy: String,
    #[serde(with = "crate::timestamp::text")]
    pub since: Timestamp,
}

impl RecordInfo {
    /// Nothing is known yet, for this reason.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self { state: RecordState::Unknown, reason: reason.into(), path: None, commit: None, at: None, by: None }
    }
}
