//! One resource's record, as its own page shows it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::git::CommitSummary;
use crate::sync::RecordInfo;
use crate::{ClusterName, InvalidName, Kind, Namespace, ResourceName, ResourceRef};

/// Stands for the namespace of what is in none; no namespace can have this name.
const CLUSTER: &str = "_cluster";

/// Names any resource in the one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RecordRef {
    pub kind: Kind,
    /// `None` for a cluster-scoped resource.
    pub namespace: Option<Namespace>,
    pub name: ResourceName,
}

/// All that is told of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RecordDetail {
    pub resource: ResourceRef,
    pub record: RecordInfo,
    /// What the branch's head says of the resource, without values that are nobody's business; `None` when it says
    /// nothing, or nothing that can be shown.
    pub text: Option<String>,
    /// The newest that touch the file, newest first.
    pub commits: Vec<CommitSummary>,
}

impl RecordRef {
    /// Reads the parts of an address: `ConfigMap`, `shop`, `settings`.
    ///
    /// # Errors
    /// Says which rule a part breaks.
    pub fn parse(kind: &str, namespace: &str, name: &str) -> Result<Self, InvalidName> {
        let namespace = if namespace == CLUSTER { None } else { Some(namespace.parse()?) };
        Ok(Self { kind: kind.parse()?, namespace, name: name.parse()? })
    }

    /// Returns what stands for the namespace in an address.
    pub fn namespace_in_address(&self) -> &str {
        self.namespace.as_ref().map_or(CLUSTER, Namespace::as_str)
    }

    /// Names the resource for good.
    pub fn within(&self, cluster: &ClusterName) -> ResourceRef {
        let Self { kind, namespace, name } = self.clone();
        ResourceRef { cluster: cluster.clone(), kind, namespace, name }
    }
}

impl From<ResourceRef> for RecordRef {
    fn from(resource: ResourceRef) -> Self {
        let ResourceRef { cluster: _, kind, namespace, name } = resource;
        Self { kind, namespace, name }
    }
}

/// `ConfigMap shop/settings`.
impl fmt::Display for RecordRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.qualified();
        match &self.namespace {
            Some(namespace) => write!(formatter, "{kind} {namespace}/{}", self.name),
            None => write!(formatter, "{kind} {}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_resource_in_a_namespace_or_in_none() {
        for (parts, expect) in [
            (["ConfigMap", "shop", "settings"], Some("ConfigMap shop/settings")),
            (["Certificate.cert-manager.io", "shop", "a"], Some("Certificate.cert-manager.io shop/a")),
            (
                ["ClusterRole.rbac.authorization.k8s.io", "_cluster", "system:node"],
                Some("ClusterRole.rbac.authorization.k8s.io system:node"),
            ),
            (["configmap", "shop", "settings"], None),
            (["ConfigMap", "Shop", "settings"], None),
            (["ConfigMap", "shop", ".."], None),
        ] {
            let target = RecordRef::parse(parts[0], parts[1], parts[2]).ok();
            assert_eq!(target.as_ref().map(ToString::to_string).as_deref(), expect);
            assert!(target.is_none_or(|target| target.namespace_in_address() == parts[1]));
        }
    }
}
