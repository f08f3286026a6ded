//! What the server adds to each Namespace.

use serde_json::Value;

use crate::sanitize::remove_name;
use crate::tree::{is_kind, prune};

/// Applies the rule.
pub(super) fn clean(tree: &mut Value) {
    if is_kind(tree, "", "Namespace") {
        // The finalizer by which the namespace's content is deleted before it.
        prune(tree, &["spec", "finalizers"]);
        // Always the namespace's own name.
        remove_name(tree, &["metadata", "labels"], "kubernetes.io/metadata.name");
    }
}
