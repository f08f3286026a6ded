//! How one object in one cluster is named.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ClusterName, Namespace, ResourceName};

/// A resource's kind and its API group; the group is empty for the core API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Kind {
    pub group: String,
    pub kind: String,
}

/// Names one resource for good: it stays the same when the API server prefers another version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ResourceRef {
    pub cluster: ClusterName,
    pub kind: Kind,
    /// `None` for a cluster-scoped resource.
    pub namespace: Option<Namespace>,
    pub name: ResourceName,
}

impl Kind {
    /// Names a kind by group (`""` for the core API) and kind (`Deployment`).
    pub fn new(group: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { group: group.into(), kind: kind.into() }
    }

    /// Returns the kind of Deployments.
    pub fn deployment() -> Self {
        Self::new("apps", "Deployment")
    }
}

/// `Deployment`, or `Widget.example.com` for a group that is not Kubernetes' own.
impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.contains('.') && !self.group.ends_with(".k8s.io") {
            write!(formatter, "{}.{}", self.kind, self.group)
        } else {
            formatter.write_str(&self.kind)
        }
    }
}

/// `Deployment shop/api`.
impl fmt::Display for ResourceRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(formatter, "{} {namespace}/{}", self.kind, self.name),
            None => write!(formatter, "{} {}", self.kind, self.name),
        }
    }
}
