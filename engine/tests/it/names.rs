//! What has a record in a cluster where nobody has done anything yet, and where records of odd names lie.

#![expect(clippy::indexing_slicing, reason = "JSON of a known form; a missing field fails the test")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::faithful::{in_step, plane, records};
use crate::harness::{Kubectl, TestEngine, eventually, git};

/// What a cluster begins with, a few of each sort: all of it is somebody else's but for the two [`PEOPLES`].
const KUBERNETES_OWN: [&[&str]; 16] = [
    &["namespace", "default", "kube-system", "kube-public", "kube-node-lease"],
    &["clusterrole", "cluster-admin", "view", "system:node"],
    &["clusterrolebinding", "cluster-admin", "system:basic-user"],
    &["role", "-n", "kube-system", "extension-apiserver-authentication-reader"],
    &["rolebinding", "-n", "kube-public", "system:controller:bootstrap-signer"],
    &["flowschema", "exempt", "catch-all", "system-nodes"],
    &["prioritylevelconfiguration", "exempt", "catch-all", "workload-low"],
    &["priorityclass", "system-node-critical", "system-cluster-critical"],
    &["apiservice", "v1.", "v1.apps"],
    &["servicecidr", "kubernetes"],
    &["ipaddress", "10.96.0.1"],
    &["service", "-n", "default", "kubernetes"],
    &["serviceaccount", "-n", "default", "default"],
    &["configmap", "-n", "default", "kube-root-ca.crt"],
    &["configmap", "-n", "kube-system", "extension-apiserver-authentication"],
    &["storageclass", "standard"],
];

/// People put labels on the namespace that they find there, as they do on their own. The storage class is the sandbox's
/// doing, as it would be an administrator's.
const PEOPLES: [&str; 2] = ["_cluster/namespace/default.yaml", "_cluster/storageclass/standard.yaml"];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_kubernetes_makes_for_itself_has_a_record() {
    let (sandbox, kubectl) = plane().await;
    for objects in KUBERNETES_OWN {
        let get = [&["get"], objects].concat();
        eventually(objects[0], || async { kubectl.try_run_with(&get, "").await.then_some(()) }).await;
    }
    let test = TestEngine::start(&kubectl).await;
    in_step(&test).await;
    let recorded = records(&test.clone_repository().join("clusters/test"));
    assert_eq!(recorded.into_keys().collect::<Vec<_>>(), PEOPLES);
    test.stop().await;
    sandbox.stop().await.unwrap();
}

/// Names that the API server tells apart, and that one file system or another takes for the same, for a device, for
/// something hidden or for a folder of Git's.
const ODD: [&str; 13] =
    ["Upper", "upper", "UPPER", "a:b", "a-b", "con", "Con", "nul.txt", ".hidden", "dot.", "_cluster", "git~1", "größe"];

/// Says where the roles' records lie, by the roles' names.
fn places(test: &TestEngine, names: &[String]) -> BTreeMap<String, String> {
    let folder = "clusters/test/_cluster/clusterrole/";
    let paths = git(&test.repository(), &["ls-tree", "-r", "-z", "--name-only", "main", "--", folder]);
    let places = paths.split_terminator('\0').map(|path| {
        let record = git(&test.repository(), &["show", &format!("main:{path}")]);
        let tree = manifest::parse(&record).unwrap().remove(0).tree;
        (tree["metadata"]["name"].as_str().unwrap().to_owned(), path.to_owned())
    });
    places.filter(|(name, _)| names.contains(name)).collect()
}

/// Tells whether any file system takes a part of a path as it is.
fn is_plain(part: &str) -> bool {
    let device = |stem: &str| ["con", "prn", "aux", "nul"].contains(&stem) || stem.starts_with("com1");
    let characters = part.bytes().all(|byte| byte.is_ascii_graphic() && !br#"<>:"\|?*"#.contains(&byte));
    characters
        && part.len() <= 255
        && !part.ends_with('.')
        && !part.starts_with('.')
        && !device(&part.split('.').next().unwrap().to_lowercase())
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_a_file_system_would_confuse_have_files_of_their_own() {
    let kubectl = Kubectl::shared().await;
    let long = ["m", "n"].map(|end| format!("{}{end}", "l".repeat(252)));
    let names: Vec<String> = ODD.map(str::to_owned).into_iter().chain(long).collect();
    let role = |name: &String| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]})
    };
    let roles = json!({"apiVersion": "v1", "kind": "List", "items": names.iter().map(role).collect::<Vec<_>>()});
    kubectl.run_with(&["apply", "-f", "-"], &roles.to_string()).await;

    let test = TestEngine::start(&kubectl).await;
    let recorded = eventually("all have records", || async {
        Some(places(&test, &names)).filter(|recorded| recorded.len() == names.len())
    })
    .await;
    let everything = git(&test.repository(), &["ls-tree", "-r", "-t", "-z", "--name-only", "main"]);
    let everything: Vec<&str> = everything.split_terminator('\0').collect();
    let in_lower_case: BTreeSet<String> = everything.iter().map(|path| path.to_lowercase()).collect();
    assert_eq!(in_lower_case.len(), everything.len(), "no two paths differ in case alone");
    for path in everything {
        assert!(path.split('/').all(is_plain), "{path}");
    }
    // Git looks at paths with the eyes of Windows and macOS.
    let foreign = ["-c", "core.ignoreCase=true", "-c", "core.protectNTFS=true", "-c", "core.protectHFS=true"];
    let clone = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("git")
        .args(foreign)
        .args(["clone", "-q", "-b", "main"])
        .args([test.repository().as_path(), clone.path()])
        .status();
    assert!(status.unwrap().success());
    for path in recorded.values() {
        assert!(clone.path().join(path).is_file(), "{path}");
    }
    assert_eq!(git(clone.path(), &[&foreign[..], &["status", "--porcelain"]].concat()), "");

    // Read back by another run, they are the same resources: only what is changed now makes a commit.
    let test = test.restart(&kubectl).await;
    kubectl.run(&["label", "--overwrite", "clusterrole", "con", "example.org/mark=yes"]).await;
    kubectl.run(&["delete", "clusterrole", "Upper"]).await;
    let commits = |path: &str| git(&test.repository(), &["log", "--oneline", "main", "--", path]).lines().count();
    eventually("the change is recorded", || async { (commits(&recorded["con"]) == 2).then_some(()) }).await;
    eventually("the deletion is recorded", || async { (commits(&recorded["Upper"]) == 2).then_some(()) }).await;
    let others = recorded.iter().filter(|(name, _)| !["con", "Upper"].contains(&name.as_str()));
    for (name, path) in others {
        assert_eq!(commits(path), 1, "{name}");
    }
    let mut left = recorded.clone();
    left.remove("Upper");
    assert_eq!(places(&test, &names), left);
    test.stop().await;
    let left: Vec<&str> = left.keys().map(String::as_str).collect();
    kubectl.run(&[&["delete", "clusterrole"], left.as_slice()].concat()).await;
}
