//! Secret values out of sight: they never leave this crate, neither towards Git nor towards a page.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::tree::{Manifest, map_mut, text};

/// Stands for a value on pages and in answers.
pub const MASKED: &str = "masked";

/// Stands for a value in a record. It is no base64, so Kubernetes refuses a record that is applied as it is
/// instead of putting a wrong value in a Secret.
pub const NOT_RECORDED: &str = "(not recorded by Denshimon)";

/// The two ends of what stands for a value whose fingerprint is known.
const FINGERPRINT: (&str, &str) = ("(not recorded by Denshimon, fingerprint ", ")");
/// The two ends of what stands for a value that is encrypted in its record.
const ENCRYPTED: (&str, &str) = ("(encrypted, ", ")");
/// The two ends of a value that SOPS encrypted.
const SEALED: (&str, &str) = ("ENC[AES256_GCM,data:", "]");

/// Stands for a value in a record and changes with it, without telling what it is; the fingerprint is hexadecimal.
pub fn not_recorded(fingerprint: &str) -> String {
    [FINGERPRINT.0, fingerprint, FINGERPRINT.1].concat()
}

/// Tells whether a text stands for a value that is not shown or not known here.
pub fn is_stand_in(text: &str) -> bool {
    let short_hash = |(start, end): (&str, &str)| {
        let hash = text.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
        hash.is_some_and(|hash| hash.len() <= 64 && hash.chars().all(|digit| digit.is_ascii_hexdigit()))
    };
    text == MASKED || text == NOT_RECORDED || short_hash(FINGERPRINT) || short_hash(ENCRYPTED)
}

/// Tells whether something stands for values in a record, so that it cannot be restored whole.
pub fn lacks_values(text: &str) -> bool {
    let (start, _) = FINGERPRINT;
    text.contains(NOT_RECORDED) || text.contains(start)
}

/// Returns a Secret without what stands for single values, as it compares with a file whose values are a person's.
pub fn forget_values(manifest: &Manifest) -> Manifest {
    let mut tree = manifest.tree().clone();
    if is_secret(&tree) {
        let fields = tree.as_object_mut().into_iter().flat_map(|root| root.iter_mut());
        for (_, values) in fields.filter(|(field, _)| matches!(field.as_str(), "data" | "stringData")) {
            values.as_object_mut().into_iter().flatten().for_each(|(_, value)| *value = NOT_RECORDED.into());
        }
    }
    Manifest::new(tree)
}

/// Takes out of a record what makes it a SOPS document: the `sops` map goes, and of each encrypted value stays only
/// that it is one, and whether it is the same as in another text.
pub(crate) fn unseal(tree: &mut Value) {
    if !is_sealed(text(tree, &["sops", "mac"])) {
        return;
    }
    if let Some(root) = tree.as_object_mut() {
        root.remove("sops");
    }
    hide_sealed(tree);
}

fn is_sealed(text: &str) -> bool {
    text.strip_prefix(SEALED.0).is_some_and(|rest| rest.ends_with(SEALED.1))
}

fn hide_sealed(tree: &mut Value) {
    match tree {
        Value::String(text) if is_sealed(text) => {
            let hash: String =
                Sha256::digest(text.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            *text = [ENCRYPTED.0, &hash, ENCRYPTED.1].concat();
        }
        Value::Array(items) => items.iter_mut().for_each(hide_sealed),
        Value::Object(map) => map.values_mut().for_each(hide_sealed),
        _ => {}
    }
}

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
        // What stands for a value already may say more than this marker does.
        if marker == NOT_RECORDED && value.as_str().is_some_and(is_stand_in) {
            continue;
        }
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
    fn a_stand_in_stays_in_a_record_and_is_masked_on_a_page() {
        let stand_in = not_recorded("79ca9109df1aa375");
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "data": {"password": stand_in}});
        let mut record = secret.clone();
        replace_values(&mut record, NOT_RECORDED);
        assert_eq!(record, secret);
        assert_eq!(mask(&secret)["data"]["password"], MASKED);
        assert!(!is_stand_in(&not_recorded("hunter2")), "only digits can stand there");
    }

    #[test]
    fn an_encrypted_record_tells_that_a_value_changed_and_no_more() {
        let record = |data: &str| {
            let mut tree = json!({"apiVersion": "v1", "kind": "Secret",
                "data": {"a": format!("ENC[AES256_GCM,data:{data},iv:x,tag:y,type:str]"), "b": ""},
                "sops": {"mac": "ENC[AES256_GCM,data:m,iv:x,tag:y,type:str]"}});
            unseal(&mut tree);
            tree
        };
        let (one, two) = (record("one"), record("two"));
        assert_ne!(one, two);
        assert_eq!(one, record("one"));
        assert!(one.get("sops").is_none() && is_stand_in(one["data"]["a"].as_str().unwrap()), "{one}");
        let mut custom = json!({"kind": "Widget", "sops": {"mac": "none"}});
        unseal(&mut custom);
        assert!(custom.get("sops").is_some());
    }

    #[test]
    fn what_is_no_secret_stays() {
        let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"password": "hunter2"}});
        assert_eq!(mask(&config), config);
    }
}
