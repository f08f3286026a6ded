//! Documents that `sops` 3.13.3 wrote, in `testdata`, and what somebody may do to them.

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sops::{DataKey, DecryptError, Identity, decrypt, recipients_of, unwrap_data_key};

/// A key whose bytes are all 0x42; nothing that matters is encrypted for it.
pub const IDENTITY: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
pub const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

fn document(name: &str) -> String {
    // Tests run in their package's folder; the folder they were compiled in may be another clone's.
    std::fs::read_to_string(format!("testdata/{name}.yaml")).unwrap()
}

pub fn open(record: &str) -> Result<Value, DecryptError> {
    decrypt(record, &unwrap_data_key(record, &Identity::parse(IDENTITY).unwrap())?)
}

fn check(name: &str) {
    let expect = json!({
        "apiVersion": "v1", "kind": "Secret", "immutable": false,
        "metadata": {"name": "db", "labels": {"app": "db"}},
        "stringData": {"user": "admin", "password": "hunter2", "empty": "", "nothing": null, "port": 5432,
            "ratio": 0.5, "on": true, "hosts": ["one", "two", "two"], "long": "several\nlines\n"},
    });
    assert_eq!(open(&document(name)).unwrap(), expect, "{name}");
}

#[test]
fn what_sops_wrote_is_read_whichever_values_it_encrypted() {
    check("encrypted-regex");
    check("all-values");
    check("mac-only-encrypted");
    check("encrypted-comment");
    check("encrypted-suffix");
}

#[test]
fn a_record_names_who_can_read_it() {
    assert_eq!(recipients_of(&document("all-values")).unwrap(), [RECIPIENT]);
}

/// Changes a document and returns the name of the error.
fn refuse(name: &str, change: impl Fn(&str) -> String) -> String {
    let text = document(name);
    let changed = change(&text);
    assert_ne!(changed, text, "{name}");
    let kind = format!("{:?}", open(&changed).unwrap_err());
    kind.split('(').next().unwrap().to_owned()
}

/// The same with a document that has its secrets below `stringData`.
fn refuse_secret(from: &str, to: &str) -> String {
    refuse("encrypted-regex", |text| text.replace(from, to))
}

fn line(text: &str, key: &str) -> String {
    text.lines().find(|line| line.contains(key)).unwrap().to_owned()
}

#[test]
fn what_somebody_changed_is_refused() {
    let secret = document("encrypted-regex");
    let swapped = |text: &str| {
        let [user, password] = ["user:", "password:"].map(|key| line(text, key).split_once(": ").unwrap().1.to_owned());
        text.replace(&user, "@").replace(&password, &user).replace('@', &password)
    };
    assert_eq!(refuse("encrypted-regex", swapped), "Value");
    assert_eq!(refuse_secret(&line(&secret, "port:"), "    port: 1"), "Value");
    assert_eq!(refuse_secret(&line(&secret, "port:"), "    port: plain"), "Value");
    assert_eq!(refuse_secret(&line(&secret, "port:"), ""), "Changed");
    assert_eq!(refuse_secret("name: db", "name: web"), "Changed");
    assert_eq!(refuse("encrypted-comment", |text| text.replace("hunter2", "hunter3")), "Changed");
}

#[test]
fn what_is_not_as_sops_writes_it_is_refused() {
    let secret = document("encrypted-regex");
    let [mac, time] = [" mac:", "lastmodified:"].map(|key| line(&secret, key));
    assert_eq!(refuse_secret(&time, "    lastmodified: '2020-01-01T00:00:00Z'"), "OtherKey");
    assert_eq!(refuse_secret(&mac, "    mac: ''"), "OtherKey");
    assert_eq!(refuse_secret("YWdl", "YWdm"), "NotForThisIdentity");
    assert_eq!(refuse_secret("    age:", "    key_groups: []\n    age:"), "Unsupported");
    assert_eq!(refuse_secret("^(data", "^((data"), "Unsupported");
    assert_eq!(refuse_secret("    mac:", "    encrypted_suffix: x\n    mac:"), "Malformed");
    assert_eq!(refuse_secret("lastmodified", "modified"), "Malformed");
    assert_eq!(refuse_secret("\nsops:", "\nspos:"), "NotEncrypted");
    assert_eq!(refuse("encrypted-regex", |text| format!("{text}---\na: b\n")), "Unreadable");
}

#[test]
fn labels_may_change_where_the_mac_covers_secrets_alone() {
    let text = document("mac-only-encrypted").replace("name: db", "name: web");
    assert_eq!(open(&text).unwrap()["metadata"]["name"], "web");
}

#[test]
fn another_key_reads_nothing() {
    let result = decrypt(&document("all-values"), &DataKey::generate());
    assert!(matches!(result, Err(DecryptError::OtherKey)));
    let stranger = age::x25519::Identity::generate().to_string();
    let stranger = Identity::parse(stranger.expose_secret()).unwrap();
    let result = unwrap_data_key(&document("all-values"), &stranger);
    assert!(matches!(result, Err(DecryptError::NotForThisIdentity)));
}
