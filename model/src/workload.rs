//! What runs: containers, pods, ReplicaSets.

use serde::{Deserialize, Serialize};

use crate::health::Health;
use crate::{ContainerName, ResourceName, Timestamp};

/// A container as a workload describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ContainerSummary {
    pub name: ContainerName,
    pub image: String,
    /// Kubernetes quantities as written, such as `250m` or `64Mi`; `None` where unset.
    pub cpu_request: Option<String>,
    pub cpu_limit: Option<String>,
    pub memory_request: Option<String>,
    pub memory_limit: Option<String>,
    /// Container ports, with their name where they have one.
    pub ports: Vec<ContainerPort>,
    pub env: Vec<EnvVar>,
}

/// One port of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ContainerPort {
    pub name: Option<String>,
    pub port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
}

/// One environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnvVar {
    pub name: String,
    pub value: EnvValue,
}

/// Where a variable's value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum EnvValue {
    Plain(String),
    /// In words: `secret db, key password`.
    From(String),
}

/// One pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PodSummary {
    pub name: ResourceName,
    pub uid: String,
    pub health: Health,
    /// The phase, or what holds it up: `Running`, `ImagePullBackOff`.
    pub status: String,
    pub ready_containers: u32,
    pub containers: u32,
    pub restarts: u32,
    pub node: Option<String>,
    #[serde(default, with = "crate::timestamp::optional")]
    pub created_at: Option<Timestamp>,
    pub owner: Option<String>,
}

/// One ReplicaSet of a Deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReplicaSetSummary {
    pub name: ResourceName,
    /// The rollout it belongs to, from 1.
    pub revision: u64,
    pub images: Vec<String>,
    pub desired: u32,
    pub ready: u32,
    /// The one that the Deployment's template asks for.
    pub current: bool,
    #[serde(default, with = "crate::timestamp::optional")]
    pub created_at: Option<Timestamp>,
}
