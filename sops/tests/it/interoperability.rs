//! `sops` reads what is written here, and the other way round.

use std::path::PathBuf;
use std::process::Command;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use sops::{DataKey, DecryptError, Encryption, Recipients, Selection, decrypt, encrypt, unwrap_data_key};
use tempfile::TempDir;

use crate::documents::{IDENTITY, RECIPIENT, open};

/// Somebody else, who is a recipient of all that is written here.
const OTHER_RECIPIENT: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

/// The real program, with a folder for its files.
struct Sops {
    program: PathBuf,
    folder: TempDir,
}

impl Sops {
    async fn new() -> Self {
        Self { program: sandbox::ensure_sops().await.unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("record.yaml")
    }

    /// Runs it on a file that holds `text`, with `operands` after the file; returns what it prints.
    fn run(&self, options: &[&str], operands: &[&str], text: &str) -> String {
        std::fs::write(self.file(), text).unwrap();
        let output = Command::new(&self.program)
            .args(options)
            .arg(self.file())
            .args(operands)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("SOPS_AGE_KEY", IDENTITY)
            .env("SOPS_DISABLE_VERSION_CHECK", "1")
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "sops {options:?}: {error}\n{text}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same for what writes the file in place; returns the file.
    fn change(&self, options: &[&str], operands: &[&str], text: &str) -> String {
        self.run(options, operands, text);
        std::fs::read_to_string(self.file()).unwrap()
    }

    /// Asks for JSON: the YAML that it prints takes U+2028 for the end of a line, as YAML 1.1 did and 1.2 does not.
    fn decrypt(&self, record: &str) -> Value {
        serde_json::from_str(&self.run(&["--decrypt", "--output-type", "json"], &[], record)).unwrap()
    }
}

/// Whether both mean the same in JSON, which does not tell `3` from `3.0` and whose reader here rounds a last digit.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| is_same(value, other)))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(value, other)| is_same(value, other))
        }
        (Value::Number(left), Value::Number(right)) if left.is_f64() || right.is_f64() => {
            let (left, right) = (left.as_f64().unwrap(), right.as_f64().unwrap());
            (left - right).abs() <= left.abs() * 4.0 * f64::EPSILON
        }
        _ => left == right,
    }
}

fn read(text: &str) -> Value {
    manifest::parse(text).unwrap().remove(0).tree
}

fn write(tree: &Value, selection: &Selection, key: &DataKey, previous: Option<&str>) -> String {
    let recipients = Recipients::parse(&[OTHER_RECIPIENT, RECIPIENT]).unwrap();
    let now = jiff::Timestamp::from_second(1_800_000_000).unwrap();
    let encryption = Encryption { recipients: &recipients, data_key: key, selection, previous, now };
    encrypt(tree, &encryption).unwrap()
}

fn secret() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "immutable": true,
        "metadata": {"name": "db", "namespace": "shop", "labels": {"app": "db"}},
        "data": {"password": "aHVudGVyMg==", "user": "YWRtaW4=", "empty": "", "a.b:c": "eA==", "0644": "eQ=="},
        "stringData": {"text": "Grüße 🔑\n\n  zwei\n", "number": "1e3", "on": "off", "tilde": "~", "line": "\t\r\u{1}",
                       "\u{2028} separated\u{2029}": "\u{85}\u{2028} lines"},
    })
}

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "annotations": {"token": "abc", "note": "on"}},
        "spec": {"replicas": 3, "template": {"spec": {"containers": [
            {"name": "web", "image": "web:1", "env": [
                {"name": "A", "value": "hunter2"}, {"name": "B", "value": ""}, {"name": "C", "value": "hunter2"}]},
            {"name": "side", "image": "side:1", "args": ["-v", "0x10"], "resources": {"limits": {"cpu": 0.5}}},
        ]}}},
    })
}

#[tokio::test]
async fn sops_reads_what_is_written_here() {
    let sops = Sops::new().await;
    let key = DataKey::generate();
    let paths: [&[&str]; 2] =
        [&["spec", "template", "spec", "containers", "env", "value"], &["metadata", "annotations", "token"]];
    for (tree, selection) in [(secret(), Selection::secret()), (deployment(), Selection::covering(paths).unwrap())] {
        let record = write(&tree, &selection, &key, None);
        assert_eq!(sops.decrypt(&record), tree, "{record}");
    }
}

#[tokio::test]
async fn sops_reads_any_values_and_keys() {
    let sops = Sops::new().await;
    let key = DataKey::generate();
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let leaf = || {
        prop_oneof![
            4 => any::<String>().prop_map(Value::from),
            1 => any::<i64>().prop_map(Value::from),
            1 => proptest::num::f64::NORMAL.prop_map(Value::from),
            1 => any::<bool>().prop_map(Value::from),
            1 => Just(Value::Null),
            1 => proptest::collection::vec("[ -~]{0,6}", 0..4).prop_map(Value::from),
        ]
    };
    let map =
        || proptest::collection::btree_map(any::<String>(), leaf(), 0..12).prop_map(|map| map.into_iter().collect());
    let maps = (map(), map(), map()).prop_map(|(plain, data, string_data): (Value, Value, Value)| {
        json!({"kind": "Secret", "plain": plain, "data": data, "stringData": string_data})
    });
    runner
        .run(&maps, |tree| {
            let record = write(&tree, &Selection::secret(), &key, None);
            let theirs = sops.decrypt(&record);
            prop_assert!(is_same(&theirs, &tree), "{theirs}\n{tree}\n{record}");
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn what_sops_writes_is_read_here() {
    let sops = Sops::new().await;
    for selector in [
        &["--encrypted-regex", "^(data|stringData)$"] as &[&str],
        &["--unencrypted-regex", "^(metadata|kind|apiVersion)$"],
        &["--encrypted-suffix", "Data"],
        &["--unencrypted-suffix", "data"],
        &["--mac-only-encrypted", "--encrypted-regex", "a"],
        &[],
    ] {
        for tree in [secret(), deployment()] {
            let arguments = [&["--encrypt", "--age", RECIPIENT], selector].concat();
            let record = sops.run(&arguments, &[], &manifest::render_tree(&tree));
            assert_eq!(open(&record).unwrap(), tree, "{record}");
        }
    }
}

#[tokio::test]
async fn what_sops_changes_leaves_other_ciphertexts_as_they_are() {
    let sops = Sops::new().await;
    let key = DataKey::generate();
    let ours = write(&secret(), &Selection::secret(), &key, None);
    let theirs = sops.change(&["set"], &[r#"["data"]["password"]"#, r#""bmV3""#], &ours);
    let mut expect = secret();
    expect["data"]["password"] = "bmV3".into();
    assert_eq!(open(&theirs).unwrap(), expect);
    // A key in the middle, which SOPS adds at the end: the order of values is now another than ours.
    let theirs = sops.change(&["set"], &[r#"["data"]["added"]"#, r#""eA==""#], &theirs);
    expect["data"]["added"] = "eA==".into();
    assert_eq!(decrypt(&theirs, &key).unwrap(), expect);
    expect["stringData"]["text"] = "other".into();
    let next = write(&expect, &Selection::secret(), &key, Some(&theirs));
    assert_eq!(sops.decrypt(&next), expect);
    let kept = |record: &Value, field: &str| {
        let map = record[field].as_object().unwrap().clone();
        map.into_iter().filter(|(key, _)| key != "text").collect::<Vec<_>>()
    };
    for field in ["data", "stringData"] {
        assert_eq!(kept(&read(&next), field), kept(&read(&theirs), field), "{next}");
    }
    assert_eq!(read(&next)["sops"]["age"], read(&theirs)["sops"]["age"]);
    assert_ne!(read(&next)["stringData"]["text"], read(&theirs)["stringData"]["text"]);
}

#[tokio::test]
async fn what_is_not_encrypted_may_be_edited_without_sops() {
    let sops = Sops::new().await;
    let record = write(&secret(), &Selection::secret(), &DataKey::generate(), None).replace("app: db", "app: web");
    assert_eq!(sops.decrypt(&record)["metadata"]["labels"]["app"], "web");
}

#[tokio::test]
async fn a_key_that_sops_replaced_is_found_out() {
    let sops = Sops::new().await;
    let key = DataKey::generate();
    let rotated = sops.change(&["rotate", "--in-place"], &[], &write(&secret(), &Selection::secret(), &key, None));
    assert!(matches!(decrypt(&rotated, &key), Err(DecryptError::OtherKey)));
    let theirs = unwrap_data_key(&rotated, &sops::Identity::parse(IDENTITY).unwrap()).unwrap();
    assert_ne!(theirs.expose(), key.expose());
    assert_eq!(decrypt(&rotated, &theirs).unwrap(), secret());
}
