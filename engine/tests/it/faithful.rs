//! Records that kubectl applies to an empty cluster become the same resources, for each kind that people write.

#![expect(clippy::indexing_slicing, reason = "JSON of a known form; a missing field fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use model::sync::{SyncChip, WatchState};
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::deployments::operator;
use crate::harness::{Kubectl, TestEngine, eventually, git};

/// Where the objects of the corpus live that have a namespace.
const NAMESPACE: &str = "corpus";

/// The objects that people write, each with its file's name.
pub fn corpus() -> Vec<(String, String)> {
    let folder = Path::new("tests/corpus");
    let mut documents: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    documents.sort();
    documents
}

/// Makes the kinds that the corpus needs known.
pub async fn define_kinds(kubectl: &Kubectl) {
    kubectl.run(&["apply", "-f", "tests/definitions"]).await;
    kubectl.run(&["wait", "--for=condition=Established", "-f", "tests/definitions", "--timeout=30s"]).await;
}

/// A control plane of this test's own, and kubectl for it.
async fn plane() -> (Sandbox, Kubectl) {
    let plane = Sandbox::start(Options { nodes: 1, ..Options::default() }).await.unwrap();
    let kubectl = Kubectl::of(plane.kubeconfig()).await;
    (plane, kubectl)
}

/// Applies documents in any order: what needs another is tried again after it.
async fn apply_all(kubectl: &Kubectl, documents: Vec<(String, String)>) {
    let mut left = documents;
    for _ in 0..5 {
        let mut refused = Vec::new();
        for (name, document) in left {
            if !kubectl.try_apply(&document, NAMESPACE).await {
                refused.push((name, document));
            }
        }
        left = refused;
        if left.is_empty() {
            return;
        }
    }
    for (_, document) in left {
        kubectl.apply(&document, NAMESPACE).await;
    }
}

/// The records of a clone by path, without those of what each cluster has by itself.
fn records(folder: &Path) -> BTreeMap<String, String> {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

fn name_of(object: &Value) -> String {
    let group = object["apiVersion"].as_str().unwrap().rsplit_once('/').map_or("", |(group, _)| group);
    let metadata = &object["metadata"];
    format!("{group} {} {}/{}", object["kind"], metadata["namespace"], metadata["name"])
}

/// The resources of these records as another program's eyes see them, without what each cluster says by itself.
async fn resources(kubectl: &Kubectl, records: &BTreeMap<String, String>) -> BTreeMap<String, Value> {
    let all = records.values().cloned().collect::<Vec<_>>().join("---\n");
    let list = kubectl.run_with(&["get", "--ignore-not-found", "-o", "json", "-f", "-"], &all).await;
    let list: Value = serde_json::from_str(&list).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    let stripped = items.map(|item| {
        let mut item = item.clone();
        strip_what_differs_by_nature(&mut item);
        (name_of(&item), item)
    });
    stripped.collect()
}

fn strip_what_differs_by_nature(item: &mut Value) {
    item.as_object_mut().unwrap().remove("status");
    let metadata = item["metadata"].as_object_mut().unwrap();
    for field in ["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink"] {
        metadata.remove(field);
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        for name in CONTROLLERS_NOTES {
            annotations.remove(name);
        }
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    match item["kind"].as_str().unwrap() {
        "Service" => strip_allocated(&mut item["spec"]),
        "Job" => strip_uid_of_job(item),
        "Pod" => strip_run_of_pod(&mut item["spec"]),
        "PersistentVolumeClaim" | "PersistentVolume" => strip_binding(item),
        _ => {}
    }
}

const CONTROLLERS_NOTES: [&str; 7] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-provisioner",
];

fn strip_allocated(spec: &mut Value) {
    let asked = |address: &Value| *address == "None" || *address == "10.96.0.153";
    let spec = spec.as_object_mut().unwrap();
    if spec.get("clusterIP").is_some_and(|address| !asked(address)) {
        spec.remove("clusterIP");
        spec.remove("clusterIPs");
    }
    spec.remove("healthCheckNodePort");
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if port["nodePort"] != 30123 {
            port.as_object_mut().unwrap().remove("nodePort");
        }
    }
}

/// The controller's own mark, which holds the Job's uid.
fn strip_uid_of_job(job: &mut Value) {
    for labels in ["/metadata/labels", "/spec/template/metadata/labels", "/spec/selector/matchLabels"] {
        if let Some(labels) = job.pointer_mut(labels).and_then(Value::as_object_mut) {
            labels.retain(|key, _| !key.ends_with("controller-uid"));
        }
    }
}

/// Where it runs, and the token that admission mounts under a name of chance.
fn strip_run_of_pod(spec: &mut Value) {
    let spec = spec.as_object_mut().unwrap();
    spec.remove("nodeName");
    let is_token = |volume: &Value| volume["name"].as_str().is_some_and(|name| name.starts_with("kube-api-access-"));
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(mounts) = container.get_mut("volumeMounts").and_then(Value::as_array_mut) {
                mounts.retain(|mount| !is_token(mount));
            }
        }
    }
    if let Some(volumes) = spec.get_mut("volumes").and_then(Value::as_array_mut) {
        volumes.retain(|volume| !is_token(volume));
    }
}

fn strip_binding(item: &mut Value) {
    if item["spec"]["volumeName"].as_str().is_some_and(|name| name.starts_with("pvc-")) {
        item["spec"].as_object_mut().unwrap().remove("volumeName");
    }
    let claim = item["spec"].get_mut("claimRef").and_then(Value::as_object_mut);
    claim.into_iter().for_each(|claim| {
        claim.remove("uid");
        claim.remove("resourceVersion");
    });
}

async fn in_step(test: &TestEngine) {
    eventually("all is recorded", || async {
        let status = test.engine.sync_status(&operator()).await.unwrap();
        let watched = status.kinds.iter().filter(|kind| kind.left_out.is_none());
        let all_watched =
            watched.clone().count() > 40 && watched.clone().all(|kind| kind.state == WatchState::Watching);
        (all_watched && matches!(status.chip, SyncChip::InStep { .. })).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_makes_the_same_resource_again() {
    let ((first, source), (second, target)) = tokio::join!(plane(), plane());
    source.run(&["create", "namespace", NAMESPACE]).await;
    define_kinds(&source).await;
    let documents: Vec<_> =
        corpus().into_iter().map(|(name, text)| (name, text.replace("NAMESPACE", NAMESPACE))).collect();
    assert!(documents.len() >= 80, "{}", documents.len());
    apply_all(&source, documents.clone()).await;

    let engine = TestEngine::start(&source).await;
    in_step(&engine).await;
    let records = records(&engine.clone_repository().join("clusters/test"));
    let recorded: BTreeSet<String> =
        records.values().map(|text| name_of(&manifest::parse(text).unwrap()[0].tree)).collect();
    for (name, document) in &documents {
        let mut given = manifest::parse(document).unwrap().remove(0).tree;
        let scoped = recorded.contains(&name_of(&given));
        given["metadata"]["namespace"] = json!(NAMESPACE);
        assert!(scoped || recorded.contains(&name_of(&given)), "{name} has a record");
    }

    // Nobody changes anything: another run commits nothing.
    let head = git(&engine.repository(), &["rev-parse", "main"]);
    let engine = engine.restart(&source).await;
    in_step(&engine).await;
    assert_eq!(git(&engine.repository(), &["rev-parse", "main"]), head);
    engine.stop().await;

    // The values of Secrets are in no record, so those cannot be restored.
    let restorable: BTreeMap<String, String> =
        records.into_iter().filter(|(path, _)| !path.contains("/secret/")).collect();
    apply_all(&target, restorable.clone().into_iter().collect()).await;
    let (before, after) = tokio::join!(resources(&source, &restorable), resources(&target, &restorable));
    let differences: Vec<String> = before
        .iter()
        .filter_map(|(name, one)| difference(name, one, after.get(name).unwrap_or(&Value::Null)))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!((before.len(), after.len()), (restorable.len(), restorable.len()));
    tokio::join!(async { first.stop().await.unwrap() }, async { second.stop().await.unwrap() });
}

/// Says how a resource differs after it was made again.
fn difference(name: &str, before: &Value, after: &Value) -> Option<String> {
    let [before, after] = [before, after].map(|tree| serde_json::to_string_pretty(tree).unwrap());
    let difference = similar::TextDiff::from_lines(&before, &after).unified_diff().to_string();
    (!difference.is_empty()).then(|| format!("{name} differs after it was made again:\n{difference}"))
}

/// As somebody would write it: 25 lines.
const SHORT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: short
spec:
  replicas: 2
  selector:
    matchLabels:
      app: short
  template:
    metadata:
      labels:
        app: short
    spec:
      containers:
      - name: app
        image: registry.example/short:1.0.0
        ports:
        - containerPort: 8080
        readinessProbe:
          httpGet:
            path: /ready
            port: 8080
        env:
        - {name: MODE, value: fast}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_hardly_longer_than_what_a_person_wrote() {
    assert_eq!(SHORT.lines().count(), 25);
    let kubectl = Kubectl::shared().await;
    let test = TestEngine::start(&kubectl).await;
    for command in [&["create"][..], &["apply"], &["apply", "--server-side"]] {
        let namespace = kubectl.create_namespace("short").await;
        kubectl.run_with(&[command, &["-n", &namespace, "-f", "-"]].concat(), SHORT).await;
        let path = format!("main:clusters/test/{namespace}/deployment/short.yaml");
        let record = eventually("it is recorded", || async {
            Some(git(&test.repository(), &["show", &path])).filter(|record| !record.is_empty())
        })
        .await;
        assert!(record.lines().count() <= 30, "{command:?}: {} lines\n{record}", record.lines().count());
        kubectl.run(&["delete", "namespace", &namespace, "--wait=false"]).await;
    }
    test.stop().await;
}
