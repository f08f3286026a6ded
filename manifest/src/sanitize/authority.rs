//! Certificate authorities that a controller injects, and renews.

use serde_json::Value;

use crate::tree::at;

/// Each asks a controller to fill in `caBundle`.
const INJECTION: [&str; 4] = [
    "cert-manager.io/inject-ca-from",
    "cert-manager.io/inject-ca-from-secret",
    "cert-manager.io/inject-apiserver-ca",
    "service.beta.openshift.io/inject-cabundle",
];

/// Groups whose kinds have webhooks or servers to trust.
const GROUPS: [&str; 3] = ["admissionregistration.k8s.io/", "apiextensions.k8s.io/", "apiregistration.k8s.io/"];

/// Applies the rule.
pub(super) fn clean(tree: &mut Value) {
    let has_group = |version: &str| GROUPS.iter().any(|group| version.starts_with(group));
    let injected = at(tree, &["metadata", "annotations"])
        .is_some_and(|annotations| INJECTION.iter().any(|name| annotations.get(name).is_some()));
    if injected && tree.get("apiVersion").and_then(Value::as_str).is_some_and(has_group) {
        remove(tree);
    }
}

fn remove(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(remove),
        Value::Object(map) => {
            if map.get("caBundle").is_some_and(Value::is_string) {
                map.remove("caBundle");
            }
            map.values_mut().for_each(remove);
        }
        _ => {}
    }
}
