//! What the inventory keeps of an object: the fields that pages show, and no more.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{Pod, Service};
use model::deployment::DeploymentRef;
use model::workload::PodSummary;
use model::{Kind, Namespace, ResourceRef, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::owned_rows::Row;

/// The kinds that pages show.
pub(super) enum Known {
    Deployment,
    ReplicaSet,
    Pod,
    Service,
    Other,
}

pub(super) fn known(kind: &Kind) -> Known {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("apps", "Deployment") => Known::Deployment,
        ("apps", "ReplicaSet") => Known::ReplicaSet,
        ("", "Pod") => Known::Pod,
        ("", "Service") => Known::Service,
        _ => Known::Other,
    }
}

/// An object as it is kept.
pub(super) enum Decoded {
    Namespace(Namespace),
    Deployment(Box<DeploymentRow>),
    ReplicaSet(ReplicaSetRow),
    Pod(PodRow),
    /// `None` for one that selects no pods.
    Service(Option<ServiceRow>),
    /// Nothing of it is kept.
    Nothing,
}

/// A Deployment without its managed fields.
#[derive(Debug)]
pub(crate) struct DeploymentRow {
    pub(crate) target: DeploymentRef,
    pub(crate) deployment: Deployment,
    /// The newest change that was not one of its status, and by which field manager.
    pub(crate) changed_at: Option<Timestamp>,
    pub(crate) changed_by: Option<String>,
    /// Why it is no person's and has no record.
    pub(crate) left_out: Option<&'static str>,
}

/// A ReplicaSet that a Deployment owns.
#[derive(Debug)]
pub(crate) struct ReplicaSetRow {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) owner_uid: String,
    pub(crate) revision: u64,
    pub(crate) images: Vec<String>,
    pub(crate) desired: u32,
    pub(crate) ready: u32,
    pub(crate) created_at: Option<Timestamp>,
}

/// A pod and the object that controls it.
#[derive(Debug)]
pub(crate) struct PodRow {
    pub(crate) owner_uid: String,
    pub(crate) summary: PodSummary,
}

/// A Service that selects pods.
#[derive(Debug)]
pub(crate) struct ServiceRow {
    pub(crate) name: String,
    pub(crate) selector: BTreeMap<String, String>,
}

impl Decoded {
    pub(super) fn of(resource: &ResourceRef, object: &Value, left_out: Option<&'static str>) -> Self {
        let decoded = match known(&resource.kind) {
            Known::Deployment => resource.namespace.clone().and_then(|namespace| {
                let target = DeploymentRef::new(namespace, resource.name.clone());
                let row = deployment_row(target, object)?;
                Some(Self::Deployment(Box::new(DeploymentRow { left_out, ..row })))
            }),
            Known::ReplicaSet => read(object).and_then(replica_set_row).map(Self::ReplicaSet),
            Known::Pod => read(object).and_then(|pod: Pod| pod_row(&pod)).map(Self::Pod),
            Known::Service => read(object).map(|service| Self::Service(service_row(service))),
            Known::Other if resource.kind == Kind::new("", "Namespace") => {
                resource.name.as_str().parse().ok().map(Self::Namespace)
            }
            Known::Other => None,
        };
        decoded.unwrap_or(Self::Nothing)
    }
}

impl DeploymentRow {
    pub(super) fn uid(&self) -> Option<&str> {
        self.deployment.metadata.uid.as_deref()
    }
}

impl Row for ReplicaSetRow {
    fn uid(&self) -> &str {
        &self.uid
    }

    fn owner_uid(&self) -> &str {
        &self.owner_uid
    }
}

impl Row for PodRow {
    fn uid(&self) -> &str {
        &self.summary.uid
    }

    fn owner_uid(&self) -> &str {
        &self.owner_uid
    }
}

fn read<T: DeserializeOwned>(object: &Value) -> Option<T> {
    T::deserialize(object).inspect_err(|error| tracing::warn!(%error, "an object cannot be read")).ok()
}

fn deployment_row(target: DeploymentRef, object: &Value) -> Option<DeploymentRow> {
    let mut deployment: Deployment = read(object)?;
    let managers = deployment.metadata.managed_fields.take().unwrap_or_default();
    let newest = managers
        .into_iter()
        .filter(|entry| entry.subresource.as_deref() != Some("status"))
        .filter(|entry| entry.manager.as_deref() != Some("kube-controller-manager"))
        .max_by_key(|entry| entry.time.as_ref().map(|time| time.0));
    if let Some(annotations) = &mut deployment.metadata.annotations {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    let changed_at = newest.as_ref().and_then(|entry| entry.time.as_ref()).map(|time| time.0);
    let changed_by = newest.and_then(|entry| entry.manager);
    Some(DeploymentRow { target, deployment, changed_at, changed_by, left_out: None })
}

fn replica_set_row(object: ReplicaSet) -> Option<ReplicaSetRow> {
    let metadata = object.metadata;
    let owner = metadata.owner_references?.into_iter().find(|owner| owner.controller == Some(true))?;
    let revision = metadata.annotations.as_ref().and_then(|all| all.get("deployment.kubernetes.io/revision"));
    let revision = revision.and_then(|text| text.parse().ok()).unwrap_or(0);
    let spec = object.spec?;
    let images = spec.template.and_then(|template| template.spec).map(|pod| pod.containers).unwrap_or_default();
    let count = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    Some(ReplicaSetRow {
        name: metadata.name?,
        uid: metadata.uid?,
        owner_uid: owner.uid,
        revision,
        images: images.into_iter().filter_map(|container| container.image).collect(),
        desired: count(spec.replicas),
        ready: count(object.status.and_then(|status| status.ready_replicas)),
        created_at: metadata.creation_timestamp.map(|time| time.0),
    })
}

fn pod_row(pod: &Pod) -> Option<PodRow> {
    let owners = pod.metadata.owner_references.as_ref()?;
    let owner = owners.iter().find(|owner| owner.controller == Some(true))?;
    Some(PodRow { owner_uid: owner.uid.clone(), summary: crate::health::summarize_pod(pod)? })
}

fn service_row(object: Service) -> Option<ServiceRow> {
    Some(ServiceRow {
        name: object.metadata.name?,
        selector: object.spec?.selector.filter(|selector| !selector.is_empty())?,
    })
}
