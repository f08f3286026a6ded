//! Kinds come, change version and go while the engine runs, and people decide which are recorded.

use std::path::Path;

use engine::{Engine, EngineConfig, Error, KindRules};
use model::Kind;
use model::sync::{WatchState, WatchedKind};
use sandbox::{Options, Sandbox};

use crate::deployments::operator;
use crate::harness::{Kubectl, TestEngine, config, eventually, git};

/// A kind of this test's own.
struct Gadget {
    kubectl: Kubectl,
    group: String,
    namespace: String,
}

impl Gadget {
    async fn new() -> Self {
        Self::on(Kubectl::shared().await).await
    }

    async fn on(kubectl: Kubectl) -> Self {
        let namespace = kubectl.create_namespace("kinds").await;
        Self { kubectl, group: format!("g{:08x}.example.org", rand::random::<u32>()), namespace }
    }

    fn kind(&self) -> Kind {
        Kind::new(&self.group, "Gadget")
    }

    /// Defines the kind with these versions; the last is stored.
    async fn define(&self, versions: &[&str]) {
        self.define_served(versions, versions).await;
    }

    /// The same where not all of them are served.
    async fn define_served(&self, versions: &[&str], served: &[&str]) {
        self.kubectl.apply(&self.definition(versions, served), &self.namespace).await;
        self.is_established().await;
    }

    /// Deletes the kind with all that there is of it, and defines it again.
    async fn replace(&self, versions: &[&str]) {
        self.kubectl.run_with(&["replace", "--force", "-f", "-"], &self.definition(versions, versions)).await;
        self.is_established().await;
    }

    async fn is_established(&self) {
        let name = format!("crd/gadgets.{}", self.group);
        self.kubectl.run(&["wait", "--for=condition=Established", &name, "--timeout=30s"]).await;
    }

    fn definition(&self, versions: &[&str], served: &[&str]) -> String {
        let last = versions.last().unwrap();
        let version = |name: &&str| {
            format!(
                "  - {{name: {name}, served: {}, storage: {}, schema: {{openAPIV3Schema: {{type: object, \
                 x-kubernetes-preserve-unknown-fields: true}}}}}}\n",
                served.contains(name),
                name == last
            )
        };
        let group = &self.group;
        format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: \
             gadgets.{group}}}\nspec:\n  group: {group}\n  scope: Namespaced\n  names: {{plural: gadgets, singular: \
             gadget, kind: Gadget}}\n  versions:\n{}",
            versions.iter().map(version).collect::<String>()
        )
    }

    async fn put(&self, version: &str, size: u32) {
        self.put_named("one", version, size).await;
    }

    async fn put_named(&self, name: &str, version: &str, size: u32) {
        let document =
            format!("apiVersion: {}/{version}\nkind: Gadget\nmetadata: {{name: {name}}}\nsize: {size}\n", self.group);
        // kubectl finds out about a new kind a little later than the API server.
        eventually("the gadget is applied", || async {
            self.kubectl.try_apply(&document, &self.namespace).await.then_some(())
        })
        .await;
    }

    fn record(&self, repository: &Path) -> String {
        self.record_named("one", repository)
    }

    /// Waits for it.
    async fn recorded(&self, repository: &Path) -> String {
        let is_there = || async { Some(self.record(repository)).filter(|record| !record.is_empty()) };
        eventually("the gadget is recorded", is_there).await
    }

    fn record_named(&self, name: &str, repository: &Path) -> String {
        git(repository, &["show", &format!("main:{}/{name}.yaml", self.folder())])
    }

    /// Where the records are.
    fn folder(&self) -> String {
        format!("clusters/test/{}/gadget.{}", self.namespace, self.group)
    }

    async fn forget(&self) {
        self.kubectl.run(&["delete", &format!("crd/gadgets.{}", self.group)]).await;
    }
}

async fn watched(engine: &Engine, kind: &Kind) -> Option<WatchedKind> {
    let kinds = engine.sync_status(&operator()).await.unwrap().kinds;
    kinds.into_iter().find(|watched| watched.kind == *kind)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_is_followed_from_its_definition_to_its_end() {
    let gadget = Gadget::new().await;
    let test = TestEngine::start(&gadget.kubectl).await;
    gadget.define(&["v1"]).await;
    gadget.put("v1", 1).await;
    let repository = test.repository();
    let record = gadget.recorded(&repository).await;
    assert!(record.starts_with(&format!("apiVersion: {}/v1\n", gadget.group)), "{record}");

    // The server now prefers and stores another version: the record stays in the one it is in.
    gadget.define(&["v1", "v2"]).await;
    gadget.put("v2", 2).await;
    let record = eventually("the change is recorded", || async {
        Some(gadget.record(&repository)).filter(|record| record.contains("size: 2"))
    })
    .await;
    assert!(record.starts_with(&format!("apiVersion: {}/v1\n", gadget.group)), "{record}");

    gadget.forget().await;
    eventually("the kind is gone", || async { watched(&test.engine, &gadget.kind()).await.is_none().then_some(()) })
        .await;
    eventually("its records are gone", || async { gadget.record(&repository).is_empty().then_some(()) }).await;
    test.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_move_on_from_a_version_that_is_served_no_more() {
    let gadget = Gadget::new().await;
    gadget.define(&["v1"]).await;
    gadget.put("v1", 1).await;
    let test = TestEngine::start(&gadget.kubectl).await;
    let repository = test.repository();
    eventually("the gadget is recorded", || async { gadget.record(&repository).contains("/v1\n").then_some(()) }).await;
    gadget.define_served(&["v1", "v2"], &["v2"]).await;
    let record = eventually("the record is in the other version", || async {
        Some(gadget.record(&repository)).filter(|record| record.contains("/v2\n"))
    })
    .await;
    assert!(record.contains("size: 1"), "{record}");
    let path = format!("clusters/test/{}/gadget.{}/one.yaml", gadget.namespace, gadget.group);
    let log = git(&repository, &["log", "--format=%an: %s%n%b", "main", "--", &path]);
    let subject = format!("Denshimon: Record Gadget.{0} {1}/one in {0}/v2", gadget.group, gadget.namespace);
    let begins = subject.get(..60).unwrap();
    assert!(log.starts_with(begins), "{log}");
    let commits = || git(&repository, &["log", "--format=%h", "main", "--", &path]).lines().count();
    assert_eq!(commits(), 2, "{log}");
    gadget.put("v2", 2).await;
    eventually("it is followed in that version", || async {
        gadget.record(&repository).contains("size: 2").then_some(())
    })
    .await;
    assert_eq!(commits(), 3);
    gadget.forget().await;
    test.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_decide_which_kinds_are_recorded() {
    let gadget = Gadget::new().await;
    let test = TestEngine::start(&gadget.kubectl).await;
    let engine = &test.engine;
    let lease = Kind::new("coordination.k8s.io", "Lease");
    let usual = eventually("what is served is known", || watched(engine, &lease)).await;
    assert_eq!(usual.state, WatchState::Off);
    assert!(usual.left_out.unwrap().contains("Elections"));
    let unknown = engine.set_kind_recorded(&operator(), &gadget.kind(), true).await;
    assert!(matches!(unknown, Err(Error::NotFound { .. })), "{unknown:?}");

    gadget.define(&["v1"]).await;
    eventually("the kind is served", || async { watched(engine, &gadget.kind()).await }).await;
    engine.set_kind_recorded(&operator(), &gadget.kind(), false).await.unwrap();
    eventually("it is off", || async {
        watched(engine, &gadget.kind()).await.filter(|kind| kind.state == WatchState::Off && kind.left_out.is_some())
    })
    .await;
    gadget.put("v1", 1).await;
    let repository = test.repository();
    engine.set_kind_recorded(&operator(), &gadget.kind(), true).await.unwrap();
    let record = gadget.recorded(&repository).await;
    assert!(record.contains("size: 1"), "{record}");
    gadget.forget().await;
    test.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_decide_which_kinds_are_recorded() {
    let kubectl = Kubectl::shared().await;
    let namespace = kubectl.create_namespace("kinds").await;
    for kind in ["configmap", "serviceaccount"] {
        kubectl.run(&["create", kind, "mine", "-n", &namespace]).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let kind = Kind::new("", "ConfigMap");
    let kind_rules = KindRules::new([(kind.clone(), false)]);
    let config = EngineConfig { kind_rules, ..config(folder.path(), &kubectl.kubeconfig) };
    let test = TestEngine::of(Engine::start(config).await.unwrap(), folder);
    let off = eventually("what is served is known", || watched(&test.engine, &kind)).await;
    assert_eq!(off.state, WatchState::Off);
    assert_eq!(off.left_out.as_deref(), Some("Left out by a decision of yours."));
    let files = || git(&test.repository(), &["ls-tree", "-r", "--name-only", "main"]);
    let other = format!("clusters/test/{namespace}/serviceaccount/mine.yaml");
    eventually("another kind is recorded", || async { files().contains(&other).then_some(()) }).await;
    // All that was seen is committed then.
    test.stop().await;
    assert!(!files().contains("/configmap/"), "{}", files());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_is_replaced_by_force_has_the_records_of_what_is_put_back() {
    let gadget = Gadget::new().await;
    gadget.define(&["v1"]).await;
    gadget.put("v1", 1).await;
    let test = TestEngine::start(&gadget.kubectl).await;
    let repository = test.repository();
    let record = gadget.recorded(&repository).await;
    gadget.replace(&["v1"]).await;
    gadget.put("v1", 1).await;
    // It is seen after the first, and so tells when the engine is past the replacement.
    gadget.put_named("two", "v1", 2).await;
    eventually("the new one is recorded", || async {
        gadget.record_named("two", &repository).contains("size: 2").then_some(())
    })
    .await;
    eventually("the kind is followed", || async {
        watched(&test.engine, &gadget.kind()).await.filter(|kind| kind.state == WatchState::Watching)
    })
    .await;
    test.stop().await;
    assert_eq!(gadget.record(&repository), record);
    // The kind's definition and its records, and nobody else's.
    let log = git(&repository, &["log", "--format=%an: %s", "main", "--", &format!("*{}*", gadget.group)]);
    assert!(!log.is_empty() && !log.contains("gone"), "nothing was swept:\n{log}");
    gadget.forget().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_whose_own_server_is_away_keeps_its_records_through_a_restart() {
    // Its own, since a server that is away is in the way of whoever asks for all kinds.
    let plane = Sandbox::start(Options { nodes: 1, ..Options::default() }).await.unwrap();
    let gadget = Gadget::on(Kubectl::of(plane.kubeconfig()).await).await;
    gadget.define(&["v1"]).await;
    gadget.put("v1", 1).await;
    let test = TestEngine::start(&gadget.kubectl).await;
    let repository = test.repository();
    let record = gadget.recorded(&repository).await;
    let commits = || git(&repository, &["log", "--format=%h %an: %s", "main", "--", &gadget.folder()]);
    let before = commits();

    let service = format!("v1.{}", gadget.group);
    let broken = format!(
        r#"{{"metadata": {{"labels": {{"kube-aggregator.kubernetes.io/automanaged": null}}}}, "spec":
        {{"insecureSkipTLSVerify": true, "service": {{"namespace": "{}", "name": "nowhere", "port": 443}}}}}}"#,
        gadget.namespace
    );
    gadget.kubectl.run(&["patch", "apiservice", &service, "--type=merge", "-p", &broken]).await;
    let name = format!("apiservice/{service}");
    gadget.kubectl.run(&["wait", "--for=condition=Available=False", &name, "--timeout=30s"]).await;
    let test = test.restart(&gadget.kubectl).await;
    eventually("the kind is away", || async {
        let kind = watched(&test.engine, &gadget.kind()).await?;
        matches!(kind.state, WatchState::Away { .. }).then_some(())
    })
    .await;
    assert_eq!(gadget.record(&repository), record);

    // The API server then serves the kind by itself again.
    gadget.kubectl.run(&["delete", "apiservice", &service]).await;
    let kind = eventually("the kind is followed", || async {
        watched(&test.engine, &gadget.kind()).await.filter(|kind| kind.state == WatchState::Watching)
    })
    .await;
    assert_eq!(kind.objects, 1);
    test.stop().await;
    assert_eq!(gadget.record(&repository), record);
    assert_eq!(commits(), before);
    plane.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_controller_takes_over_loses_its_record() {
    let kubectl = Kubectl::shared().await;
    let namespace = kubectl.create_namespace("owned").await;
    for name in ["owner", "first", "second"] {
        kubectl.run(&["create", "configmap", name, "-n", &namespace]).await;
    }
    let test = TestEngine::start(&kubectl).await;
    let repository = test.repository();
    let has_record = |name: &str| {
        let path = format!("{namespace}/configmap/{name}.yaml");
        git(&repository, &["ls-tree", "-r", "--name-only", "main"]).lines().any(|line| line.ends_with(&path))
    };
    eventually("both are recorded", || async { (has_record("first") && has_record("second")).then_some(()) }).await;
    let uid = kubectl.run(&["get", "configmap", "owner", "-n", &namespace, "-o", "jsonpath={.metadata.uid}"]).await;
    let owned = format!(
        r#"{{"metadata": {{"ownerReferences": [{{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner",
        "uid": "{}", "controller": true}}]}}}}"#,
        uid.trim()
    );
    let take_over = async |name: &str| {
        kubectl.run(&["patch", "configmap", name, "-n", &namespace, "--type=merge", "-p", &owned]).await;
    };
    take_over("first").await;
    eventually("the first has no record", || async { (!has_record("first")).then_some(()) }).await;
    assert!(has_record("second"));
    test.stop().await;
    take_over("second").await;
    let test = test.restart(&kubectl).await;
    eventually("the second has no record", || async { (!has_record("second")).then_some(()) }).await;
    test.stop().await;
}
