//! Which texts are filled in by another program before they are applied.

use serde_json::Value;

use crate::tree::text;

/// What only Helm's templates call.
const HELM: [&str; 9] =
    [".Values", ".Release", ".Chart", ".Capabilities", ".Files", "include ", "template ", "define ", "toYaml"];

/// Tells whether a text has a place that Helm fills in, in a comment too.
pub(super) fn names_values(text: &str) -> bool {
    text.split("{{").skip(1).any(|rest| {
        let inner = rest.split("}}").next().unwrap_or_default();
        HELM.iter().any(|name| inner.contains(name))
    })
}

/// Tells whether a document holds `{{` where Kubernetes itself would read it. What a ConfigMap or a Secret holds is
/// for programs in the cluster, and many of them fill in texts of their own in the same way.
pub(super) fn is_template(tree: &Value) -> bool {
    let Value::Object(map) = tree else { return holds(tree) };
    let is_data = |key: &str| {
        matches!(key, "data" | "stringData" | "binaryData") && matches!(text(tree, &["kind"]), "ConfigMap" | "Secret")
    };
    map.iter().any(|(key, value)| match value {
        _ if is_data(key) => false,
        Value::Array(items) if key == "items" => items.iter().any(is_template),
        value => key.contains("{{") || holds(value),
    })
}

fn holds(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Array(items) => items.iter().any(holds),
        Value::Object(map) => map.iter().any(|(key, value)| key.contains("{{") || holds(value)),
        _ => false,
    }
}
