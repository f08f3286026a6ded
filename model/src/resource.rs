//! How one object in one cluster is named.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ClusterName, InvalidName, Namespace, ResourceName};

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

    /// Returns `Lease.coordination.k8s.io`, or `Node` for the core API: a name that no other kind has.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.kind.clone() } else { format!("{}.{}", self.kind, self.group) }
    }

    /// Returns the kind of Deployments.
    pub fn deployment() -> Self {
        Self::new("apps", "Deployment")
    }
}

/// Reads what [`Kind::qualified`] writes.
impl std::str::FromStr for Kind {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let (kind, group) = text.split_once('.').unwrap_or((text, ""));
        let is_kind =
            kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.bytes().all(|b| b.is_ascii_alphanumeric());
        let is_group = group.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'));
        if is_kind && is_group && !group.starts_with('.') && !text.ends_with('.') && text.len() <= 320 {
            Ok(Self::new(group, kind))
        } else {
            Err(InvalidName("A kind is named with its group, such as Lease.coordination.k8s.io, or Node.".into()))
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_as_it_is_written() {
        for kind in [Kind::new("", "Node"), Kind::new("coordination.k8s.io", "Lease"), Kind::deployment()] {
            assert_eq!(kind.qualified().parse(), Ok(kind));
        }
        for bad in ["", "lease", ".k8s.io", "Lease.", "Lease..io", "Le ase", "Lease.K8s", "L/e"] {
            assert!(bad.parse::<Kind>().is_err(), "{bad}");
        }
    }
}
