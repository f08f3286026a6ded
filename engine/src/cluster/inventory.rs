//! What pages read: the watched objects, trimmed to what is shown, always as of the newest event.

mod decode;
mod owned_rows;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use model::deployment::DeploymentRef;
use model::{Kind, Namespace, ResourceName, ResourceRef};
use serde_json::Value;

use super::changes::Changes;
use super::follow::Present;
use decode::{Decoded, Known, known};
use owned_rows::{Key, OwnedRows};

pub(crate) use decode::{DeploymentRow, PodRow, ReplicaSetRow, ServiceRow};

/// Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Inventory(Arc<RwLock<Rows>>);

#[derive(Default)]
struct Rows {
    namespaces: BTreeSet<Namespace>,
    deployments: BTreeMap<DeploymentRef, Arc<DeploymentRow>>,
    deployments_by_uid: HashMap<String, DeploymentRef>,
    replica_sets: OwnedRows<ReplicaSetRow>,
    pods: OwnedRows<PodRow>,
    services: BTreeMap<(Namespace, ResourceName), Arc<ServiceRow>>,
    /// Kinds whose first list is in.
    complete: HashSet<Kind>,
}

impl Inventory {
    pub(crate) fn deployment(&self, target: &DeploymentRef) -> Option<Arc<DeploymentRow>> {
        self.read(|rows| rows.deployments.get(target).cloned())
    }

    /// Returns the ReplicaSets of a Deployment, newest revision first.
    pub(crate) fn replica_sets_of(&self, deployment_uid: &str) -> Vec<Arc<ReplicaSetRow>> {
        self.read(|rows| {
            let mut found: Vec<_> = rows.replica_sets.of(deployment_uid).cloned().collect();
            found.sort_by_key(|row| std::cmp::Reverse(row.revision));
            found
        })
    }

    /// Returns the pods of all ReplicaSets of a Deployment, by name.
    pub(crate) fn pods_of(&self, deployment_uid: &str) -> Vec<Arc<PodRow>> {
        let mut found = self.read(|rows| rows.pods_of(deployment_uid));
        found.sort_by(|a, b| a.summary.name.cmp(&b.summary.name));
        found
    }

    /// Returns the Deployments that are wanted, by namespace and name, each with its pods in no order.
    pub(crate) fn deployments_with_pods(
        &self,
        is_wanted: impl Fn(&DeploymentRef) -> bool,
    ) -> Vec<(Arc<DeploymentRow>, Vec<Arc<PodRow>>)> {
        self.read(|rows| {
            let wanted = rows.deployments.values().filter(|row| is_wanted(&row.target));
            wanted.map(|row| (row.clone(), row.uid().map(|uid| rows.pods_of(uid)).unwrap_or_default())).collect()
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
        self.read(|rows| rows.namespaces.iter().cloned().collect())
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

    /// Takes an object's newest state; `left_out` is why it has no record.
    pub(super) fn apply(
        &self,
        resource: &ResourceRef,
        object: &Value,
        left_out: Option<&'static str>,
        changes: &Changes,
    ) {
        // Decoded before the lock is taken, since pages wait for it.
        let decoded = Decoded::of(resource, object, left_out);
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = rows.deployment_of(resource);
        match (decoded, key(resource)) {
            (Decoded::Namespace(namespace), _) => drop(rows.namespaces.insert(namespace)),
            (Decoded::Deployment(row), _) => rows.put_deployment(*row),
            (Decoded::ReplicaSet(row), Some(key)) => rows.replica_sets.insert(key, row),
            (Decoded::Pod(row), Some(key)) => rows.pods.insert(key, row),
            (Decoded::Service(Some(row)), Some(key)) => drop(rows.services.insert(key, Arc::new(row))),
            // It selects nothing any more.
            (Decoded::Service(None), Some(key)) => drop(rows.services.remove(&key)),
            _ => return,
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
    pub(super) fn retain(&self, kind: &Kind, present: &Present, changes: &Changes) {
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let present: HashSet<(Option<&Namespace>, &ResourceName)> =
            present.keys().map(|resource| (resource.namespace.as_ref(), &resource.name)).collect();
        let is_there = |namespace: &Namespace, name: &ResourceName| present.contains(&(Some(namespace), name));
        let mut gone = Vec::new();
        match known(kind) {
            Known::Deployment => {
                rows.deployments.retain(|target, _| {
                    let stays = is_there(&target.namespace, &target.name);
                    if !stays {
                        gone.push(target.clone());
                    }
                    stays
                });
                let Rows { deployments, deployments_by_uid, .. } = &mut *rows;
                deployments_by_uid
                    .retain(|uid, target| deployments.get(target).is_some_and(|row| row.uid() == Some(uid)));
            }
            Known::ReplicaSet => {
                let removed = rows.replica_sets.retain(|(namespace, name)| is_there(namespace, name));
                gone.extend(removed.iter().filter_map(|row| rows.owner_of_set(row)));
            }
            Known::Pod => {
                let removed = rows.pods.retain(|(namespace, name)| is_there(namespace, name));
                gone.extend(removed.iter().filter_map(|row| rows.owner_of_pod(row)));
            }
            Known::Service => rows.services.retain(|(namespace, name), _| is_there(namespace, name)),
            Known::Other if *kind == Kind::new("", "Namespace") => {
                let names: HashSet<&str> = present.iter().map(|(_, name)| name.as_str()).collect();
                rows.namespaces.retain(|namespace| names.contains(namespace.as_str()));
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
        match known(&resource.kind) {
            Known::Deployment => Some(DeploymentRef::new(key.0, key.1)),
            Known::ReplicaSet => self.owner_of_set(self.replica_sets.get(&key)?),
            Known::Pod => self.owner_of_pod(self.pods.get(&key)?),
            Known::Service | Known::Other => None,
        }
    }

    fn owner_of_set(&self, row: &ReplicaSetRow) -> Option<DeploymentRef> {
        self.deployments_by_uid.get(&row.owner_uid).cloned()
    }

    fn owner_of_pod(&self, row: &PodRow) -> Option<DeploymentRef> {
        self.owner_of_set(self.replica_sets.with_uid(&row.owner_uid)?)
    }

    fn pods_of(&self, deployment_uid: &str) -> Vec<Arc<PodRow>> {
        self.replica_sets.of(deployment_uid).flat_map(|set| self.pods.of(&set.uid)).cloned().collect()
    }

    fn put_deployment(&mut self, row: DeploymentRow) {
        self.remove_deployment(&row.target);
        if let Some(uid) = row.uid() {
            self.deployments_by_uid.insert(uid.to_owned(), row.target.clone());
        }
        self.deployments.insert(row.target.clone(), Arc::new(row));
    }

    fn remove_deployment(&mut self, target: &DeploymentRef) {
        if let Some(uid) = self.deployments.remove(target).as_ref().and_then(|row| row.uid()) {
            self.deployments_by_uid.remove(uid);
        }
    }

    fn remove(&mut self, resource: &ResourceRef) {
        if resource.kind == Kind::new("", "Namespace") {
            self.namespaces.retain(|namespace| namespace.as_str() != resource.name.as_str());
        }
        let Some(key) = key(resource) else { return };
        match known(&resource.kind) {
            Known::Deployment => self.remove_deployment(&DeploymentRef::new(key.0, key.1)),
            Known::ReplicaSet => self.replica_sets.remove(&key),
            Known::Pod => self.pods.remove(&key),
            Known::Service => drop(self.services.remove(&key)),
            Known::Other => {}
        }
    }
}

fn key(resource: &ResourceRef) -> Option<Key> {
    Some((resource.namespace.clone()?, resource.name.clone()))
}
