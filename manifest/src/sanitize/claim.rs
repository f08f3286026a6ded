//! Claims and volumes that a controller bound to each other.

use serde_json::Value;

use crate::tree::{at, is_kind, map_mut, text};

/// The volume controller sets it on the side whose binding it wrote itself; without it a person chose the volume.
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

/// Applies the rule. It reads annotations that others take out, so it comes first.
pub(super) fn clean(tree: &mut Value) {
    let bound = at(tree, &["metadata", "annotations"]).is_some_and(|names| names.get(BOUND_BY_CONTROLLER).is_some());
    if is_kind(tree, "", "PersistentVolumeClaim") {
        let uid = text(tree, &["metadata", "uid"]);
        let dynamic = !uid.is_empty() && text(tree, &["spec", "volumeName"]) == format!("pvc-{uid}");
        if (bound || dynamic)
            && let Some(spec) = map_mut(tree, &["spec"])
        {
            spec.remove("volumeName");
        }
    }
    if is_kind(tree, "", "PersistentVolume") {
        if let Some(claim) = map_mut(tree, &["spec", "claimRef"]) {
            claim.remove("uid");
            claim.remove("resourceVersion");
        }
        if bound && let Some(spec) = map_mut(tree, &["spec"]) {
            spec.remove("claimRef");
        }
    }
}
