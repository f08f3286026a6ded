//! Live objects, as kube-apiserver 1.36 returned them, and the records they make.
//!
//! Each file in `testdata` is named `<kind>-<condition>`: created by kubectl create, applied, applied server-side,
//! then changed by others. Applied to an empty namespace, the records gave the same objects.

use std::path::Path;

use serde_json::Value;

/// Fields that only a server writes: none may be in any record.
const SERVERS: [&str; 9] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "selfLink",
    "managedFields",
    "ownerReferences",
    "deletionTimestamp",
    "healthCheckNodePort",
];

fn corpus() -> Vec<(String, Value)> {
    // Tests run in their package's folder; the folder they were compiled in may be another clone's.
    let folder = Path::new("testdata");
    let mut corpus: Vec<(String, Value)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let mut documents = manifest::parse(&text).unwrap();
            assert_eq!(documents.len(), 1);
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), documents.remove(0).tree)
        })
        .collect();
    corpus.sort_by(|left, right| left.0.cmp(&right.0));
    assert!(corpus.len() >= 40);
    corpus
}

fn has_key(value: &Value, key: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| has_key(item, key)),
        Value::Object(map) => map.contains_key(key) || map.values().any(|value| has_key(value, key)),
        _ => false,
    }
}

#[test]
fn live_objects_make_these_records() {
    for (name, live) in corpus() {
        let manifest = manifest::sanitize(&live);
        let record = manifest::render(&manifest);
        insta::assert_snapshot!(name, record);
    }
}

#[test]
fn a_record_reads_back_and_makes_itself() {
    for (name, live) in corpus() {
        let manifest = manifest::sanitize(&live);
        let record = manifest::render(&manifest);
        let read = manifest::parse(&record).unwrap().remove(0).tree;
        assert_eq!(read, *manifest.tree(), "{name}");
        let other: Value = serde_yaml::from_str(&record).unwrap();
        assert_eq!(other, *manifest.tree(), "{name}");
        let again = manifest::sanitize(&read);
        assert_eq!(manifest::render(&again), record, "{name}");
        assert_eq!(manifest::fingerprint(&again), manifest::fingerprint(&manifest), "{name}");
        let cluster = "main".parse().unwrap();
        assert_eq!(manifest::identity(&read, &cluster), manifest::identity(&live, &cluster), "{name}");
    }
}

#[test]
fn no_record_holds_what_a_server_wrote() {
    for (name, live) in corpus() {
        let manifest = manifest::sanitize(&live);
        for key in SERVERS {
            assert!(
                !has_key(&manifest.tree()["metadata"], key) && !has_key(&manifest.tree()["spec"], key),
                "{name}: {key}"
            );
        }
        // A custom resource's schema names a status, so only the root counts.
        assert!(manifest.tree().get("status").is_none(), "{name}");
        let record = manifest::render(&manifest);
        for secret in ["hunter2", "aHVudGVyMg", "YWRtaW4"] {
            assert!(!record.contains(secret), "{name}");
        }
    }
}

#[test]
fn churn_of_status_and_versions_changes_no_record() {
    for (name, live) in corpus() {
        let mut churned = live.clone();
        churned["metadata"]["resourceVersion"] = "999999".into();
        churned["metadata"]["generation"] = 99.into();
        churned["status"] = serde_json::json!({"observedGeneration": 99});
        assert_eq!(manifest::sanitize(&churned), manifest::sanitize(&live), "{name}");
    }
}

/// Different ways to the same Deployment: a restart changes nothing, and both ways to apply say the same of what a
/// person wrote.
#[test]
fn a_restart_makes_the_same_record() {
    let corpus = corpus();
    let record = |name: &str| {
        let (_, live) = corpus.iter().find(|(other, _)| other == name).unwrap();
        manifest::sanitize(live)
    };
    assert_eq!(record("deployment-restarted"), record("deployment-applied-server-side"));
    let changes =
        manifest::compare(Some(record("deployment-applied").tree()), Some(record("deployment-edited").tree()));
    insta::assert_snapshot!("summary-of-deployment-edited", manifest::summarize(&changes).join("\n"));
}
