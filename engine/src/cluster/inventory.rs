//! What pages read: the watched objects, trimmed to what is shown, always as of the newest event.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{Pod, Service};
use model::deployment::DeploymentRef;
use model::workload::PodSummary;
use model::{Kind, Namespace, ResourceName, ResourceRef, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::changes::Changes;

/// Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Inventory(Arc<RwLock<Rows>>);

#[derive(Default)]
struct Rows {
    namespaces: BTreeMap<Namespace, ()>,
    deployments: BTreeMap<DeploymentRef, Arc<DeploymentRow>>,
    replica_sets: HashMap<(Namespace, ResourceName), Arc<ReplicaSetRow>>,
    pods: HashMap<(Namespace, ResourceName), Arc<PodRow>>,
    services: BTreeMap<(Namespace, ResourceName), Arc<ServiceRow>>,
    /// Kinds whose first list is in.
    complete: HashSet<Kind>,
}

/// A Deployment without its managed fields.
#[derive(Debug)]
pub(crate) struct DeploymentRow {
    pub(crate) deployment: Deployment,
    /// The newest change that was not one of its status, and by which field manager.
    pub(crate) changed_at: Option<Timestamp>,
    pub(crate) changed_by: Option<String>,
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

impl Inventory {
    /// Returns all Deployments by namespace and name.
    pub(crate) fn deployments(&self) -> Vec<Arc<DeploymentRow>> {
        self.read(|rows| rows.deployments.values().cloned().collect())
    }

    pub(crate) fn deployment(&self, target: &DeploymentRef) -> Option<Arc<DeploymentRow>> {
        self.read(|rows| rows.deployments.get(target).cloned())
    }

    /// Returns the ReplicaSets of a Deployment, newest revision first.
    pub(crate) fn replica_sets_of(&self, deployment_uid: &str) -> Vec<Arc<ReplicaSetRow>> {
        self.read(|rows| {
            let mut found: Vec<_> =
                rows.replica_sets.values().filter(|row| row.owner_uid == deployment_uid).cloned().collect();
            found.sort_by_key(|row| std::cmp::Reverse(row.revision));
            found
        })
    }

    /// Returns the pods of all ReplicaSets of a Deployment, by name.
    pub(crate) fn pods_of(&self, deployment_uid: &str) -> Vec<Arc<PodRow>> {
        self.read(|rows| {
            let owners: HashSet<&str> = rows
                .replica_sets
                .values()
                .filter(|row| row.owner_uid == deployment_uid)
                .map(|row| row.uid.as_str())
                .collect();
            let mut found: Vec<_> =
                rows.pods.values().filter(|row| owners.contains(row.owner_uid.as_str())).cloned().collect();
            found.sort_by(|a, b| a.summary.name.cmp(&b.summary.name));
            found
        })
    }

    /// Returns the pods of all Deployments at once, by the Deployment's uid.
    pub(crate) fn pods_by_deployment(&self) -> HashMap<String, Vec<Arc<PodRow>>> {
        self.read(|rows| {
            let owners: HashMap<&str, &str> =
                rows.replica_sets.values().map(|row| (row.uid.as_str(), row.owner_uid.as_str())).collect();
            let mut found: HashMap<String, Vec<Arc<PodRow>>> = HashMap::new();
            for pod in rows.pods.values() {
                if let Some(deployment) = owners.get(pod.owner_uid.as_str()) {
                    found.entry((*deployment).to_owned()).or_default().push(pod.clone());
                }
            }
            found
        })
    }

    pub(crate) fn services_in(&self, namespace: &Namespace) -> Vec<Arc<ServiceRow>> {
        self.read(|rows| {
            let services = rows.services.iter();
            services.filter(|((of, _), _)| of == namespace).map(|(_, row)| row.clone()).collect()
        })
    }

    /// Returns all namespaces by name.
    pub(crate) fn namespaces(&self) -> Vec<Namespace> {
        self.read(|rows| rows.namespaces.keys().cloned().collect())
    }

    /// Tells whether what pages show has been listed once; before, nothing may be said not to be there.
    pub(crate) fn is_complete(&self) -> bool {
        let needed = [
            Kind::new("", "Namespace"),
            Kind::deployment(),
            Kind::new("apps", "ReplicaSet"),
            Kind::new("", "Pod"),
            Kind::new("", "Service"),
        ];
        self.read(|rows| needed.iter().all(|kind| rows.complete.contains(kind)))
    }

    /// Takes an object's newest state.
    pub(super) fn apply(&self, resource: &ResourceRef, object: &Value, changes: &Changes) {
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let (Kind { group, kind }, None) = (&resource.kind, &resource.namespace)
            && group.is_empty()
            && kind == "Namespace"
        {
            if let Ok(namespace) = resource.name.as_str().parse() {
                rows.namespaces.insert(namespace, ());
            }
            return;
        }
        let Some(key) = key(resource) else { return };
        let before = rows.deployment_of(resource);
        match known(&resource.kind) {
            Known::Deployment => {
                if let Some(row) = deployment_row(object) {
                    rows.deployments.insert(DeploymentRef::new(key.0, key.1), Arc::new(row));
                }
            }
            Known::ReplicaSet => {
                if let Some(row) = read(object).and_then(replica_set_row) {
                    rows.replica_sets.insert(key, Arc::new(row));
                }
            }
            Known::Pod => {
                if let Some(row) = read(object).and_then(|pod: Pod| pod_row(&pod)) {
                    rows.pods.insert(key, Arc::new(row));
                }
            }
            Known::Service => {
                if let Some(row) = read(object).and_then(service_row) {
                    rows.services.insert(key, Arc::new(row));
                }
            }
            Known::Other => return,
        }
        if let Some(target) = rows.deployment_of(resource).or(before) {
            changes.announce(target);
        }
    }

    /// Forgets an object.
    pub(super) fn delete(&self, resource: &ResourceRef, changes: &Changes) {
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let target = rows.deployment_of(resource);
        rows.remove(resource);
        if let Some(target) = target {
            changes.announce(target);
        }
    }

    /// Forgets what a complete list of a kind does not hold.
    pub(super) fn retain(&self, kind: &Kind, present: &HashSet<ResourceRef>, changes: &Changes) {
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let present: HashSet<(Option<&Namespace>, &ResourceName)> =
            present.iter().map(|resource| (resource.namespace.as_ref(), &resource.name)).collect();
        let is_there = |namespace: &Namespace, name: &ResourceName| present.contains(&(Some(namespace), name));
        let mut gone = Vec::new();
        match known(kind) {
            Known::Deployment => rows.deployments.retain(|target, _| {
                let stays = is_there(&target.namespace, &target.name);
                if !stays {
                    gone.push(target.clone());
                }
                stays
            }),
            Known::ReplicaSet => rows.replica_sets.retain(|(namespace, name), _| is_there(namespace, name)),
            Known::Pod => rows.pods.retain(|(namespace, name), _| is_there(namespace, name)),
            Known::Service => rows.services.retain(|(namespace, name), _| is_there(namespace, name)),
            Known::Other if *kind == Kind::new("", "Namespace") => {
                let names: HashSet<&str> = present.iter().map(|(_, name)| name.as_str()).collect();
                rows.namespaces.retain(|namespace, ()| names.contains(namespace.as_str()));
            }
            Known::Other => {}
        }
        rows.complete.insert(kind.clone());
        drop(rows);
        for target in gone {
            changes.announce(target);
        }
    }

    fn read<T>(&self, ask: impl FnOnce(&Rows) -> T) -> T {
        ask(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Rows {
    /// Finds the Deployment that an object belongs to.
    fn deployment_of(&self, resource: &ResourceRef) -> Option<DeploymentRef> {
        let key = key(resource)?;
        let uid = match known(&resource.kind) {
            Known::Deployment => return Some(DeploymentRef::new(key.0, key.1)),
            Known::ReplicaSet => self.replica_sets.get(&key)?.owner_uid.clone(),
            Known::Pod => {
                let owner = &self.pods.get(&key)?.owner_uid;
                self.replica_sets.values().find(|row| row.uid == *owner)?.owner_uid.clone()
            }
            Known::Service | Known::Other => return None,
        };
        let owns = |row: &DeploymentRow| row.deployment.metadata.uid.as_deref() == Some(uid.as_str());
        self.deployments.iter().find(|(_, row)| owns(row)).map(|(target, _)| target.clone())
    }

    fn remove(&mut self, resource: &ResourceRef) {
        if resource.kind == Kind::new("", "Namespace") {
            self.namespaces.retain(|namespace, ()| namespace.as_str() != resource.name.as_str());
        }
        let Some(key) = key(resource) else { return };
        match known(&resource.kind) {
            Known::Deployment => drop(self.deployments.remove(&DeploymentRef::new(key.0, key.1))),
            Known::ReplicaSet => drop(self.replica_sets.remove(&key)),
            Known::Pod => drop(self.pods.remove(&key)),
            Known::Service => drop(self.services.remove(&key)),
            Known::Other => {}
        }
    }
}

/// The kinds that pages show.
enum Known {
    Deployment,
    ReplicaSet,
    Pod,
    Service,
    Other,
}

fn known(kind: &Kind) -> Known {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("apps", "Deployment") => Known::Deployment,
        ("apps", "ReplicaSet") => Known::ReplicaSet,
        ("", "Pod") => Known::Pod,
        ("", "Service") => Known::Service,
        _ => Known::Other,
    }
}

fn key(resource: &ResourceRef) -> Option<(Namespace, ResourceName)> {
    Some((resource.namespace.clone()?, resource.name.clone()))
}

fn read<T: DeserializeOwned>(object: &Value) -> Option<T> {
    T::deserialize(object).inspect_err(|error| tracing::warn!(%error, "an object cannot be read")).ok()
}

fn deployment_row(object: &Value) -> Option<DeploymentRow> {
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
    Some(DeploymentRow { deployment, changed_at, changed_by: newest.and_then(|entry| entry.manager) })
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
