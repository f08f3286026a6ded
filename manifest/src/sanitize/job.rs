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
    let copied = takes_labels_of_template(tree);
    prune(tree, &["spec", "selector"]);
    for label in LABELS {
        remove_name(tree, &["metadata", "labels"], label);
        remove_name(tree, &["spec", "template", "metadata", "labels"], label);
    }
    if copied {
        prune(tree, &["metadata", "labels"]);
    }
}

/// A Job without labels of its own gets its template's, which the label of its own name among them tells.
fn takes_labels_of_template(tree: &Value) -> bool {
    let labels = |path: &[&str]| -> Option<Vec<(String, Value)>> {
        let map = at(tree, path)?.as_object()?;
        let own = map.iter().filter(|(name, _)| !LABELS.contains(&name.as_str()));
        let mut own: Vec<_> = own.map(|(name, value)| (name.clone(), value.clone())).collect();
        own.sort_by(|left, right| left.0.cmp(&right.0));
        Some(own)
    };
    let marked = at(tree, &["metadata", "labels"]).is_some_and(|own| LABELS.iter().any(|name| own.get(name).is_some()));
    marked && labels(&["metadata", "labels"]) == labels(&["spec", "template", "metadata", "labels"])
}
