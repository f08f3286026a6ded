//! Deployments: what a list and a page show of one, and what may be asked of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::diff::Diff;
use crate::health::Health;
use crate::sync::RecordInfo;
use crate::workload::{ContainerPort, ContainerSummary, PodSummary, ReplicaSetSummary};
use crate::{ContainerName, Namespace, PageRequest, ResourceName, Timestamp};

/// Names a Deployment in the one cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeploymentRef {
    pub namespace: Namespace,
    pub name: ResourceName,
}

/// One row of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeploymentSummary {
    pub target: DeploymentRef,
    pub uid: String,
    pub health: Health,
    pub desired: u32,
    pub ready: u32,
    /// One per container, in order.
    pub images: Vec<String>,
    pub paused: bool,
    #[serde(default, with = "crate::timestamp::optional")]
    pub created_at: Option<Timestamp>,
    /// The newest change of its specification, and by whom, where known.
    #[serde(default, with = "crate::timestamp::optional")]
    pub changed_at: Option<Timestamp>,
    pub changed_by: Option<String>,
    pub record: RecordInfo,
}

/// What the list shows; everything lives in the address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeploymentQuery {
    pub namespace: Option<Namespace>,
    /// Words that must all be in name, namespace, image or health.
    pub filter: String,
    pub sort: DeploymentSort,
    pub descending: bool,
    pub page: PageRequest,
}

/// The columns one can sort by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum DeploymentSort {
    #[default]
    Name,
    Namespace,
    Health,
    Ready,
    Image,
    Changed,
}

/// Everything the overview shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeploymentDetail {
    pub summary: DeploymentSummary,
    /// Whoever reads this may also change it.
    pub may_change: bool,
    pub resource_version: String,
    /// The template's revision, from 1.
    pub revision: u64,
    pub updated: u32,
    pub available: u32,
    pub strategy: String,
    pub labels: BTreeMap<String, String>,
    pub selector: BTreeMap<String, String>,
    pub containers: Vec<ContainerSummary>,
    /// Newest revision first.
    pub replica_sets: Vec<ReplicaSetSummary>,
    pub pods: Vec<PodSummary>,
    pub conditions: Vec<Condition>,
    /// Names of Services whose selector finds its pods.
    pub services: Vec<String>,
}

/// One condition of the status, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Condition {
    pub name: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    pub reason: String,
    pub message: String,
    #[serde(default, with = "crate::timestamp::optional")]
    pub changed_at: Option<Timestamp>,
}

/// A new Deployment with the common fields, all as typed; the engine checks them and names the field that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct DeploymentForm {
    pub namespace: String,
    pub name: String,
    pub image: String,
    pub replicas: String,
    /// `NAME=value`, one per line.
    pub env: String,
    /// `8080`, `http=8080`, `dns=53/UDP`, one per line.
    pub ports: String,
    pub cpu_request: String,
    pub cpu_limit: String,
    pub memory_request: String,
    pub memory_limit: String,
    /// `key=value`, one per line.
    pub labels: String,
    /// The container that image, env, ports and resources belong to; empty for the first (or only) one.
    pub container: String,
    pub paused: bool,
    /// The manifest that the fields stand on, as YAML: what they do not show stays. Empty for none.
    pub base: String,
}

/// Changes to an existing Deployment; what is `None` stays. The body of `PATCH`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct DeploymentEdit {
    /// The container meant by image, env, resources and ports; the only one when `None`.
    pub container: Option<ContainerName>,
    pub image: Option<String>,
    pub replicas: Option<u32>,
    /// Variables to set; `None` as a value removes one. Others stay.
    pub env: Option<BTreeMap<String, Option<String>>>,
    pub resources: Option<Resources>,
    /// Replaces the container's ports.
    pub ports: Option<Vec<ContainerPort>>,
    /// Labels of the Deployment itself to set; `None` as a value removes one.
    pub labels: Option<BTreeMap<String, Option<String>>>,
    pub paused: Option<bool>,
}

/// Requests and limits as Kubernetes quantities; `""` removes one, `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Resources {
    pub cpu_request: Option<String>,
    pub cpu_limit: Option<String>,
    pub memory_request: Option<String>,
    pub memory_limit: Option<String>,
}

/// Something that is previewed first and applied then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeploymentChange {
    Create(DeploymentForm),
    /// A new Deployment from one YAML document.
    CreateYaml(String),
    /// The whole form again, for an existing Deployment.
    EditForm(DeploymentRef, DeploymentForm),
    Edit(DeploymentRef, DeploymentEdit),
    /// The whole manifest of an existing Deployment.
    EditYaml(DeploymentRef, String),
    Undo(DeploymentRef, Undo),
    Delete(DeploymentRef),
}

/// Back to an earlier rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Undo {
    /// The revision to go back to; `None` for the one before the current.
    pub revision: Option<u64>,
}

/// How a write is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct WriteOptions {
    /// Goes into the audit and the commit; may be empty; at most 500 characters.
    pub reason: String,
    /// The version the change was made against: another live one is a conflict.
    pub resource_version: Option<String>,
    /// Takes over fields that other managers own.
    pub take_over: bool,
}

/// What a write would do, from a server-side dry run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Preview {
    pub target: DeploymentRef,
    /// Of the live manifest and the one the server would store, masked.
    pub diff: Diff,
    pub commit_subject: String,
    /// Subject, body and trailers of the commit, as far as they are known before the write.
    pub commit_message: String,
    /// What the API server warned of.
    pub warnings: Vec<String>,
    /// Fields that other managers own and that this write would change.
    pub conflicts: Vec<FieldConflict>,
    /// To be handed in with the write; `None` for a new Deployment.
    pub resource_version: Option<String>,
    /// Set when the draft was made against an older version than the live one: what the others changed since.
    pub changed_meanwhile: Option<Diff>,
}

/// Fields of another field manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FieldConflict {
    pub manager: String,
    pub fields: Vec<String>,
}

/// What a person has typed and not yet applied; kept by the server so that nothing typed is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Draft {
    pub id: String,
    pub change: DeploymentChange,
    /// The live version when the draft was begun.
    pub resource_version: Option<String>,
    #[serde(with = "crate::timestamp::text")]
    pub saved_at: Timestamp,
}

/// A write that Kubernetes took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Applied {
    /// Names the operation in audit, commit and history.
    pub operation: String,
    pub target: DeploymentRef,
    pub resource_version: Option<String>,
    /// In words, for the undo bar: `Scaled shop/api from 3 to 5`.
    pub summary: String,
    /// What takes it back, when something does.
    pub undo: Option<UndoAction>,
}

/// The operation that takes a quick write back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UndoAction {
    Scale { replicas: u32 },
    Pause,
    Resume,
    Rollback { revision: u64 },
}

impl DeploymentRef {
    /// Names a Deployment.
    pub fn new(namespace: Namespace, name: ResourceName) -> Self {
        Self { namespace, name }
    }
}

impl std::fmt::Display for DeploymentRef {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}

impl DeploymentSort {
    /// All columns, as the page shows them.
    pub const ALL: [Self; 6] = [Self::Name, Self::Namespace, Self::Health, Self::Ready, Self::Image, Self::Changed];

    /// Returns the column's name in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Namespace => "namespace",
            Self::Health => "health",
            Self::Ready => "ready",
            Self::Image => "image",
            Self::Changed => "changed",
        }
    }

    /// Reads a column's name, and takes the first column for anything else.
    pub fn from_address(text: &str) -> Self {
        Self::ALL.into_iter().find(|sort| sort.as_str() == text).unwrap_or_default()
    }
}
