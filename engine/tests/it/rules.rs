//! Rules leave fields and resources out of records: what an autoscaler sets, fields by path, manager and labels.

use engine::{Engine, Error};
use model::deployment::DeploymentRef;
use model::ignore::{IgnoreRule, LeavesOut, RuleOrigin};
use model::sync::RecordState;

use crate::deployments::operator;
use crate::harness::{Kubectl, TestEngine, eventually, git};

/// A namespace of this test's own, with an engine that records it.
struct Shop {
    kubectl: Kubectl,
    namespace: String,
    test: TestEngine,
}

impl Shop {
    /// Begins with a Deployment `api` of two replicas, which is recorded.
    async fn new() -> Self {
        let kubectl = Kubectl::shared().await;
        let namespace = kubectl.create_namespace("rules").await;
        kubectl.apply(&deployment("api", "web"), &namespace).await;
        let test = TestEngine::start(&kubectl).await;
        let shop = Self { kubectl, namespace, test };
        shop.record_that("api", "it is recorded", |record| record.contains("replicas: 2")).await;
        shop
    }

    fn engine(&self) -> &Engine {
        &self.test.engine
    }

    fn path(&self, name: &str) -> String {
        format!("clusters/test/{}/deployment/{name}.yaml", self.namespace)
    }

    fn record(&self, name: &str) -> String {
        git(&self.test.repository(), &["show", &format!("main:{}", self.path(name))])
    }

    /// Waits for a record in which something holds, and returns it.
    async fn record_that(&self, name: &str, what: &str, holds: impl Fn(&str) -> bool) -> String {
        eventually(what, || async { Some(self.record(name)).filter(|record| !record.is_empty() && holds(record)) })
            .await
    }

    fn commits(&self, name: &str) -> usize {
        git(&self.test.repository(), &["log", "--oneline", "main", "--", &self.path(name)]).lines().count()
    }

    async fn kubectl(&self, arguments: &[&str]) {
        self.kubectl.run(&[&["-n", &self.namespace], arguments].concat()).await;
    }

    /// Changes an annotation and waits until its record says so: what came before has been seen then.
    async fn mark(&self, name: &str, mark: &str) -> String {
        let annotation = format!("example.org/mark={mark}");
        self.kubectl(&["annotate", "--overwrite", "deployment", name, &annotation]).await;
        self.record_that(name, "the mark is recorded", |record| record.contains(&format!("example.org/mark: {mark}")))
            .await
    }

    async fn create(&self, change: impl FnOnce(&mut IgnoreRule), leaves_out: LeavesOut) -> String {
        let mut rule = self.rule(leaves_out);
        change(&mut rule);
        self.engine().create_ignore_rule(&operator(), &rule).await.unwrap()
    }

    fn rule(&self, leaves_out: LeavesOut) -> IgnoreRule {
        IgnoreRule {
            kind: "Deployment".into(),
            namespace: self.namespace.clone(),
            name: String::new(),
            selector: String::new(),
            leaves_out,
        }
    }

    fn record_info(&self, name: &str) -> model::sync::RecordInfo {
        let target = DeploymentRef::new(self.namespace.parse().unwrap(), name.parse().unwrap());
        self.engine().deployment_record(&operator(), &target).unwrap()
    }

    async fn end(self) {
        self.test.stop().await;
        self.kubectl.run(&["delete", "namespace", &self.namespace, "--wait=false"]).await;
    }
}

const AUTOSCALER: &str = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: api}\nspec: \
                          {maxReplicas: 5, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}}\n";

fn deployment(name: &str, tier: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, labels: {{tier: {tier}}}}}\nspec:\n  \
         replicas: 2\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: \
         {name}}}}}\n    spec: {{containers: [{{name: app, image: \"registry.invalid/app:1\"}}]}}\n"
    )
}

fn fields(path: &str) -> LeavesOut {
    LeavesOut::Fields(vec![path.into()])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_replicas_of_what_an_autoscaler_scales_are_left_out() {
    let shop = Shop::new().await;
    shop.kubectl.apply(AUTOSCALER, &shop.namespace).await;
    shop.record_that("api", "the replicas leave the record", |record| !record.contains("replicas")).await;
    let info = eventually("the page knows it, too", || async {
        Some(shop.record_info("api")).filter(|info| info.state == RecordState::Recorded)
    })
    .await;
    let words = info.left_out.unwrap_or_default();
    assert!(words.contains("spec.replicas (by the rule “spec.replicas of what a HorizontalPodAutoscaler"), "{words}");

    let before = shop.commits("api");
    shop.kubectl(&["scale", "deployment", "api", "--replicas=4"]).await;
    let record = shop.mark("api", "after-scaling").await;
    assert!(!record.contains("replicas"), "{record}");
    assert_eq!(shop.commits("api"), before + 1, "only the mark is a change");

    // Denshimon's own rule has a switch, and cannot be removed.
    let rules = shop.engine().list_ignore_rules(&operator()).await.unwrap().rules;
    assert!(
        rules
            .iter()
            .any(|rule| rule.id == "autoscaled" && rule.origin == RuleOrigin::BuiltIn && rule.resources > Some(0))
    );
    let removed = shop.engine().delete_ignore_rule(&operator(), "autoscaled").await;
    assert!(matches!(removed, Err(Error::Conflict { .. })), "{removed:?}");
    shop.engine().set_ignore_rule(&operator(), "autoscaled", false).await.unwrap();
    shop.record_that("api", "the replicas are recorded", |record| record.contains("replicas: 4")).await;
    shop.engine().set_ignore_rule(&operator(), "autoscaled", true).await.unwrap();
    shop.record_that("api", "the replicas are left out again", |record| !record.contains("replicas")).await;

    shop.kubectl(&["delete", "hpa", "api"]).await;
    shop.record_that("api", "without it the replicas are back", |record| record.contains("replicas: 4")).await;
    shop.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_left_out_by_path_and_labels_as_the_preview_says() {
    let shop = Shop::new().await;
    shop.kubectl.apply(&deployment("db", "db"), &shop.namespace).await;
    shop.record_that("db", "it is recorded", |record| record.contains("replicas: 2")).await;
    shop.kubectl(&["scale", "deployment", "api", "--replicas=3"]).await;
    shop.record_that("api", "the scaling is recorded", |record| record.contains("replicas: 3")).await;

    let mut rule = shop.rule(fields("spec.replicas"));
    rule.selector = "tier notin (db)".into();
    let preview = shop.engine().preview_ignore_rule(&operator(), &rule).await.unwrap();
    assert!(preview.managed.is_none() && preview.commits_read > 0);
    assert_eq!(preview.paths, [shop.path("api")]);
    assert_eq!(preview.commits.len(), 1, "{preview:?}");
    assert!(preview.commits[0].subject.contains("api"), "{preview:?}");

    let id = shop.engine().create_ignore_rule(&operator(), &rule).await.unwrap();
    shop.record_that("api", "the replicas leave the record", |record| !record.contains("replicas")).await;
    assert!(shop.record("db").contains("replicas: 2"));
    let before = shop.commits("api");
    shop.kubectl(&["scale", "deployment", "api", "--replicas=5"]).await;
    shop.mark("api", "scaled").await;
    assert_eq!(shop.commits("api"), before + 1, "only the mark is a change");

    shop.engine().delete_ignore_rule(&operator(), &id).await.unwrap();
    shop.record_that("api", "the replicas are back", |record| record.contains("replicas: 5")).await;
    let wrong = shop.engine().preview_ignore_rule(&operator(), &shop.rule(fields("metadata.name"))).await;
    assert!(matches!(&wrong, Err(Error::Invalid { fields, .. }) if fields[0].field == "fields"), "{wrong:?}");
    shop.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_manager_alone_owns_is_left_out() {
    let shop = Shop::new().await;
    let id = shop.create(|_| {}, LeavesOut::Manager("robot-*".into())).await;
    let before = shop.commits("api");
    shop.kubectl(&["annotate", "deployment", "api", "example.org/robot=beep", "--field-manager=robot-one"]).await;
    let record = shop.mark("api", "by-a-person").await;
    assert!(!record.contains("robot"), "{record}");
    assert_eq!(shop.commits("api"), before + 1, "only the mark is a change");
    shop.engine().set_ignore_rule(&operator(), &id, false).await.unwrap();
    shop.record_that("api", "it is recorded", |record| record.contains("example.org/robot: beep")).await;
    // That commit would not have been made.
    let preview =
        shop.engine().preview_ignore_rule(&operator(), &shop.rule(LeavesOut::Manager("robot-*".into()))).await;
    let preview = preview.unwrap();
    assert_eq!((preview.managed, preview.commits.len(), preview.records), (Some(1), 1, 1), "{preview:?}");
    let preview = shop.engine().preview_ignore_rule(&operator(), &shop.rule(LeavesOut::Manager("x".into()))).await;
    let preview = preview.unwrap();
    assert_eq!((preview.managed, preview.commits.len(), preview.records), (Some(0), 0, 0), "{preview:?}");
    shop.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_that_is_left_out_altogether_keeps_its_record() {
    let shop = Shop::new().await;
    shop.kubectl.apply(&deployment("web", "web"), &shop.namespace).await;
    shop.record_that("web", "it is recorded", |record| record.contains("replicas: 2")).await;
    let id = shop.create(|rule| rule.name = "api".into(), LeavesOut::Resource).await;
    eventually("it is ignored", || async { (shop.record_info("api").state == RecordState::Ignored).then_some(()) })
        .await;
    let info = shop.record_info("api");
    assert!(info.reason.contains("named api") && info.path.is_some(), "{info:?}");

    let before = shop.commits("api");
    shop.kubectl(&["scale", "deployment", "api", "--replicas=4"]).await;
    shop.mark("web", "one").await;
    shop.engine().set_ignore_rule(&operator(), &id, false).await.unwrap();
    shop.record_that("api", "it is recorded again", |record| record.contains("replicas: 4")).await;
    assert_eq!(shop.commits("api"), before + 1);

    shop.engine().set_ignore_rule(&operator(), &id, true).await.unwrap();
    eventually("it is ignored again", || async {
        (shop.record_info("api").state == RecordState::Ignored).then_some(())
    })
    .await;
    shop.kubectl(&["delete", "deployment", "api"]).await;
    shop.mark("web", "two").await;
    // A list without it, as after a restart, deletes it neither.
    shop.create(|rule| rule.name = "other".into(), fields("spec.paused")).await;
    shop.mark("web", "three").await;
    assert!(!shop.record("api").is_empty(), "the record stays");
    shop.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_something_else_makes_is_recorded_where_a_person_wants_it() {
    let shop = Shop::new().await;
    let recorded = || {
        let folder = format!("clusters/test/{}/", shop.namespace);
        let files = git(&shop.test.repository(), &["ls-tree", "-r", "--name-only", "main", "--", &folder]);
        files.lines().any(|file| file.ends_with("/configmap/kube-root-ca.crt.yaml"))
    };
    let rules = shop.engine().list_ignore_rules(&operator()).await.unwrap().rules;
    let rule = rules.iter().find(|rule| rule.id == "born-with-namespace").unwrap();
    assert!(rule.on && rule.origin == RuleOrigin::BuiltIn && rule.resources.is_none(), "{rule:?}");
    assert!(!recorded());
    shop.engine().set_ignore_rule(&operator(), &rule.id, false).await.unwrap();
    eventually("it is recorded", || async { recorded().then_some(()) }).await;
    shop.engine().set_ignore_rule(&operator(), &rule.id, true).await.unwrap();
    eventually("its record goes", || async { (!recorded()).then_some(()) }).await;
    let removed = shop.engine().delete_ignore_rule(&operator(), &rule.id).await;
    assert!(matches!(removed, Err(Error::Conflict { .. })), "{removed:?}");
    shop.end().await;
}
