//! Metadata that the server or a controller fills in.

use serde_json::Value;

use crate::sanitize::remove_name;
use crate::tree::map_mut;

/// Set by the server for each object, or gone with it. A reference to an owner holds the owner's uid, which no
/// re-created object has again: with it the garbage collector would delete what was just restored.
const FIELDS: [&str; 10] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "selfLink",
    "managedFields",
    "ownerReferences",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generateName",
];

/// Written by kubectl, the server or Kubernetes' own controllers to keep their state; all of them come back.
const ANNOTATIONS: [&str; 18] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.daemonset.template.generation",
    "control-plane.alpha.kubernetes.io/leader",
    "endpoints.kubernetes.io/last-change-trigger-time",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
    "volume.kubernetes.io/storage-resizer",
    "kubernetes.io/service-account.uid",
    "batch.kubernetes.io/job-tracking",
    "autoscaling.alpha.kubernetes.io/conditions",
    "autoscaling.alpha.kubernetes.io/current-metrics",
];

/// Put there by admission or a controller of Kubernetes itself, which do so again. Any other finalizer is kept:
/// Argo CD's or Crossplane's are set by people.
const FINALIZERS: [&str; 10] = [
    "kubernetes.io/pvc-protection",
    "kubernetes.io/pv-protection",
    "foregroundDeletion",
    "orphan",
    "batch.kubernetes.io/job-tracking",
    "service.kubernetes.io/load-balancer-cleanup",
    "customresourcecleanup.apiextensions.k8s.io",
    "networking.k8s.io/service-cidr-finalizer",
    "external-provisioner.volume.kubernetes.io/finalizer",
    "kubernetes",
];

/// Applies the rule.
pub(super) fn clean(tree: &mut Value) {
    for annotation in ANNOTATIONS {
        remove_name(tree, &["metadata", "annotations"], annotation);
    }
    let Some(metadata) = map_mut(tree, &["metadata"]) else { return };
    // A generated name is a name by now; one without the other cannot be applied.
    let keeps_prefix = !metadata.contains_key("name");
    for field in FIELDS.iter().filter(|field| !(keeps_prefix && **field == "generateName")) {
        metadata.remove(*field);
    }
    if let Some(Value::Array(finalizers)) = metadata.get_mut("finalizers") {
        finalizers.retain(|name| !name.as_str().is_some_and(|name| FINALIZERS.contains(&name)));
        if finalizers.is_empty() {
            metadata.remove("finalizers");
        }
    }
    for names in ["labels", "annotations"] {
        if metadata
            .get(names)
            .is_some_and(|names| names.is_null() || names.as_object().is_some_and(|map| map.is_empty()))
        {
            metadata.remove(names);
        }
    }
}
