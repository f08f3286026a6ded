//! Makes the table of defaults by asking a running API server, and holds the committed one to it.
//!
//! For each object of the corpus, and for each kind that makes Pods out of each Pod described there: what does the server
//! add to it? Then each field in turn is taken out of the full object and the rest is dry-run. A default is what people
//! leave out in one place or another, comes back the same in every place, and counts as the writer's in `managedFields`:
//! what admission adds counts as nobody's, and is the choice of this cluster.
//! `DENSHIMON_WRITE_DEFAULTS=1` writes the table anew.

#![expect(clippy::indexing_slicing, reason = "JSON of a known form; a missing field fails the test")]

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{StreamExt, TryStreamExt};
use kube::api::{Api, DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::discovery::{Scope, pinned_kind};
use kube::{Client, Config};
use serde_json::{Value, json};

use crate::faithful::{corpus, define_kinds};
use crate::harness::Kubectl;

const TABLE: &str = "../manifest/src/defaults.json";

/// What people scale, so that a change of it reads as one; what a Secret is, since the rest of it is hidden.
const ALWAYS_WRITTEN: [&str; 2] = ["spec.replicas", "type"];

/// The kinds that make Pods: what is known of a Pod from one of them has to be asked of the others.
const MAKE_PODS: [(&str, &str); 9] = [
    ("v1", "Pod"),
    ("v1", "PodTemplate"),
    ("v1", "ReplicationController"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
];

/// Requests under way at a time.
const AT_ONCE: usize = 8;

/// One step into a tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Field(String),
    Item(usize),
}

/// By a field's place; see [`Finding`].
type Findings = BTreeMap<String, Finding>;

/// What is known of one field of a kind.
#[derive(Default)]
struct Finding {
    /// Somebody left it out, and what was filled in stands nowhere else in what was given: it was not computed from that.
    added: bool,
    /// By the `type` beside it.
    answers: BTreeMap<String, Answers>,
}

/// What the server said when a field was taken out.
#[derive(Clone, Default)]
struct Answers {
    /// What came back in its place.
    back: BTreeSet<String>,
    /// What stood there when it refused the rest: such a value has to be written.
    refused: BTreeSet<String>,
}

impl Answers {
    /// Adds what was said elsewhere.
    fn with(mut self, other: &Self) -> Self {
        self.back.extend(other.back.iter().cloned());
        self.refused.extend(other.refused.iter().cloned());
        self
    }

    /// Returns the one value that always comes back.
    fn only(&self) -> Option<Value> {
        let first = self.back.first().filter(|first| self.back.len() == 1 && !self.refused.contains(*first))?;
        let value: Value = serde_json::from_str(first).ok()?;
        // A list is put together from what is beside it.
        (!value.is_null() && !value.is_array() && value.get("others").is_none()).then_some(value)
    }
}

/// One object with all that the server adds.
struct Sample {
    api: Api<DynamicObject>,
    kind: String,
    given: Value,
    full: Value,
    /// Its `managedFields`, with one writer.
    managers: Value,
    /// What differs each time: names and numbers that the server makes up.
    volatile: BTreeSet<Vec<Step>>,
}

impl Sample {
    async fn new(client: &Client, namespace: &str, given: Value) -> Option<Self> {
        let (api_version, kind) = (given["apiVersion"].as_str()?, given["kind"].as_str()?);
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let (resource, capabilities): (ApiResource, _) =
            pinned_kind(client, &GroupVersionKind::gvk(group, version, kind)).await.ok()?;
        let api = match capabilities.scope {
            Scope::Namespaced => Api::namespaced_with(client.clone(), namespace, &resource),
            Scope::Cluster => Api::all_with(client.clone(), &resource),
        };
        let name = if group.is_empty() { format!("{kind}/{version}") } else { format!("{kind}.{group}/{version}") };
        let (full, managers) = (Value::Null, Value::Null);
        let mut sample = Self { api, kind: name, given, full, managers, volatile: BTreeSet::new() };
        let made = sample.create(sample.given.clone()).await?;
        sample.managers = made["metadata"]["managedFields"].clone();
        sample.full = sample.dry_run(sample.given.clone()).await?;
        let again = sample.dry_run(sample.given.clone()).await?;
        sample.volatile =
            paths(&sample.full).into_iter().filter(|path| at(&sample.full, path) != at(&again, path)).collect();
        Some(sample)
    }

    /// Lets the server make the object without keeping it; nothing when it refuses.
    async fn create(&self, mut tree: Value) -> Option<Value> {
        tree["metadata"].as_object_mut()?.remove("namespace");
        let object: DynamicObject = serde_json::from_value(tree).ok()?;
        let parameters = PostParams { dry_run: true, field_manager: Some("create".into()) };
        serde_json::to_value(self.api.create(&parameters, &object).await.ok()?).ok()
    }

    /// The same, without what the server keeps of each object.
    async fn dry_run(&self, tree: Value) -> Option<Value> {
        let mut made = self.create(tree).await?;
        made.as_object_mut()?.remove("status");
        made["metadata"] = self.given["metadata"].clone();
        if self.kind.starts_with("Job.") && self.given["spec"]["manualSelector"] != true {
            self.take_generated(&mut made["spec"]);
        }
        if self.kind == "Service/v1" {
            self.take_allocated(&mut made["spec"]);
        }
        Some(made)
    }

    /// Takes out what is allocated for a Service: a dry run names the range's own address (`AllocateNext` of
    /// `ipallocator` in Kubernetes), which nobody can have.
    fn take_allocated(&self, spec: &mut Value) {
        let given = &self.given["spec"];
        let spec = spec.as_object_mut().unwrap();
        for field in ["clusterIP", "clusterIPs", "healthCheckNodePort"] {
            if given.get(field).is_none() {
                spec.remove(field);
            }
        }
        let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
        for (index, port) in ports.into_iter().flatten().enumerate() {
            if given["ports"][index].get("nodePort").is_none() {
                port.as_object_mut().unwrap().remove("nodePort");
            }
        }
    }

    /// Takes out the selector and the labels that the server makes of a new uid for each Job, and accepts from nobody.
    fn take_generated(&self, spec: &mut Value) {
        let template = spec["template"].as_object_mut().unwrap();
        match self.given["spec"]["template"].get("metadata") {
            Some(given) => template.insert("metadata".into(), given.clone()),
            None => template.remove("metadata"),
        };
        spec.as_object_mut().unwrap().remove("selector");
    }

    /// Takes a field out and says what comes back, `null` for nothing; none when the server refuses the rest.
    async fn what_comes_back(&self, path: &[Step]) -> Option<Value> {
        let mut without = self.full.clone();
        take(&mut without, path);
        let expected = without.clone();
        let mut made = self.dry_run(without).await?;
        let back = at(&made, path).cloned().unwrap_or(Value::Null);
        take(&mut made, path);
        // More than the field itself changed: nothing is known about it alone.
        Some(if self.is_same(&made, &expected) { back } else { json!({"others": "changed"}) })
    }

    fn is_same(&self, left: &Value, right: &Value) -> bool {
        self.without_volatile(left) == self.without_volatile(right)
    }

    fn without_volatile(&self, tree: &Value) -> Value {
        let mut tree = tree.clone();
        self.volatile.iter().rev().for_each(|path| take(&mut tree, path));
        tree
    }

    /// Every field below the root, but the names and what the server makes up.
    fn candidates(&self) -> Vec<Vec<Step>> {
        let fixed = |path: &[Step]| matches!(path.first(), Some(Step::Field(name)) if ["apiVersion", "kind", "metadata"].contains(&name.as_str()));
        let volatile = |path: &[Step]| self.volatile.iter().any(|other| other.starts_with(path));
        let is_field = |path: &[Step]| matches!(path.last(), Some(Step::Field(_)));
        let is_candidate = |path: &[Step]| is_field(path) && !fixed(path) && !volatile(path) && self.is_owned(path);
        paths(&self.full).into_iter().filter(|path| is_candidate(path)).collect()
    }
}

impl Sample {
    /// Tells whether the writer owns a field, or anything in it.
    fn is_owned(&self, path: &[Step]) -> bool {
        let (mut owned, mut value) = (&self.managers[0]["fieldsV1"], &self.full);
        for step in path {
            if owned.as_object().is_some_and(serde_json::Map::is_empty) {
                return true;
            }
            let (next, inner) = match step {
                Step::Field(name) => (owned.get(format!("f:{name}")), value.get(name)),
                Step::Item(index) => (item_in(owned, &value[index]), value.get(index)),
            };
            let (Some(next), Some(inner)) = (next, inner) else { return false };
            (owned, value) = (next, inner);
        }
        true
    }
}

impl Sample {
    /// Tells whether the server filled in a field with something of its own.
    fn is_added(&self, path: &[Step]) -> bool {
        let parent_given = at(&self.given, &path[..path.len() - 1]).is_some();
        let Some(value) = at(&self.full, path).filter(|_| parent_given && at(&self.given, path).is_none()) else {
            return false;
        };
        // What was given, also in the form that the server writes it in.
        let written = paths(&self.given).into_iter().filter_map(|path| at(&self.full, &path));
        let plain = written.filter(|value| !value.is_object() && !value.is_array()).map(ToString::to_string);
        let given: BTreeSet<String> = leaves(&self.given).into_iter().chain(plain).collect();
        leaves(value).is_disjoint(&given)
    }
}

/// All plain values in a tree, as text.
fn leaves(tree: &Value) -> BTreeSet<String> {
    match tree {
        Value::Object(map) => map.values().flat_map(leaves).collect(),
        Value::Array(items) => items.iter().flat_map(leaves).collect(),
        value => BTreeSet::from([value.to_string()]),
    }
}

/// Finds a list's item among `k:` names, or in a list that is owned as one.
fn item_in<'a>(owned: &'a Value, item: &Value) -> Option<&'a Value> {
    let mut named = owned.as_object()?.iter().filter_map(|(key, inner)| Some((key.strip_prefix("k:")?, inner)));
    let fits = |names: &str| {
        let names: serde_json::Map<String, Value> = serde_json::from_str(names).unwrap();
        names.iter().all(|(name, value)| item.get(name) == Some(value))
    };
    named.find(|(names, _)| fits(names)).map(|(_, inner)| inner)
}

/// Every place in a tree.
fn paths(tree: &Value) -> Vec<Vec<Step>> {
    fn walk(tree: &Value, here: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
        let children: Vec<(Step, &Value)> = match tree {
            Value::Object(map) => map.iter().map(|(name, value)| (Step::Field(name.clone()), value)).collect(),
            Value::Array(items) => items.iter().enumerate().map(|(index, item)| (Step::Item(index), item)).collect(),
            _ => Vec::new(),
        };
        for (step, value) in children {
            here.push(step);
            found.push(here.clone());
            walk(value, here, found);
            here.pop();
        }
    }
    let mut found = Vec::new();
    walk(tree, &mut Vec::new(), &mut found);
    found
}

fn at<'a>(tree: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(tree, |value, step| match step {
        Step::Field(name) => value.get(name),
        Step::Item(index) => value.get(index),
    })
}

fn take(tree: &mut Value, path: &[Step]) {
    let Some((Step::Field(name), above)) = path.split_last() else { return };
    let parent = above.iter().try_fold(tree, |value, step| match step {
        Step::Field(name) => value.get_mut(name),
        Step::Item(index) => value.get_mut(index),
    });
    if let Some(map) = parent.and_then(Value::as_object_mut) {
        map.remove(name);
    }
}

fn pattern(path: &[Step]) -> String {
    let names = path.iter().map(|step| match step {
        Step::Field(name) => name.as_str(),
        Step::Item(_) => "*",
    });
    names.collect::<Vec<_>>().join(".")
}

async fn samples(kubectl: &Kubectl, namespace: &str) -> Vec<Sample> {
    let options = kube::config::KubeConfigOptions::default();
    let file = kube::config::Kubeconfig::read_from(&kubectl.kubeconfig).unwrap();
    let client = Client::try_from(Config::from_custom_kubeconfig(file, &options).await.unwrap()).unwrap();
    let documents = corpus().into_iter().map(|(_, document)| document.replace("NAMESPACE", namespace));
    let mut given: Vec<Value> = documents.map(|text| manifest::parse(&text).unwrap().remove(0).tree).collect();
    let pods: Vec<Value> = given.iter().filter_map(pod_in).cloned().collect();
    given.extend(pods.iter().flat_map(|pod| MAKE_PODS.map(|(version, kind)| maker(version, kind, pod))));
    let made = futures::stream::iter(given).map(|given| Sample::new(&client, namespace, given)).buffered(AT_ONCE);
    let mut samples: Vec<Sample> = made.filter_map(std::future::ready).collect().await;
    samples.retain(|sample| !sample.kind.contains("denshimon") && !sample.kind.contains("example"));
    samples
}

/// Finds the description of a Pod in an object of a kind that makes some.
fn pod_in(object: &Value) -> Option<&Value> {
    MAKE_PODS.iter().find(|(_, kind)| object["kind"] == *kind)?;
    let paths = ["/spec/jobTemplate/spec/template/spec", "/spec/template/spec", "/template/spec", "/spec"];
    paths.into_iter().find_map(|path| object.pointer(path))
}

/// Describes a Pod in an object that says nothing else; one whose kind restarts Pods otherwise has it changed.
fn maker(api_version: &str, kind: &str, pod: &Value) -> Value {
    let mut pod = pod.clone();
    if ["Job", "CronJob"].contains(&kind) {
        if !["Never", "OnFailure"].iter().any(|policy| pod["restartPolicy"] == *policy) {
            pod["restartPolicy"] = json!("Never");
        }
    } else if kind != "Pod" {
        pod.as_object_mut().unwrap().remove("restartPolicy");
    }
    let labels = json!({"app": "maker"});
    let template = json!({"metadata": {"labels": labels}, "spec": pod});
    let (field, content) = match kind {
        "Pod" => ("spec", pod),
        "PodTemplate" => ("template", template),
        "ReplicationController" => ("spec", json!({"selector": labels, "template": template})),
        "Job" => ("spec", json!({"template": template})),
        "CronJob" => ("spec", json!({"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}})),
        _ => ("spec", json!({"selector": {"matchLabels": labels}, "template": template})),
    };
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "maker"}, field: content})
}

/// The places at which the server filled in something in one sample or another: only of these a row can be made.
fn worth_asking(samples: &[Sample]) -> BTreeSet<(String, String)> {
    let added = |sample: &Sample| -> Vec<_> {
        let candidates = sample.candidates().into_iter().filter(|path| sample.is_added(path));
        candidates.map(|path| place_of(&sample.kind, &pattern(&path))).collect()
    };
    samples.iter().flat_map(added).collect()
}

/// A field of a kind; one of a Pod is the same in each kind that makes some, since their answers are held against each
/// other.
fn place_of(kind: &str, at: &str) -> (String, String) {
    match field_of_pod(kind, at) {
        Some(field) => ("Pod".into(), field),
        None => (kind.to_owned(), at.to_owned()),
    }
}

/// Kinds and their rows, as the committed file has them.
async fn learn(samples: &[Sample]) -> BTreeMap<String, Vec<Value>> {
    let mut kinds: BTreeMap<String, Findings> = BTreeMap::new();
    let worth_asking = worth_asking(samples);
    for sample in samples {
        let mut candidates = sample.candidates();
        candidates.retain(|path| worth_asking.contains(&place_of(&sample.kind, &pattern(path))));
        let asked = futures::stream::iter(candidates).map(|path| async move {
            let back = sample.what_comes_back(&path).await;
            (path, back)
        });
        let answers: Vec<(Vec<Step>, Option<Value>)> =
            asked.buffer_unordered(AT_ONCE).map(Ok::<_, ()>).try_collect().await.unwrap();
        let findings = kinds.entry(sample.kind.clone()).or_default();
        for (path, back) in answers {
            let parent = at(&sample.full, &path[..path.len() - 1]);
            let beside = parent.and_then(|parent| parent.get("type")).and_then(Value::as_str).unwrap_or_default();
            let finding = findings.entry(pattern(&path)).or_default();
            finding.added |= sample.is_added(&path);
            let answers = finding.answers.entry(beside.to_owned()).or_default();
            match back {
                Some(back) => answers.back.insert(back.to_string()),
                None => answers.refused.insert(at(&sample.full, &path).unwrap().to_string()),
            };
        }
    }
    for sample in samples {
        note_absence(sample, kinds.get_mut(&sample.kind).unwrap());
    }
    let pods = answers_for_pods(&kinds);
    kinds
        .into_iter()
        .map(|(kind, findings)| {
            let rows = rows(&kind, &findings, &pods);
            (kind, rows)
        })
        .filter(|(_, rows)| !rows.is_empty())
        .collect()
}

/// A field that is absent from a full object was not filled in there: it comes back only under some condition.
fn note_absence(sample: &Sample, findings: &mut Findings) {
    let mut places: BTreeMap<String, Vec<Vec<Step>>> = BTreeMap::from([(String::new(), vec![Vec::new()])]);
    for path in paths(&sample.full) {
        places.entry(pattern(&path)).or_default().push(path);
    }
    for (at_pattern, finding) in findings {
        let (parent, field) = at_pattern.rsplit_once('.').unwrap_or(("", at_pattern));
        for place in places.get(parent).into_iter().flatten() {
            let parent = at(&sample.full, place).unwrap();
            if parent.get(field).is_none() {
                let beside = parent.get("type").and_then(Value::as_str).unwrap_or_default();
                finding.answers.entry(beside.to_owned()).or_default().back.insert("null".into());
            }
        }
    }
}

/// Pods are described in many kinds: what differs between them depends on more than its place.
fn answers_for_pods(kinds: &BTreeMap<String, Findings>) -> BTreeMap<String, BTreeSet<String>> {
    let mut answers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (kind, at, finding) in kinds.iter().flat_map(|(kind, all)| all.iter().map(move |(at, one)| (kind, at, one))) {
        if let Some(field) = field_of_pod(kind, at) {
            let back = finding.answers.values().flat_map(|answers| &answers.back);
            let values = back.filter(|value| *value != "null").cloned();
            answers.entry(field).or_default().extend(values);
        }
    }
    answers
}

fn field_of_pod(kind: &str, at: &str) -> Option<String> {
    let field = match kind.starts_with("Pod/") {
        true => at.strip_prefix("spec."),
        false => at.rsplit_once("template.spec.").map(|(_, field)| field),
    };
    field.map(|field| field.replace("initContainers", "containers"))
}

fn rows(kind: &str, findings: &Findings, pods: &BTreeMap<String, BTreeSet<String>>) -> Vec<Value> {
    let mut rows = Vec::new();
    for (at, finding) in findings.iter().filter(|(at, finding)| finding.added && !ALWAYS_WRITTEN.contains(&at.as_str()))
    {
        if field_of_pod(kind, at).is_some_and(|field| pods.get(&field).is_some_and(|answers| answers.len() > 1)) {
            continue;
        }
        let all = finding.answers.values().fold(Answers::default(), Answers::with);
        if let Some(value) = all.only() {
            rows.push(json!({"at": at, "value": value}));
            continue;
        }
        for (beside, answers) in finding.answers.iter().filter(|(beside, _)| !beside.is_empty()) {
            rows.extend(answers.only().map(|value| json!({"at": at, "value": value, "when": beside})));
        }
    }
    rows
}

/// One row a line, so that a difference shows what changed.
fn text(table: &BTreeMap<String, Vec<Value>>) -> String {
    let kinds = table.iter().map(|(kind, rows)| {
        let rows: Vec<String> = rows.iter().map(|row| format!("    {row}")).collect();
        format!("  {}: [\n{}\n  ]", json!(kind), rows.join(",\n"))
    });
    format!("{{\n{}\n}}\n", kinds.collect::<Vec<_>>().join(",\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_defaults_is_what_the_api_server_does() {
    let kubectl = Kubectl::shared().await;
    define_kinds(&kubectl).await;
    let namespace = kubectl.create_namespace("defaults").await;
    let samples = samples(&kubectl, &namespace).await;
    let table = text(&learn(&samples).await);
    if std::env::var_os("DENSHIMON_WRITE_DEFAULTS").is_some() {
        std::fs::write(TABLE, &table).unwrap();
    }
    let known = std::fs::read_to_string(TABLE).unwrap();
    let differences = similar::TextDiff::from_lines(&known, &table).unified_diff().to_string();
    assert_eq!(differences, "", "DENSHIMON_WRITE_DEFAULTS=1 writes the table anew");

    // All that is left out at once comes back.
    for sample in samples.iter().filter(|sample| !sample.kind.starts_with("Secret/")) {
        let mut live = sample.full.clone();
        live["metadata"]["managedFields"] = sample.managers.clone();
        live["metadata"]["uid"] = json!("11111111-1111-1111-1111-111111111111");
        let record = manifest::sanitize(&live).into_tree();
        let Some(made) = sample.dry_run(record.clone()).await else {
            panic!("{} cannot be made of {record:#}", sample.kind)
        };
        let [made, full] = [sample.without_volatile(&made), sample.without_volatile(&sample.full)];
        let [made, full] = [made, full].map(|tree| serde_json::to_string_pretty(&tree).unwrap());
        let difference = similar::TextDiff::from_lines(&full, &made).unified_diff().to_string();
        assert_eq!(difference, "", "{} made again of {record:#}", sample.kind);
    }
    kubectl.run(&["delete", "namespace", &namespace, "--wait=false"]).await;
}
