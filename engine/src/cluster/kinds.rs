//! Which kinds are followed, in which version, and which of them have no records.

use std::collections::{BTreeMap, HashMap};

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::autoscaling::{v1, v2};
use k8s_openapi::api::core::v1::{Namespace, Pod, Service};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::core::{ApiResource, Resource};
use model::Kind;
use serde_json::Value;

use crate::ignoring::autoscalers;

/// A kind and what its watch is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FollowedKind {
    pub(super) kind: Kind,
    pub(super) resource: ApiResource,
    /// Its resources become records; otherwise they only serve the pages.
    pub(super) recorded: bool,
}

/// What people have decided about kinds, over what is usual.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KindRules(BTreeMap<Kind, bool>);

/// Kinds that say what is the case, not what somebody wants: each with the reason why it has no records.
const USUALLY_LEFT_OUT: [(&str, &str, &str); 18] = [
    ("", "Event", EVENT),
    ("events.k8s.io", "Event", EVENT),
    ("", "Endpoints", ENDPOINTS),
    ("discovery.k8s.io", "EndpointSlice", ENDPOINTS),
    ("", "Node", "A node announces itself and is no one's wish."),
    ("storage.k8s.io", "CSINode", "A node's drivers announce themselves."),
    ("storage.k8s.io", "CSIStorageCapacity", "A storage driver reports it."),
    ("storage.k8s.io", "VolumeAttachment", "Kubernetes attaches volumes by itself."),
    ("resource.k8s.io", "ResourceSlice", "A device driver reports it."),
    ("coordination.k8s.io", "Lease", LEASE),
    ("coordination.k8s.io", "LeaseCandidate", LEASE),
    ("apps", "ControllerRevision", "A controller keeps its history in it."),
    ("networking.k8s.io", "IPAddress", "Kubernetes allocates it to a Service."),
    ("certificates.k8s.io", "CertificateSigningRequest", "A request that is answered once and expires."),
    ("internal.apiserver.k8s.io", "StorageVersion", API_SERVER),
    ("storagemigration.k8s.io", "StorageVersionMigration", API_SERVER),
    ("apiserver.k8s.io", "StorageVersion", API_SERVER),
    ("metrics.k8s.io", "PodMetrics", "A measurement."),
];
const EVENT: &str = "Events tell what happened and expire after an hour.";
const ENDPOINTS: &str = "Kubernetes makes nearly all of them from Services and pods; switched on, only those that people wrote are recorded.";
const LEASE: &str = "Elections and heartbeats renew it every few seconds.";
const API_SERVER: &str = "The API server keeps its own state in it.";
const DECIDED: &str = "Left out by a decision of yours.";

impl KindRules {
    /// Takes decisions: `true` for a kind that is recorded.
    pub fn new(decisions: impl IntoIterator<Item = (Kind, bool)>) -> Self {
        Self(decisions.into_iter().collect())
    }

    /// Adds decisions that count more.
    #[must_use]
    pub fn with(mut self, decisions: impl IntoIterator<Item = (Kind, bool)>) -> Self {
        self.0.extend(decisions);
        self
    }

    /// Says why a kind has no records; `None` when it has.
    pub(super) fn left_out(&self, kind: &Kind) -> Option<&'static str> {
        let usual = USUALLY_LEFT_OUT
            .iter()
            .find(|(group, name, _)| *group == kind.group && *name == kind.kind)
            .map(|row| row.2);
        match self.0.get(kind) {
            Some(true) => None,
            Some(false) => Some(usual.unwrap_or(DECIDED)),
            None => usual,
        }
    }
}

/// The kinds that pages and rules need and that every cluster serves in this version: they are followed before anything is
/// asked. Autoscalers are served everywhere in two, of which records may be in the older one.
pub(super) fn essential(rules: &KindRules, recorded: &RecordedVersions) -> Vec<FollowedKind> {
    let autoscalers = match recorded.get(&autoscalers()).map(String::as_str) {
        Some("v1") => resource::<v1::HorizontalPodAutoscaler>(),
        _ => resource::<v2::HorizontalPodAutoscaler>(),
    };
    let kinds = [
        autoscalers,
        resource::<CustomResourceDefinition>(),
        resource::<Namespace>(),
        resource::<Deployment>(),
        resource::<ReplicaSet>(),
        resource::<Pod>(),
        resource::<Service>(),
    ];
    kinds.into_iter().map(|(kind, resource)| followed(kind, resource, rules)).collect()
}

/// Reads which kind a definition makes, and in which version its resources are stored.
pub(super) fn stored_version(definition: &Value) -> Option<(Kind, String)> {
    let text = |path: &str| definition.pointer(path).and_then(Value::as_str);
    let versions = definition.pointer("/spec/versions")?.as_array()?;
    let stored = versions.iter().find(|version| version.get("storage") == Some(&Value::Bool(true)))?;
    let kind = Kind::new(text("/spec/group")?, text("/spec/names/kind")?);
    Some((kind, stored.get("name")?.as_str()?.to_owned()))
}

/// Returns the kind that defines others.
pub(crate) fn definitions() -> Kind {
    Kind::new("apiextensions.k8s.io", "CustomResourceDefinition")
}

/// Tells whether a change of such a resource may change which kinds there are.
pub(crate) fn makes_kinds(kind: &Kind) -> bool {
    *kind == definitions() || *kind == Kind::new("apiregistration.k8s.io", "APIService")
}

/// Makes a kind one to be followed.
pub(super) fn followed(kind: Kind, resource: ApiResource, rules: &KindRules) -> FollowedKind {
    let recorded = rules.left_out(&kind).is_none();
    FollowedKind { kind, resource, recorded }
}

/// Chooses a version: the one that is followed, else the one that records are in, so that a server that changes its
/// mind changes no record; else the one that resources are stored in, since reading in another may fill in that one's
/// defaults; else the server's favourite.
pub(super) fn choose(
    versions: &[ApiResource],
    current: Option<&ApiResource>,
    recorded: Option<&str>,
    stored: Option<&str>,
) -> Option<ApiResource> {
    let of = |version: &str| versions.iter().find(|known| known.version == version);
    current
        .and_then(|current| of(&current.version))
        .or(recorded.and_then(of))
        .or(stored.and_then(of))
        .or(versions.first())
        .cloned()
}

/// The version that each kind's records are in.
pub(crate) type RecordedVersions = HashMap<Kind, String>;

fn resource<K: Resource<DynamicType = ()>>() -> (Kind, ApiResource) {
    (Kind::new(K::group(&()), K::kind(&())), ApiResource::erase::<K>(&()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_wish_is_left_out_until_somebody_decides() {
        let lease = Kind::new("coordination.k8s.io", "Lease");
        let job = Kind::new("batch", "Job");
        let usual = KindRules::default();
        assert_eq!(usual.left_out(&lease), Some(LEASE));
        assert_eq!(usual.left_out(&job), None);
        let decided = KindRules::new([(lease.clone(), true), (job.clone(), false)]);
        assert_eq!(decided.left_out(&lease), None);
        assert_eq!(decided.left_out(&job), Some(DECIDED));
    }

    #[test]
    fn autoscalers_are_followed_in_the_version_that_their_records_are_in() {
        let check = |recorded: Option<&str>, expect: &str| {
            let recorded = recorded.map(|version| (autoscalers(), version.to_owned())).into_iter().collect();
            let followed = essential(&KindRules::default(), &recorded);
            let own = followed.iter().find(|followed| followed.kind == autoscalers()).unwrap();
            assert_eq!(own.resource.api_version, expect);
        };
        check(None, "autoscaling/v2");
        check(Some("v1"), "autoscaling/v1");
        check(Some("v2beta2"), "autoscaling/v2");
    }

    #[test]
    fn the_version_stays_when_the_server_prefers_another() {
        let version = |name: &str| ApiResource { version: name.into(), ..ApiResource::erase::<Pod>(&()) };
        let served = [version("v2"), version("v1")];
        let check = |current: Option<&str>, recorded: Option<&str>, expect: &str| {
            let current = current.map(version);
            let chosen = choose(&served, current.as_ref(), recorded, None).unwrap();
            assert_eq!(chosen.version, expect);
        };
        check(None, None, "v2");
        check(None, Some("v1"), "v1");
        check(Some("v1"), Some("v2"), "v1");
        check(Some("v1beta1"), None, "v2");
        check(None, Some("v1beta1"), "v2");
        assert_eq!(choose(&served, None, None, Some("v1")).unwrap().version, "v1");
        assert_eq!(choose(&[], None, None, None), None);
    }
}
