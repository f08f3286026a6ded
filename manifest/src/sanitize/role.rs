//! The rules of a ClusterRole that are gathered from others.

use serde_json::Value;

use crate::tree::is_kind;

/// Applies the rule: with an `aggregationRule` the controller writes `rules`, over whatever stands there.
pub(super) fn clean(tree: &mut Value) {
    if is_kind(tree, "rbac.authorization.k8s.io", "ClusterRole")
        && tree.get("aggregationRule").is_some_and(|rule| !rule.is_null())
        && let Some(root) = tree.as_object_mut()
    {
        root.remove("rules");
    }
}
