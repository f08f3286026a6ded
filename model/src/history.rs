//! The one timeline: operation, observed change, commit and outcome.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::diff::Diff;
use crate::git::CommitId;
use crate::health::Health;
use crate::{ResourceRef, Timestamp, Username};

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    User(Username),
    /// An API token and the user it belongs to.
    Token {
        name: String,
        owner: Username,
    },
    /// A field manager that is not Denshimon, such as `kubectl-edit`.
    Manager(String),
    /// A user of the cluster, by the name that the API server authenticated; no account of Denshimon's.
    ClusterUser(String),
    /// Nobody can tell; never a guess.
    Unresolved,
    /// Denshimon itself: the first snapshot, a sweep.
    Denshimon,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    Create,
    Edit,
    Scale,
    Restart,
    Pause,
    Resume,
    Undo,
    Delete,
    /// Seen in the cluster, not done through Denshimon.
    Observe,
}

/// How far an operation got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// Handed to Kubernetes, no answer yet.
    Started,
    /// Kubernetes took it.
    Applied,
    /// Kubernetes refused it, with the reason for people.
    Refused(String),
    /// Denshimon ended in between and the cluster shows no trace of it.
    Interrupted,
}

/// One row of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HistoryEntry {
    pub id: String,
    #[serde(with = "crate::timestamp::text")]
    pub at: Timestamp,
    pub actor: Actor,
    pub verb: Verb,
    pub resource: ResourceRef,
    /// In plain words: `Scale shop/api to 5`.
    pub summary: String,
    /// As the person gave it; may be empty.
    pub reason: String,
    /// `None` for a change that did not come through Denshimon.
    pub operation: Option<OperationState>,
    /// What the change did to the record.
    pub recorded: Recorded,
    /// How the rollout ended, for what starts one.
    pub outcome: Option<Outcome>,
}

/// A row with what its commit says, for those who ask for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HistoryRow {
    #[serde(flatten)]
    pub entry: HistoryEntry,
    /// `None` where it was not asked for, where there is none, and where the branch does not have it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<RowCommit>,
}

/// A commit, as far as it is about the resource of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RowCommit {
    /// The author's name, who is the actor.
    pub author: String,
    /// Subject, body and trailers.
    pub message: String,
    /// What it did to the resource's record, masked; `None` where that is not among the first 100 files it touches.
    pub diff: Option<Diff>,
}

/// What a change did to the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
    Commit {
        id: CommitId,
        /// Whether the remote has it; `None` where nobody knows, since the repository cannot be read.
        pushed: Option<bool>,
    },
    /// Not yet committed.
    Waiting,
    /// The record says the same before and after, as with a restart.
    Unchanged,
    /// It never reached the cluster.
    Never,
}

/// How a rollout ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Outcome {
    pub health: Health,
    #[serde(with = "crate::timestamp::text")]
    pub at: Timestamp,
    /// From the operation's start.
    pub seconds: u32,
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => formatter.write_str(name.as_str()),
            Self::Token { name, owner } => write!(formatter, "{owner} (token {name})"),
            Self::Manager(name) | Self::ClusterUser(name) => formatter.write_str(name),
            Self::Unresolved => formatter.write_str("unresolved"),
            Self::Denshimon => formatter.write_str("denshimon"),
        }
    }
}
