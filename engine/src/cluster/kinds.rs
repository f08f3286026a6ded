//! The kinds that are followed from the start, and the one that tells of others.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::core::{ApiResource, Resource};
use model::Kind;

/// A kind and what its watch is for.
#[derive(Clone, Debug)]
pub(super) struct FollowedKind {
    pub(super) kind: Kind,
    pub(super) resource: ApiResource,
    /// Its resources become records; otherwise they only serve the pages.
    pub(super) recorded: bool,
}

/// The kinds of Kubernetes itself.
pub(super) fn built_in() -> Vec<FollowedKind> {
    vec![
        recorded::<CustomResourceDefinition>(),
        recorded::<Namespace>(),
        recorded::<Deployment>(),
        recorded::<StatefulSet>(),
        recorded::<DaemonSet>(),
        recorded::<CronJob>(),
        recorded::<Job>(),
        recorded::<Service>(),
        recorded::<Ingress>(),
        recorded::<ConfigMap>(),
        recorded::<Secret>(),
        recorded::<ServiceAccount>(),
        recorded::<Role>(),
        recorded::<RoleBinding>(),
        recorded::<PersistentVolumeClaim>(),
        recorded::<HorizontalPodAutoscaler>(),
        recorded::<NetworkPolicy>(),
        FollowedKind { recorded: false, ..recorded::<ReplicaSet>() },
        FollowedKind { recorded: false, ..recorded::<Pod>() },
    ]
}

/// The kind that a definition makes, in the version that the server stores, or in another that it serves.
pub(super) fn defined(definition: &CustomResourceDefinition) -> Option<FollowedKind> {
    let spec = &definition.spec;
    let established = definition.status.as_ref()?.conditions.as_ref()?.iter();
    let established = established.into_iter().any(|one| one.type_ == "Established" && one.status == "True");
    let served = || spec.versions.iter().filter(|version| version.served);
    let version = served().find(|version| version.storage).or_else(|| served().next())?;
    let resource = ApiResource {
        group: spec.group.clone(),
        version: version.name.clone(),
        api_version: format!("{}/{}", spec.group, version.name),
        kind: spec.names.kind.clone(),
        plural: spec.names.plural.clone(),
    };
    let kind = Kind::new(&spec.group, &spec.names.kind);
    established.then_some(FollowedKind { kind, resource, recorded: true })
}

fn recorded<K: Resource<DynamicType = ()>>() -> FollowedKind {
    let kind = Kind::new(K::group(&()), K::kind(&()));
    FollowedKind { kind, resource: ApiResource::erase::<K>(&()), recorded: true }
}
