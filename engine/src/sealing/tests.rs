//! What stands for values, with and without recipients.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use tempfile::TempDir;

use super::*;

const ALICE: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
const BOB: &str = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg";

fn sealer(folder: &TempDir, recipients: &[&str]) -> Sealer {
    let recipients = (!recipients.is_empty()).then(|| Recipients::parse(recipients).unwrap());
    Sealer::open(folder.path(), recipients).unwrap()
}

fn resource() -> ResourceRef {
    manifest::identity(&secret("hunter2"), &"sandbox".parse().unwrap()).unwrap()
}

fn secret(password: &str) -> Value {
    use base64::Engine as _;
    let password = base64::engine::general_purpose::STANDARD.encode(password);
    json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "db", "namespace": "shop", "uid": "1", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": password, "team": "shop"}},
        "data": {"password": password, "user": "YWRtaW4="}})
}

fn seal(sealer: &Sealer, password: &str, previous: Option<&str>) -> String {
    let mut object = secret(password);
    let values = sealer.take(&resource(), &mut object).unwrap();
    let tree = Sealer::open_secret(manifest::sanitize(&object).into_tree(), &values);
    sealer.seal(&resource(), &tree, &Selection::secret(), previous, Timestamp::UNIX_EPOCH).unwrap()
}

#[test]
fn nothing_of_a_secret_s_values_is_left() {
    let folder = TempDir::new().unwrap();
    let sealer = sealer(&folder, &[]);
    let take = |password: &str| {
        let mut object = secret(password);
        assert!(sealer.take(&resource(), &mut object).is_none(), "nobody could read them");
        object
    };
    let text = take("hunter2").to_string();
    assert!(!text.contains("aHVudGVyMg") && !text.contains("YWRtaW4"), "{text}");
    assert!(text.contains("password") && text.contains("team"), "{text}");
    assert_ne!(take("hunter2")["data"]["password"], take("hunter3")["data"]["password"]);
    assert_eq!(take("hunter2")["data"]["user"], take("hunter3")["data"]["user"]);
}

#[test]
fn what_tools_keep_of_a_secret_is_taken_with_its_values() {
    let folder = TempDir::new().unwrap();
    for (annotation, value) in [
        ("kapp.k14s.io/original", r#"{"kind":"Secret","data":{"password":"aHVudGVyMg=="}}"#),
        ("objectset.rio.cattle.io/applied", "H4sIAAAAAAAA/6tWSkksSVSyqlYqSCwuLs8vSlGyUsooTUktUqqtBQBQC7xTGwAAAA=="),
        ("example.org/note", "the password is hunter2"),
    ] {
        for recipients in [&[] as &[&str], &[ALICE]] {
            let sealer = sealer(&folder, recipients);
            let mut object = secret("hunter2");
            object["metadata"]["annotations"][annotation] = value.into();
            let values = sealer.take(&resource(), &mut object);
            let covered = object["metadata"]["annotations"][annotation].as_str().unwrap().to_owned();
            assert!(manifest::is_stand_in(&covered) && object["metadata"]["annotations"]["team"] == "shop", "{object}");
            let record = manifest::sanitize(&object);
            let text = match values {
                Some(values) => {
                    let tree = Sealer::open_secret(record.tree().clone(), &values);
                    sealer.seal(&resource(), &tree, &Selection::secret(), None, Timestamp::UNIX_EPOCH).unwrap()
                }
                None => manifest::render(&record),
            };
            assert!(!text.contains(value) && !text.contains("hunter2") && text.contains(&covered), "{text}");
        }
    }
}

#[test]
fn a_value_has_the_same_fingerprint_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let take = || {
        let mut object = secret("hunter2");
        sealer(&folder, &[]).take(&resource(), &mut object);
        object
    };
    assert_eq!(take(), take());
    let mode = fs::metadata(folder.path().join("secrets.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_record_is_encrypted_and_stays_as_it_is_until_a_value_changes() {
    let folder = TempDir::new().unwrap();
    let first = seal(&sealer(&folder, &[ALICE]), "hunter2", None);
    assert!(!first.contains("aHVudGVyMg") && first.contains("ENC[AES256_GCM"), "{first}");
    let again = sealer(&folder, &[ALICE]);
    assert_eq!(seal(&again, "hunter2", Some(&first)), first);
    let changed = seal(&again, "hunter3", Some(&first));
    let line = |text: &str, key: &str| text.lines().find(|line| line.trim().starts_with(key)).unwrap().to_owned();
    assert_ne!(line(&changed, "password:"), line(&first, "password:"));
    assert_eq!(line(&changed, "user:"), line(&first, "user:"));
}

#[test]
fn a_recipient_comes_without_a_new_key_and_goes_with_one() {
    let folder = TempDir::new().unwrap();
    let line = |text: &str| text.lines().find(|line| line.trim().starts_with("password:")).unwrap().to_owned();
    let alice = seal(&sealer(&folder, &[ALICE]), "hunter2", None);
    let both = seal(&sealer(&folder, &[ALICE, BOB]), "hunter2", Some(&alice));
    assert_eq!(line(&both), line(&alice));
    let one = sealer(&folder, &[ALICE]);
    let left = seal(&one, "hunter2", Some(&both));
    assert_ne!(line(&left), line(&both), "Bob has the old key");
    assert_eq!(seal(&one, "hunter2", Some(&left)), left);
}

#[test]
fn a_file_that_holds_no_key_stops_the_start() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("secrets.key"), "{\"key\": \"00\", \"generation\": 0, \"recipients\": []}").unwrap();
    assert!(Sealer::open(folder.path(), None).is_err());
    fs::write(folder.path().join("secrets.key"), "").unwrap();
    assert!(Sealer::open(folder.path(), None).is_err());
}

#[test]
fn values_are_not_shown() {
    let folder = TempDir::new().unwrap();
    let values = sealer(&folder, &[ALICE]).take(&resource(), &mut secret("hunter2"));
    assert!(!format!("{values:?}").contains("aHVudGVyMg"));
}
