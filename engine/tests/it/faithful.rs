//! Records that kubectl applies to an empty cluster become the same resources, for each kind that people write.

#![expect(clippy::indexing_slicing, reason = "JSON of a known form; a missing field fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use model::Kind;
use model::sync::{SyncChip, WatchState};
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use sops::Recipients;

use crate::deployments::operator;
use crate::harness::{Kubectl, TestEngine, eventually, git};

/// Where the objects of the corpus live that have a namespace.
const NAMESPACE: &str = "corpus";
/// Where they live once more, applied by the server's side.
const SERVER_SIDE: &str = "corpus-server-side";

/// Who can decrypt what is secret in the records, and the key for it, whose bytes are all 0x42.
const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
const IDENTITY: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

/// What people write that is easily lost or made up, and a text that stands in the corpus for it.
const AWKWARD: [(&str, &str); 40] = [
    ("a headless Service", "clusterIP: None"),
    ("a NodePort Service with a port asked for", "nodePort: 30123"),
    ("a Service with a port for health checks asked for", "healthCheckNodePort: 30125"),
    ("a Pod that a person put on a node", "nodeName: node-1"),
    ("a StorageClass", "kind: StorageClass"),
    ("a PriorityClass", "kind: PriorityClass"),
    ("a ServiceAccount with pull secrets", "imagePullSecrets: [{name: registry}"),
    ("an aggregated ClusterRole", "aggregationRule:"),
    ("an immutable ConfigMap", "immutable: true"),
    ("a CronJob", "kind: CronJob"),
    ("a Job", "kind: Job"),
    ("a StatefulSet with claim templates", "volumeClaimTemplates:"),
    ("an empty volume", "emptyDir: {}"),
    ("topology spread", "topologySpreadConstraints:"),
    ("probes", "startupProbe:"),
    ("a sidecar", "restartPolicy: Always"),
    ("an ephemeral volume", "ephemeral:"),
    ("a projected volume", "projected:"),
    ("an autoscaler", "apiVersion: autoscaling/v2"),
    ("a disruption budget", "kind: PodDisruptionBudget"),
    ("a NetworkPolicy with an empty selector", "podSelector: {}"),
    ("a webhook with an authority", "caBundle: LS0t"),
    ("a webhook whose authority is injected", "cert-manager.io/inject-ca-from"),
    ("an admission policy", "kind: ValidatingAdmissionPolicy"),
    ("an APIService", "kind: APIService"),
    ("the Gateway API", "kind: HTTPRoute"),
    ("an empty set in a custom resource", "selfSigned: {}"),
    ("fields beside spec", "title: \"Icons: all of them\""),
    ("unknown fields", "values: {nothing: null, list: [null]"),
    ("nulls that a schema knows", "cleared: null"),
    ("a finalizer", "finalizers: [tests.denshimon.dev/keep]"),
    ("binary data", "binaryData:"),
    ("an immutable Secret", "immutable: true\ntype: example.org/licence"),
    ("a credential in a ConfigMap", "database.password: corpus-setting"),
    ("a credential in an environment", "name: DATABASE_PASSWORD, value: corpus-environment"),
    ("trailing spaces in several lines", "trailing: \"a  \\nb\\n\""),
    ("Unicode", "電子門"),
    ("control characters", "\\x7F next line\\x85"),
    ("a number near 2^53", "9007199254740993"),
    ("odd quantities", "1500e-3"),
];

/// Kinds that have records though nothing in the corpus is of them, each with the reason.
const NOT_IN_CORPUS: [(&str, &str); 1] = [(
    "CustomResourceDefinition.apiextensions.k8s.io",
    "The folder `definitions` holds those that the corpus needs, and what they define is in the corpus.",
)];

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

/// Whether the corpus runs on a control plane of three minor versions before, as `script/chaos` asks for.
fn earlier() -> bool {
    std::env::var_os("CORPUS_ON_EARLIER_KUBERNETES").is_some()
}

/// A control plane of a test's own, and kubectl for it.
pub async fn plane() -> (Sandbox, Kubectl) {
    let plane = Sandbox::start(Options { nodes: 1, earlier: earlier(), ..Options::default() }).await.unwrap();
    let kubectl = Kubectl::of(plane.kubeconfig()).await;
    (plane, kubectl)
}

/// The kinds whose resources people can make and Denshimon can follow, by their qualified names.
async fn kinds_for_people(kubectl: &Kubectl) -> BTreeSet<String> {
    let table = kubectl.run(&["api-resources", "--verbs=create,list,watch", "--no-headers"]).await;
    let kind_of = |line: &str| {
        // A kind may have short names or none, so that the columns are counted from the end.
        let mut columns = line.split_whitespace().rev();
        let (kind, _namespaced, api_version) = (columns.next()?, columns.next()?, columns.next()?);
        let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
        Some(Kind::new(group, kind).qualified())
    };
    table.lines().map(|line| kind_of(line).unwrap()).collect()
}

/// Checks that each kind that people can make and that has records is in the corpus.
async fn has_all_kinds(documents: &[(String, String)], creatable: &BTreeSet<String>, engine: &TestEngine) {
    let in_corpus: BTreeSet<String> = documents
        .iter()
        .map(|(_, text)| {
            let tree = manifest::parse(text).unwrap().remove(0).tree;
            let group = tree["apiVersion"].as_str().unwrap().rsplit_once('/').map_or("", |(group, _)| group);
            Kind::new(group, tree["kind"].as_str().unwrap()).qualified()
        })
        .collect();
    let kinds = engine.engine.sync_status(&operator()).await.unwrap().kinds;
    let recorded = kinds.iter().filter(|kind| kind.left_out.is_none()).map(|kind| kind.kind.qualified());
    let recorded: BTreeSet<String> = recorded.filter(|kind| creatable.contains(kind)).collect();
    assert!(recorded.len() > 40, "{recorded:?}");
    let is_excused = |kind: &String| NOT_IN_CORPUS.iter().any(|(excused, _)| excused == kind);
    let missing: Vec<&String> = recorded.difference(&in_corpus).filter(|kind| !is_excused(kind)).collect();
    assert!(missing.is_empty(), "kinds that no record of the corpus is of: {missing:?}");
    let idle: Vec<&String> = in_corpus.iter().filter(|kind| is_excused(kind)).collect();
    assert!(idle.is_empty(), "excused for nothing: {idle:?}");
}

/// Leaves out what came to Kubernetes after the version of this API server: kinds and fields that it has no word for.
async fn known_to(kubectl: &Kubectl, documents: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut known = Vec::new();
    for (name, document) in documents {
        let errors = kubectl.errors(&["apply", "--dry-run=server", "-n", NAMESPACE, "-f", "-"], &document).await;
        if errors.contains("no matches for kind") || errors.contains("unknown field") {
            println!("not on this API server: {name}");
        } else {
            known.push((name, document));
        }
    }
    assert!(known.len() >= 110, "{} are known", known.len());
    known
}

/// How kubectl applies as it always did, and how it leaves it to the server.
const BY_KUBECTL: &[&str] = &["apply", "-n", NAMESPACE, "-f", "-"];
const BY_SERVER: &[&str] = &["apply", "--server-side", "-f", "-"];

/// Applies all in any order: what needs another is tried again after it. Only quotas come when all others are there, since
/// Kubernetes takes minutes to count resources of a kind that was just defined, and admits none before.
async fn apply_all<'a>(kubectl: &Kubectl, how: &[&str], documents: impl IntoIterator<Item = (&'a String, &'a String)>) {
    let (quotas, others): (Vec<_>, Vec<_>) =
        documents.into_iter().partition(|(name, _)| name.contains("resourcequota"));
    for part in [others, quotas].into_iter().filter(|part| !part.is_empty()) {
        let all = part.into_iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("---\n");
        apply_until_all_is_there(kubectl, how, &all).await;
    }
}

async fn apply_until_all_is_there(kubectl: &Kubectl, how: &[&str], all: &str) {
    for _ in 0..9 {
        if kubectl.try_run_with(how, all).await {
            return;
        }
    }
    kubectl.run_with(how, all).await;
}

/// The files below a folder of a clone, by path.
pub fn records(folder: &Path) -> BTreeMap<String, String> {
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

/// Decrypts what is secret in these records with sops, as those do who restore them.
async fn decrypted(folder: &Path, records: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let sops = sandbox::ensure_sops().await.unwrap();
    let decrypt = |path: &str| {
        let output = std::process::Command::new(&sops)
            .args(["decrypt", path])
            .current_dir(folder)
            .env("SOPS_AGE_KEY", IDENTITY)
            .env("SOPS_DISABLE_VERSION_CHECK", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let is_encrypted = |record: &str| record.contains("\nsops:\n");
    let read = records.into_iter().map(|(path, record)| {
        assert!(is_encrypted(&record) || !is_secret(&path), "{path} is encrypted");
        let record = if is_encrypted(&record) { decrypt(&path) } else { record };
        (path, record)
    });
    read.collect()
}

/// Tells which records of the corpus hold what is secret, in each of the two namespaces.
fn is_secret(path: &str) -> bool {
    path.contains("/secret/") || path.ends_with("/credentials.yaml")
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
    if !PLAIN_STATUS.contains(&item["kind"].as_str().unwrap()) {
        item.as_object_mut().unwrap().remove("status");
    }
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
        "Pod" => strip_run_of_pod(item),
        "PersistentVolumeClaim" | "PersistentVolume" => strip_binding(item),
        _ => {}
    }
}

/// Their definitions have no status subresource.
const PLAIN_STATUS: [&str; 2] = ["Note", "Voucher"];

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
    let asked = |address: &Value| ["None", "10.96.0.153", "10.96.0.154"].iter().any(|known| address == known);
    let spec = spec.as_object_mut().unwrap();
    if spec.get("clusterIP").is_some_and(|address| !asked(address)) {
        spec.remove("clusterIP");
        spec.remove("clusterIPs");
    }
    let given = |port: &Value| *port == 30125 || *port == 30126;
    if spec.get("healthCheckNodePort").is_some_and(|port| !given(port)) {
        spec.remove("healthCheckNodePort");
    }
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if port["nodePort"] != 30123 && port["nodePort"] != 30124 {
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
fn strip_run_of_pod(pod: &mut Value) {
    let is_placed_by_hand = pod["metadata"]["name"] == "placed";
    let spec = pod["spec"].as_object_mut().unwrap();
    if !is_placed_by_hand {
        spec.remove("nodeName");
    }
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

pub async fn in_step(test: &TestEngine) {
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
    // Before the corpus brings an APIService whose server is nowhere.
    let creatable = kinds_for_people(&source).await;
    let documents: Vec<_> =
        corpus().into_iter().map(|(name, text)| (name, text.replace("NAMESPACE", NAMESPACE))).collect();
    assert!(documents.len() >= 130, "{}", documents.len());
    for (what, text) in AWKWARD {
        assert!(documents.iter().any(|(_, document)| document.contains(text)), "{what} is in the corpus");
    }
    let whole = documents.clone();
    let documents = if earlier() { known_to(&source, documents).await } else { documents };
    apply_all(&source, BY_KUBECTL, documents.iter().map(|(name, text)| (name, text))).await;
    source.run(&["create", "namespace", SERVER_SIDE]).await;
    let server_side = for_server_side(&documents);
    apply_all(&source, BY_SERVER, &server_side).await;

    let engine = TestEngine::start_for(&source, Some(Recipients::parse(&[RECIPIENT]).unwrap())).await;
    for kind in [Kind::new("", "Endpoints"), Kind::new("discovery.k8s.io", "EndpointSlice")] {
        eventually("what people wrote of a kind that is usually left out is recorded", || async {
            engine.engine.set_kind_recorded(&operator(), &kind, true).await.ok()
        })
        .await;
        // Until the watch has begun, nothing waits for it.
        eventually("it is recorded in both namespaces", || async {
            let kinds = engine.engine.sync_status(&operator()).await.unwrap().kinds;
            kinds.iter().any(|known| known.kind == kind && known.records >= 2).then_some(())
        })
        .await;
    }
    in_step(&engine).await;
    has_all_kinds(&whole, &creatable, &engine).await;
    let clone = engine.clone_repository().join("clusters/test");
    let restorable = decrypted(&clone, records(&clone)).await;
    assert_eq!(restorable.keys().filter(|path| is_secret(path)).count(), 2 * (7 + 2), "in both namespaces");
    let recorded: BTreeSet<String> =
        restorable.values().map(|text| name_of(&manifest::parse(text).unwrap()[0].tree)).collect();
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

    let (by_server, by_kubectl): (BTreeMap<_, _>, BTreeMap<_, _>) =
        restorable.clone().into_iter().partition(|(path, _)| path.starts_with(SERVER_SIDE));
    assert!(by_server.len() > 90, "{}", by_server.len());
    apply_all(&target, BY_KUBECTL, &by_kubectl).await;
    apply_all(&target, BY_SERVER, &by_server).await;
    let (before, after) = tokio::join!(resources(&source, &restorable), resources(&target, &restorable));
    let differences: Vec<String> = before
        .iter()
        .filter_map(|(name, one)| difference(name, one, after.get(name).unwrap_or(&Value::Null)))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!((before.len(), after.len()), (restorable.len(), restorable.len()));
    let by_name: BTreeMap<String, Value> = restorable
        .values()
        .map(|text| manifest::parse(text).unwrap().remove(0).tree)
        .map(|record| (name_of(&record), record))
        .collect();
    let lost = documents.iter().map(|(_, text)| text).chain(server_side.values()).flat_map(|document| {
        let mut given = manifest::parse(document).unwrap().remove(0).tree;
        if !by_name.contains_key(&name_of(&given)) {
            given["metadata"]["namespace"] = json!(NAMESPACE);
        }
        let name = name_of(&given);
        let mut lost = Vec::new();
        if let Some(record) = by_name.get(&name) {
            find_lost(&given, &before[&name], record, &name, &mut lost);
        }
        lost
    });
    let lost: Vec<String> = lost.collect();
    assert!(lost.is_empty(), "what people applied and the API server keeps is in the record:\n{}", lost.join("\n"));
    tokio::join!(async { first.stop().await.unwrap() }, async { second.stop().await.unwrap() });
}

/// The corpus for another namespace, without what only one Service of a cluster can have and without control
/// characters, which kubectl writes so that the API server cannot read them.
fn for_server_side(documents: &[(String, String)]) -> BTreeMap<String, String> {
    let namespaced = documents.iter().filter(|(name, _)| !name.starts_with("cluster-") && name != "configmap-controls");
    let moved = namespaced.map(|(name, text)| {
        let mut document = manifest::parse(text).unwrap().remove(0).tree;
        document["metadata"]["namespace"] = json!(SERVER_SIDE);
        let text = manifest::render_tree(&document)
            .replace("30123", "30124")
            .replace("30125", "30126")
            .replace("10.96.0.153", "10.96.0.154");
        (name.clone(), text)
    });
    moved.collect()
}

/// Finds what somebody gave and the API server has, but the record has not.
fn find_lost(given: &Value, live: &Value, record: &Value, place: &str, lost: &mut Vec<String>) {
    match (given, live) {
        (Value::Object(given), Value::Object(live)) => {
            for (name, given) in given {
                let Some(live) = live.get(name) else { continue };
                match record.get(name) {
                    Some(record) => find_lost(given, live, record, &format!("{place}.{name}"), lost),
                    None => lost.push(format!("{place}.{name}: {given}")),
                }
            }
        }
        (Value::Array(given), Value::Array(live)) => {
            for (index, (given, live)) in given.iter().zip(live).enumerate() {
                match record.get(index) {
                    Some(record) => find_lost(given, live, record, &format!("{place}.{index}"), lost),
                    None => lost.push(format!("{place}.{index}: {given}")),
                }
            }
        }
        (given, live) if live != record => lost.push(format!("{place}: {given}, {live} and {record}")),
        _ => {}
    }
}

/// Says how a resource differs after it was made again.
fn difference(name: &str, before: &Value, after: &Value) -> Option<String> {
    let [before, after] = [before, after].map(|tree| serde_json::to_string_pretty(tree).unwrap());
    let difference = similar::TextDiff::from_lines(&before, &after).unified_diff().to_string();
    (!difference.is_empty()).then(|| format!("{name} differs after it was made again:\n{difference}"))
}

/// As somebody would write them: 25 lines each.
const SHORT: [(&str, &str); 5] = [
    ("deployment", SHORT_DEPLOYMENT),
    ("statefulset", SHORT_STATEFULSET),
    ("daemonset", SHORT_DAEMONSET),
    ("job", SHORT_JOB),
    ("cronjob", SHORT_CRONJOB),
];

const SHORT_DEPLOYMENT: &str = "\
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

const SHORT_STATEFULSET: &str = "\
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: short
spec:
  replicas: 1
  serviceName: short
  selector:
    matchLabels:
      app: stateful
  template:
    metadata:
      labels:
        app: stateful
    spec:
      containers:
      - name: app
        image: registry.example/short:1.0.0
        livenessProbe:
          grpc:
            port: 9000
      volumes:
      - name: settings
        configMap:
          name: settings
";

const SHORT_DAEMONSET: &str = "\
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: short
spec:
  selector:
    matchLabels:
      app: daemon
  template:
    metadata:
      labels:
        app: daemon
    spec:
      hostNetwork: true
      containers:
      - name: app
        image: registry.example/short:1.0.0
        livenessProbe:
          httpGet:
            path: /live
            port: 9100
      volumes:
      - name: host
        hostPath:
          path: /
";

const SHORT_JOB: &str = "\
apiVersion: batch/v1
kind: Job
metadata:
  name: short
spec:
  backoffLimit: 2
  template:
    metadata:
      labels:
        app: job
    spec:
      restartPolicy: Never
      containers:
      - name: app
        image: registry.example/short:1.0.0
        command:
        - ./migrate
        volumeMounts:
        - name: settings
          mountPath: /settings
      volumes:
      - name: settings
        configMap:
          name: settings
          optional: true
";

const SHORT_CRONJOB: &str = "\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: short
spec:
  schedule: \"0 3 * * *\"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          initContainers:
          - name: prepare
            image: registry.example/short:1.0.0
          containers:
          - name: app
            image: registry.example/short:1.0.0
            volumeMounts:
            - name: host
              mountPath: /host
          volumes:
          - name: host
            hostPath:
              path: /var/log
              type: Directory
";

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_hardly_longer_than_what_a_person_wrote() {
    let all = SHORT.map(|(_, document)| document).join("---\n");
    let kubectl = Kubectl::shared().await;
    let test = TestEngine::start(&kubectl).await;
    for command in [&["create"][..], &["apply"], &["apply", "--field-manager=ci"], &["apply", "--server-side"]] {
        let namespace = kubectl.create_namespace("short").await;
        kubectl.run_with(&[command, &["-n", &namespace, "-f", "-"]].concat(), &all).await;
        for (kind, document) in SHORT {
            assert_eq!(document.lines().count(), 25, "{kind}");
            let path = format!("main:clusters/test/{namespace}/{kind}/short.yaml");
            let record = eventually("it is recorded", || async {
                Some(git(&test.repository(), &["show", &path])).filter(|record| !record.is_empty())
            })
            .await;
            assert!(record.lines().count() <= 30, "{command:?}: {} lines\n{record}", record.lines().count());
        }
        kubectl.run(&["delete", "namespace", &namespace, "--wait=false"]).await;
    }
    test.stop().await;
}
