//! The selector and labels that the server makes up for each Job out of its uid.

use serde_json::Value;

use crate::sanitize::remove_name;
use crate::tree::{at, is_kind, prune};

const LABELS: [&str; 4] =
    ["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"];

/// Applies the rule, unless the Job brings its own selector.
pub(super) fn clean(tree: &mut Value) {
    if !is_kind(tree, "batch", "Job") || at(tree, &["spec", "manualSelector"]) == Some(&Value::Bool(true)) {
        return;
    }
    prune(tree, &["spec", "selector"]);
    for label in LABELS {
        // The Job takes over its template's labels when it has none.
        remove_name(tree, &["metadata", "labels"], label);
        remove_name(tree, &["spec", "template", "metadata", "labels"], label);
    }
}
