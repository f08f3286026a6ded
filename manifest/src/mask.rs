//! Secret values out of sight: they never leave this crate, neither towards Git nor towards a page.

use serde_json::{Map, Value};

use crate::tree::{map_mut, text};

/// Stands for a value on pages and in answers.
pub const MASKED: &str = "masked";

/// Stands for a value in a record. It is no base64, so Kubernetes refuses a record that is applied as it is
/// instead of putting a wrong value in a Secret.
pub const NOT_RECORDED: &str = "(not recorded by Denshimon)";

/// Returns the tree with each Secret's values replaced by [`MASKED`]; lists of Secrets too.
pub fn mask(tree: &Value) -> Value {
    let mut tree = tree.clone();
    replace_values(&mut tree, MASKED);
    tree
}

/// Replaces the values of a Secret, or of each Secret in a list, wherever a Secret may keep or repeat them.
pub(crate) fn replace_values(tree: &mut Value, marker: &str) {
    if let Some(items) = tree.get_mut("items").and_then(Value::as_array_mut) {
        items.iter_mut().for_each(|item| replace_values(item, marker));
    }
    // A list's items come without a kind of their own in some answers: the list's kind counts for them.
    if text(tree, &["kind"]) == "SecretList"
        && let Some(items) = tree.get_mut("items").and_then(Value::as_array_mut)
    {
        items.iter_mut().for_each(|item| replace_all(item, marker));
    }
    if is_secret(tree) {
        replace_all(tree, marker);
    }
}

/// Tells whether a document is a Secret. The group does not count: what merely looks like one is masked too.
pub(crate) fn is_secret(tree: &Value) -> bool {
    let version = text(tree, &["apiVersion"]);
    text(tree, &["kind"]).eq_ignore_ascii_case("secret") && (version.is_empty() || !version.contains('/'))
}

fn replace_all(secret: &mut Value, marker: &str) {
    for field in ["data", "stringData"] {
        match secret.get_mut(field) {
            Some(Value::Object(values)) => replace_each(values, marker),
            Some(Value::Null) | None => {}
            Some(other) => *other = Value::String(marker.to_owned()),
        }
    }
    if let Some(annotations) = map_mut(secret, &["metadata", "annotations"]) {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}

fn replace_each(values: &mut Map<String, Value>, marker: &str) {
    for value in values.values_mut() {
        *value = Value::String(marker.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(input: Value) {
        let masked = mask(&input).to_string();
        assert!(!masked.contains("aHVudGVyMg") && !masked.contains("hunter2"), "{masked}");
        assert!(masked.contains("password"), "keys stay: {masked}");
    }

    #[test]
    fn no_value_of_a_secret_is_left() {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {"name": "db", "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"password\":\"aHVudGVyMg==\"}}"}},
            "data": {"password": "aHVudGVyMg=="}, "stringData": {"password": "hunter2"}});
        check(secret.clone());
        check(json!({"apiVersion": "v1", "kind": "List", "items": [secret.clone()]}));
        check(json!({"apiVersion": "v1", "kind": "SecretList", "items": [{"data": {"password": "hunter2"}}]}));
        check(json!({"kind": "Secret", "data": {"password": ["hunter2"]}}));
        check(json!({"kind": "secret", "apiVersion": "v1", "data": {"password": {"a": "hunter2"}}}));
    }

    #[test]
    fn what_is_no_secret_stays() {
        let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"password": "hunter2"}});
        assert_eq!(mask(&config), config);
    }
}
