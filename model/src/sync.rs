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
    /// A rule says that it has no record of its own, or none any more.
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
    /// Why the resource could not be restored whole from its record, if so: which values are not in it.
    pub incomplete: Option<String>,
    /// Which fields rules leave out of the record, in words.
    #[serde(default)]
    pub left_out: Option<String>,
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
    /// Records whose resources are gone wait for a person's word.
    Held {
        deletions: u32,
    },
    /// Records that cannot be written, since something else is in their place.
    Blocked {
        records: u32,
    },
    Waiting {
        changes: u32,
    },
    /// Records that somebody else's commits changed, and the cluster does not follow.
    Drifted {
        records: u32,
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
    /// What these changes wait for, each reason once.
    pub waiting_for: Vec<WaitingChanges>,
    /// From the API server's event to the commit, of the newest change.
    pub lag_milliseconds: Option<u32>,
    pub problems: Vec<SyncProblem>,
    /// `None` when the API server's audit events are not asked for.
    #[serde(default)]
    pub audit: Option<AuditStatus>,
    /// Records whose resources are gone, when there are too many of them to delete without a person's word.
    pub held_deletions: Vec<HeldRecords>,
    /// How it went lately.
    pub plots: Vec<Plot>,
    /// What is taken for a credential, and left out of records.
    pub mask_rules: Vec<MaskRule>,
    /// Files of people's that Denshimon does not change, though they may describe resources.
    pub left_alone: Vec<LeftAloneFile>,
}

/// A rule by which values that look like credentials stay out of records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MaskRule {
    pub name: String,
    /// What it finds, in words.
    pub finds: String,
    pub on: bool,
    /// Values that it keeps out of records now.
    pub values: u32,
}

/// A file in the repository that is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LeftAloneFile {
    pub path: String,
    /// In words, with the line where there is one.
    pub reason: String,
    /// A person should put it right; otherwise it is as it should be.
    pub wrong: bool,
}

/// Changes that wait for the same thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WaitingChanges {
    pub reason: WaitReason,
    pub changes: u32,
    /// Some of the records that they are about, by path, as far as the reader may see them.
    pub paths: Vec<String>,
}

/// What a change waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// The API server's answer to a write on the same resource, or its audit event, which says whose change it is.
    Answer,
    /// A pause of whoever makes the changes, so that one thing done is one commit.
    Silence,
    /// The first list of each kind: what is found is one commit.
    Lists,
    /// Its turn, behind the commit under way or one that fails.
    Turn,
}

/// Records of one kind whose deletion waits for a person's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HeldRecords {
    pub kind: String,
    pub records: u32,
    /// The first of them, by path.
    pub paths: Vec<String>,
}

/// A figure over time, ready to be drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Plot {
    pub figure: Figure,
    /// How many values there are; slots in which nothing happened have none.
    pub count: u32,
    pub newest: Option<u32>,
    pub median: Option<u32>,
    pub highest: Option<u32>,
    /// An SVG path through the values, the newest at the right, in a box of 720 x 96; empty without any.
    pub line: String,
}

/// What a plot shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Changes that waited, at most, in each ten seconds of the last hour.
    Queue,
    /// Milliseconds from a watch's event to the commit, at most, in each ten seconds of the last hour.
    Lag,
    /// Milliseconds that each of the last 100 commits took; what is ready together is written together.
    Commit,
    /// Milliseconds that each of the last 100 pushes took.
    Push,
}

/// How the API server's audit events arrive, which name the cluster's users.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AuditStatus {
    /// Since the start.
    pub events: u64,
    /// Changes whose user they named.
    pub named: u64,
    #[serde(default, with = "crate::timestamp::optional")]
    pub last_event: Option<Timestamp>,
    /// Why none can be read.
    pub trouble: Option<String>,
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
    /// What a person may decide about a remote whose history is not the one that was pushed; empty when all is well.
    #[serde(default)]
    pub choices: Vec<RemoteChoice>,
}

/// What to do about a remote whose history is not the one that was pushed. None of it overwrites anything there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RemoteChoice {
    /// Make Denshimon's commits that the remote lacks again on top of what it holds now.
    BuildOn,
    /// Push all of the history into the branch that is gone.
    PushAgain,
    /// Commit here and push nothing until somebody chooses Retry.
    KeepHere,
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
    /// Files in the repository that describe resources of this kind.
    pub records: u32,
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

/// What Denshimon can do about a problem when it is told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WayOut {
    /// Try again at once.
    Retry,
    /// Record the cluster's state over what others have committed.
    RecordAgain,
}

/// Something that keeps the sync engine from its work, and the way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SyncProblem {
    pub what: String,
    pub remedy: String,
    /// What a person may have Denshimon do about it.
    pub way_out: Option<WayOut>,
    #[serde(with = "crate::timestamp::text")]
    pub since: Timestamp,
}

impl RecordInfo {
    /// Nothing is known yet, for this reason.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self {
            state: RecordState::Unknown,
            reason: reason.into(),
            path: None,
            commit: None,
            at: None,
            by: None,
            incomplete: None,
            left_out: None,
        }
    }
}
