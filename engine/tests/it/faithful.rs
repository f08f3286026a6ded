//! Records that kubectl applies to an empty namespace become the same resources, for each kind that is followed.

#![expect(clippy::indexing_slicing, clippy::panic, reason = "JSON of a known form; a missing field fails the test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Kubectl, TestEngine, eventually, git};

const KINDS: &str = "deployments,statefulsets,daemonsets,cronjobs,jobs,services,ingresses,configmaps,serviceaccounts,\
                     roles,rolebindings,persistentvolumeclaims,horizontalpodautoscalers,networkpolicies,\
                     widgets.tests.denshimon.dev";

fn corpus() -> Vec<(String, String)> {
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

/// All resources of a namespace as another program's eyes see them: without what only the server can say.
async fn resources(kubectl: &Kubectl, namespace: &str) -> BTreeMap<String, Value> {
    let list = kubectl.run(&["get", KINDS, "-n", namespace, "-o", "json"]).await;
    let list: Value = serde_json::from_str(&list).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    let made_by_people = items.filter(|item| {
        let name = item["metadata"]["name"].as_str().unwrap();
        let owned = item["metadata"]["ownerReferences"].is_array();
        !owned && name != "kube-root-ca.crt" && !(item["kind"] == "ServiceAccount" && name == "default")
    });
    made_by_people
        .map(|item| {
            let text = serde_json::to_string(item).unwrap().replace(namespace, "NAMESPACE");
            let mut item: Value = serde_json::from_str(&text).unwrap();
            strip_what_differs_by_nature(&mut item);
            (format!("{} {}", item["kind"], item["metadata"]["name"]), item)
        })
        .collect()
}

fn strip_what_differs_by_nature(item: &mut Value) {
    item.as_object_mut().unwrap().remove("status");
    let metadata = item["metadata"].as_object_mut().unwrap();
    for field in ["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink"] {
        metadata.remove(field);
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        annotations.remove("deployment.kubernetes.io/revision");
        annotations.remove("deprecated.daemonset.template.generation");
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    if item["kind"] == "Service" && item["spec"]["clusterIP"] != "None" {
        let spec = item["spec"].as_object_mut().unwrap();
        spec.remove("clusterIP");
        spec.remove("clusterIPs");
        for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
            if port["nodePort"] != 30123 {
                port.as_object_mut().unwrap().remove("nodePort");
            }
        }
    }
    if item["kind"] == "Job" {
        // The controller's own mark, which holds the Job's uid.
        for labels in ["/metadata/labels", "/spec/template/metadata/labels", "/spec/selector/matchLabels"] {
            if let Some(labels) = item.pointer_mut(labels).and_then(Value::as_object_mut) {
                labels.retain(|key, _| !key.ends_with("controller-uid"));
            }
        }
    }
}

async fn release_finalizers(kubectl: &Kubectl, namespace: &str) {
    let patch = r#"{"metadata":{"finalizers":null}}"#;
    kubectl.run(&["patch", "widgets.tests.denshimon.dev/odd", "-n", namespace, "--type=merge", "-p", patch]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_makes_the_same_resource_again() {
    let kubectl = Kubectl::shared().await;
    let definition = Path::new("tests/definitions/widget.yaml");
    kubectl.run(&["apply", "-f", definition.to_str().unwrap()]).await;
    kubectl.run(&["wait", "--for=condition=Established", "crd/widgets.tests.denshimon.dev", "--timeout=30s"]).await;
    let source = kubectl.create_namespace("faithful").await;
    let documents = corpus();
    assert_eq!(documents.len(), 25);
    for (_, document) in &documents {
        kubectl.apply(&document.replace("NAMESPACE", &source), &source).await;
    }

    let engine = TestEngine::start(&kubectl).await;
    let folder = format!("clusters/test/{source}");
    // The StatefulSet's claim outlives it and belongs to nobody, so it is recorded, too.
    let expected = documents.len() + 1;
    let records = eventually("all resources are recorded", || async {
        let files = git(&engine.repository(), &["ls-tree", "-r", "--name-only", "main", &folder]);
        (files.lines().count() >= expected).then_some(files)
    })
    .await;
    assert_eq!(records.lines().count(), expected, "one record for each resource and no other:\n{records}");
    let clone: PathBuf = engine.clone_repository();
    engine.stop().await;

    // A second namespace stands for the empty cluster; the port that was asked for must be free there.
    let before = resources(&kubectl, &source).await;
    kubectl.run(&["delete", "service", "door", "-n", &source]).await;
    let target = kubectl.create_namespace("faithful").await;
    for file in records.lines() {
        let text = std::fs::read_to_string(clone.join(file)).unwrap().replace(&source, &target);
        kubectl.apply(&text, &target).await;
        let difference = kubectl.diff(&text, &target).await;
        assert_eq!(difference, "", "kubectl diff of {file}");
    }
    let after = resources(&kubectl, &target).await;
    for (name, resource) in &before {
        pretty_assert(name, resource, after.get(name).unwrap_or(&Value::Null));
    }
    assert_eq!(before.len(), after.len());

    release_finalizers(&kubectl, &source).await;
    release_finalizers(&kubectl, &target).await;
    kubectl.run(&["delete", "namespace", &source, &target, "--wait=false"]).await;
}

fn pretty_assert(name: &str, before: &Value, after: &Value) {
    let before = serde_json::to_string_pretty(before).unwrap();
    let after = serde_json::to_string_pretty(after).unwrap();
    if before != after {
        let lines: Vec<String> = similar::TextDiff::from_lines(&before, &after)
            .unified_diff()
            .iter_hunks()
            .map(|hunk| hunk.to_string())
            .collect();
        panic!("{name} differs after it was made again:\n{}", lines.concat());
    }
}
