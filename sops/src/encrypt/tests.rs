//! What changes in a record when something changes in its manifest.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::decrypt::{decrypt, recipients_of, unwrap_data_key};
use crate::keys::Identity;

const ALICE: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
const ALICE_PRIVATE: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
const BOB: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

/// A record's key, recipients and selection.
struct Vault {
    key: DataKey,
    recipients: Recipients,
    selection: Selection,
}

impl Vault {
    fn new() -> Self {
        let recipients = Recipients::parse(&[ALICE]).unwrap();
        Self { key: DataKey::from_bytes(&[1; 32]), recipients, selection: Selection::secret() }
    }

    /// Encrypts at the given second.
    fn try_encrypt(&self, manifest: &Value, previous: Option<&str>, second: i64) -> Result<String, EncryptError> {
        let now = Timestamp::from_second(second).unwrap();
        let Self { key: data_key, recipients, selection } = self;
        encrypt(manifest, &Encryption { recipients, data_key, selection, previous, now })
    }

    fn encrypt(&self, manifest: &Value, previous: Option<&str>, second: i64) -> String {
        self.try_encrypt(manifest, previous, second).unwrap()
    }
}

fn secret() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": "db", "labels": {"app": "db"}},
        "data": {"password": "aHVudGVyMg==", "user": "YWRtaW4=", "empty": ""},
        "stringData": {"list": ["a", "b", "a"]},
    })
}

/// Returns the lines of the first that the second has not.
fn gone(first: &str, second: &str) -> Vec<String> {
    let left: Vec<&str> = second.lines().collect();
    let name = |line: &str| line.trim().split(':').next().unwrap_or_default().to_owned();
    first.lines().filter(|line| !left.contains(line)).map(name).collect()
}

/// Changes a manifest and tells which lines of its record are others then.
fn check(change: impl Fn(&mut Value), expect: &[&str]) {
    let vault = Vault::new();
    let before = vault.encrypt(&secret(), None, 1_800_000_000);
    let mut changed = secret();
    change(&mut changed);
    let after = vault.encrypt(&changed, Some(&before), 1_800_000_060);
    assert_eq!(gone(&after, &before), expect, "{after}");
    assert_eq!(decrypt(&after, &vault.key).unwrap(), changed);
}

#[test]
fn only_what_changed_is_encrypted_anew() {
    check(|_| {}, &[]);
    check(|tree| tree["data"]["password"] = "x".into(), &["password", "lastmodified", "mac"]);
    check(|tree| tree["data"]["new"] = "x".into(), &["new", "lastmodified", "mac"]);
    check(|tree| drop(tree["data"].as_object_mut().unwrap().remove("user")), &["lastmodified", "mac"]);
    check(|tree| tree["metadata"]["labels"]["app"] = "web".into(), &["app"]);
    // The items of a list share a place.
    check(|tree| tree["stringData"]["list"] = json!(["b", "a", "a"]), &["lastmodified", "mac"]);
    check(|tree| tree["stringData"]["list"][2] = json!("c"), &["- \"ENC[AES256_GCM,data", "lastmodified", "mac"]);
    check(
        |tree| tree["stringData"]["list"] = json!(["a", "b", "a", "a"]),
        &["- \"ENC[AES256_GCM,data", "lastmodified", "mac"],
    );
}

#[test]
fn a_record_shows_names_and_no_values() {
    let record = Vault::new().encrypt(&secret(), None, 1_800_000_000);
    for shown in ["name: db", "  password: \"ENC[AES256_GCM,data:", "  empty: \"\"", ALICE, "\"2027-01-15T08:00:00Z\""]
    {
        assert!(record.contains(shown), "{shown} in {record}");
    }
    for hidden in ["aHVudGVyMg", "YWRtaW4"] {
        assert!(!record.contains(hidden), "{record}");
    }
}

#[test]
fn a_recipient_unwraps_the_key_and_reads_all() {
    let vault = Vault::new();
    let record = vault.encrypt(&secret(), None, 1_800_000_000);
    let key = unwrap_data_key(&record, &Identity::parse(ALICE_PRIVATE).unwrap()).unwrap();
    assert_eq!(key.expose(), vault.key.expose());
    assert_eq!(decrypt(&record, &key).unwrap(), secret());
}

#[test]
fn a_new_recipient_gets_the_key_and_a_removed_one_ends_it() {
    let mut vault = Vault::new();
    let alone = vault.encrypt(&secret(), None, 1_800_000_000);
    vault.recipients = Recipients::parse(&[ALICE, BOB]).unwrap();
    let both = vault.encrypt(&secret(), Some(&alone), 1_800_000_060);
    assert_eq!(recipients_of(&both).unwrap(), [ALICE, BOB]);
    assert_eq!(gone(&alone, &both), [""; 0], "what was there stays");
    vault.recipients = Recipients::parse(&[BOB]).unwrap();
    let error = vault.try_encrypt(&secret(), Some(&both), 1_800_000_120).unwrap_err();
    assert!(matches!(error, EncryptError::KeyOutlived { recipient } if recipient == ALICE));
    vault.key = DataKey::generate();
    let bobs = vault.encrypt(&secret(), Some(&both), 1_800_000_120);
    assert!(unwrap_data_key(&bobs, &Identity::parse(ALICE_PRIVATE).unwrap()).is_err());
    for line in bobs.lines().filter(|line| line.contains("ENC[")) {
        assert!(!both.contains(line), "{line}");
    }
}

#[test]
fn what_was_encrypted_elsewhere_counts_for_nothing() {
    let vault = Vault::new();
    let moved = vault.encrypt(&secret(), None, 1_800_000_000).replace("  password:", "  passphrase:");
    let record = vault.encrypt(&secret(), Some(&moved), 1_800_000_060);
    assert_eq!(decrypt(&record, &vault.key).unwrap(), secret());
    for none in ["", "a: b\n", "a: [\n", "sops: {}\n", "sops: text\n"] {
        let record = vault.encrypt(&secret(), Some(none), 1_800_000_060);
        assert_eq!(decrypt(&record, &vault.key).unwrap(), secret());
    }
}

#[test]
fn what_sops_cannot_read_is_refused() {
    for manifest in [json!([]), json!({"sops": {}}), json!({"a": u64::MAX})] {
        let error = Vault::new().try_encrypt(&manifest, None, 0).unwrap_err();
        assert!(matches!(error, EncryptError::Unsupported(_)), "{manifest}");
    }
}

#[test]
fn a_selection_of_names_is_read_back() {
    let manifest = json!({"kind": "ConfigMap", "data": {"a.b": "x", "a-b": "y", "c|d": "z", "é\n": 1.5}});
    let paths: [&[&str]; 3] = [&["data", "a.b"], &["data", "c|d"], &["data", "é\n"]];
    let vault = Vault { selection: Selection::covering(paths).unwrap(), ..Vault::new() };
    let record = vault.encrypt(&manifest, None, 1_800_000_000);
    assert!(record.contains("  a-b: \"y\"") && record.matches("ENC[").count() == 4, "{record}");
    assert_eq!(decrypt(&record, &vault.key).unwrap(), manifest);
}

#[test]
fn a_secret_of_the_largest_size_comes_back() {
    let manifest = json!({"kind": "Secret", "data": {"a": "eA".repeat(700_000), "b".repeat(2000): "x"}});
    let vault = Vault::new();
    let record = vault.encrypt(&manifest, None, 1_800_000_000);
    assert!(record.len() < manifest::MAX_BYTES);
    assert_eq!(decrypt(&record, &vault.key).unwrap(), manifest);
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        proptest::num::f64::NORMAL.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ -~\n]{0,20}".prop_map(Value::from),
        proptest::sample::select(vec!["on", "0644", "~", "2024-01-01", "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(key(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-z:.]{0,3}", Just("data".to_owned()), Just("stringData".to_owned())]
}

/// Returns the selected values with the keys above them, but for empty ones: SOPS' MAC covers neither those nor how
/// lists are nested.
fn values(tree: &Value) -> Vec<(String, String)> {
    let mut values = Vec::new();
    let walked = tree::read(&manifest::render_tree(tree)).unwrap().map_leaves(&mut |path, leaf| {
        if Selection::secret().selects(path) && !leaf.bytes().is_empty() {
            values.push((cipher::bound_to(path), format!("{leaf:?}")));
        }
        Ok::<_, ()>(Opened::Value(leaf))
    });
    assert!(walked.is_ok());
    values
}

proptest! {
    #[test]
    fn any_manifest_comes_back_and_stays_as_it_is(
        mut map in proptest::collection::btree_map(key(), tree(), 0..5),
        data in tree(),
        other in tree(),
    ) {
        map.remove(SOPS);
        map.insert("data".to_owned(), data);
        let manifest = Value::Object(map.clone().into_iter().collect());
        let vault = Vault::new();
        let record = vault.encrypt(&manifest, None, 1_800_000_000);
        prop_assert_eq!(&decrypt(&record, &vault.key).unwrap(), &manifest);
        prop_assert_eq!(&vault.encrypt(&manifest, Some(&record), 1_800_000_060), &record);
        map.insert("data".to_owned(), other);
        let changed = Value::Object(map.into_iter().collect());
        let next = vault.encrypt(&changed, Some(&record), 1_800_000_060);
        prop_assert_eq!(decrypt(&next, &vault.key).unwrap(), changed);
    }

    #[test]
    fn a_damaged_record_never_says_something_else(
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), 0..12usize, ".{0,3}|[a-z:\\[{\"' \n]{0,3}"), 1..4),
    ) {
        let vault = Vault::new();
        let mut damaged = vault.encrypt(&secret(), None, 1_800_000_000);
        for (at, length, text) in damage {
            let mut characters: Vec<char> = damaged.chars().collect();
            let start = at.index(characters.len());
            let end = characters.len().min(start + length);
            characters.splice(start..end, text.chars());
            damaged = characters.into_iter().collect();
        }
        if let Ok(read) = decrypt(&damaged, &vault.key) {
            prop_assert_eq!(values(&read), values(&secret()), "{}", damaged);
        }
        if let Ok(next) = vault.try_encrypt(&secret(), Some(&damaged), 1_800_000_060) {
            prop_assert_eq!(decrypt(&next, &vault.key).unwrap(), secret());
        }
    }
}
