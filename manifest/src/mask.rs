//! Secret values out of sight: they never leave this crate, neither towards Git nor towards a page.

mod repeats;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::mask::repeats::Repeats;
use crate::tree::{Manifest, map_mut, text};

pub use repeats::mentions_secret;

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

/// The parts of the metadata in which people and tools write what they like.
const METADATA: [&str; 2] = ["annotations", "labels"];

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

/// Where a value of a Secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// Under a key of `data` or `stringData`.
    Key(String),
    /// In the metadata, where a tool repeats it: `annotations/kapp.k14s.io/original`.
    Metadata(String),
}

/// Returns a Secret without what stands for single values, as it compares with a file whose values are a person's.
pub fn forget_values(manifest: &Manifest) -> Manifest {
    let mut tree = manifest.tree().clone();
    if is_secret(&tree) {
        let fields = tree.as_object_mut().into_iter().flat_map(|root| root.iter_mut());
        for (_, values) in fields.filter(|(field, _)| matches!(field.as_str(), "data" | "stringData")) {
            values.as_object_mut().into_iter().flatten().for_each(|(_, value)| *value = NOT_RECORDED.into());
        }
        for map in METADATA {
            let names = map_mut(&mut tree, &["metadata", map]).into_iter().flatten();
            let stands_in = |value: &Value| value.as_str().is_some_and(is_stand_in);
            names.filter(|(_, value)| stands_in(value)).for_each(|(_, value)| *value = NOT_RECORDED.into());
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

/// Gives each value of a Secret to `replace`, which says what stands for it, and so each annotation and label that
/// repeats one or may: a tool that applies a Secret often keeps all of it beside, and not all can be looked into.
pub fn replace_secret(secret: &mut Value, mut replace: impl FnMut(SecretPlace, &str) -> String) {
    let repeats = Repeats::of(secret);
    for field in ["data", "stringData"] {
        match secret.get_mut(field) {
            Some(Value::Object(values)) => {
                for (key, value) in values {
                    *value = replace(SecretPlace::Key(key.clone()), &plain(value)).into();
                }
            }
            Some(Value::Null) | None => {}
            Some(other) => *other = replace(SecretPlace::Key(String::new()), &plain(other)).into(),
        }
    }
    // It comes back with each `kubectl apply`.
    if let Some(annotations) = map_mut(secret, &["metadata", "annotations"]) {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    for map in METADATA {
        for (name, value) in map_mut(secret, &["metadata", map]).into_iter().flatten() {
            let text = plain(value);
            if !is_stand_in(&text) && repeats.are_in(name, &text) {
                *value = replace(SecretPlace::Metadata(format!("{map}/{name}")), &text).into();
            }
        }
    }
}

fn replace_all(secret: &mut Value, marker: &str) {
    replace_secret(secret, |_, value| {
        // What stands for a value already may say more than this marker does.
        let stays = marker == NOT_RECORDED && is_stand_in(value);
        if stays { value } else { marker }.to_owned()
    });
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
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
        check(json!({"kind": "Secret", "data": "password: hunter2", "stringData": {"password": "a"}}));
        check(json!({"kind": "secret", "apiVersion": "v1", "data": {"password": {"a": "hunter2"}}}));
    }

    /// A Secret whose values are `hunter2`, `shop` and `no`, with one annotation and one label.
    fn repeating(name: &str, value: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop",
                "annotations": {name: value}, "labels": {name: value}},
            "data": {"password": "aHVudGVyMgo=", "database": "c2hvcA==", "on": "bm8=", "key": "YQpiYiJjYw=="}})
    }

    #[test]
    fn what_repeats_a_value_is_hidden_with_it() {
        let json = r#"{"apiVersion":"v1","kind":"Secret","data":{"password":"b2xkLXZhbHVl"}}"#;
        for (name, value, hidden) in [
            ("kapp.k14s.io/original", json, true),
            ("example.org/kept", json, true),
            ("example.org/kept", r#"{"items":[{"data":{}}]}"#, true),
            ("example.org/kept", r#"{"text":"{\"stringData\":{\"password\":\"old-value\"}}"}"#, true),
            ("example.org/kept", "kind: Secret\ndata:\n  password: b2xkLXZhbHVl\n", true),
            // gzip and zlib in base64, and the first document in it.
            ("objectset.rio.cattle.io/applied", "H4sIAAAAAAAA/", true),
            ("example.org/packed", "H4sIAAAAAAAA/6tWSkksSVSyqlYqSCwuLs8vSlGyUsooTUktUqqtBQBQC7xTGwAAAA==", true),
            ("example.org/packed", "eJyrVkpJLElUsqpWKkgsLi7PL0pRslLKKE1JLVKqrQUAsf8Kcw==", true),
            ("example.org/encoded", "eyJkYXRhIjp7InBhc3N3b3JkIjoiYjJ4ZCJ9fQ==", true),
            ("example.org/encoded", "eyJkYXRhIjp7InBhc3N3b3JkIjoiYjJ4ZCJ9fQ", true),
            // The value itself: in clear, encoded, encoded once more, in a credential, in JSON.
            ("note", "hunter2", true),
            ("note", "password=hunter2;", true),
            ("note", "aHVudGVyMg==", true),
            ("note", "aHVudGVyMgo", true),
            ("note", "YUhWdWRHVnlNZz09", true),
            ("authorization", "Basic c2hvcDpodW50ZXIy", true),
            ("note", r#"{"key": "a\nbb\"cc"}"#, true),
            // What the record's name says anyway, what is too short to be one, and part of another word.
            ("app", "shop", false),
            ("app.kubernetes.io/name", "shop-db", false),
            ("enabled", "no", false),
            ("note", "thehunter2s", false),
            ("meta.helm.sh/release-name", "shop", false),
            ("reloader.stakater.com/match", "true", false),
            ("checksum/config", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", false),
            ("note", "All data: see the wiki", false),
        ] {
            let masked = mask(&repeating(name, value));
            for map in ["annotations", "labels"] {
                let found = masked["metadata"][map][name] == MASKED;
                assert_eq!(found, hidden, "{name}: {value}");
            }
            let record = sanitized(&repeating(name, value));
            assert_eq!(record["metadata"]["labels"][name] == NOT_RECORDED, hidden, "{name}: {value}");
            assert_eq!(sanitized(&record), record, "again changes nothing");
        }
    }

    fn sanitized(secret: &Value) -> Value {
        crate::sanitize(secret).into_tree()
    }

    #[test]
    fn what_stands_for_a_repeated_value_is_forgotten_with_the_values() {
        let stand_in = not_recorded("79ca9109df1aa375");
        let record = crate::sanitize(&repeating("kapp.k14s.io/original", &stand_in));
        assert_eq!(record.tree()["metadata"]["annotations"]["kapp.k14s.io/original"], stand_in.as_str());
        let clear = crate::sanitize(&repeating("kapp.k14s.io/original", r#"{"data": {}}"#));
        assert_eq!(forget_values(&record), forget_values(&clear));
    }

    #[test]
    fn a_text_that_names_a_secret_is_known_though_it_cannot_be_read() {
        for (text, expect) in [
            ("kind: Secret\ndata:\n<<<<<<< ours\n", true),
            ("{\"kind\": \"Secret\", \"data\": {", true),
            ("\t- {kind : 'SecretList'}", true),
            ("stringData: {", true),
            ("kind: SecretStore\n  x: [", true),
            ("kind: ConfigMap\ndata: [", false),
            ("# No secrets here, of any kind: none.\n", false),
            ("secretName: a\nkind: [", false),
        ] {
            assert_eq!(mentions_secret(text), expect, "{text}");
        }
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
