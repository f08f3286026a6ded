//! Deployments on a real API server: what is written, what is refused and in which words, and what history says of it.

mod health;
mod ladder;
mod refusals;
mod rights;
mod views;

use engine::{Caller, Error, Via};
use model::deployment::{
    Applied, DeploymentChange, DeploymentDetail, DeploymentForm, DeploymentQuery, DeploymentRef, WriteOptions,
};
use model::health::HealthState;
use model::history::{OperationState, Recorded};
use model::user::{Role, Scope};

use crate::harness::{Kubectl, TestEngine, eventually};

/// An engine on the shared control plane with a namespace of its own.
pub struct Shop {
    pub kubectl: Kubectl,
    pub test: TestEngine,
    pub namespace: String,
}

pub fn operator() -> Caller {
    caller(Role::Operator, Scope::Everywhere)
}

pub fn caller(role: Role, scope: Scope) -> Caller {
    Caller {
        user_id: "1".into(),
        username: "ada".parse().unwrap(),
        email: None,
        role,
        scope,
        via: Via::Session { id: "s".into() },
    }
}

impl Shop {
    pub async fn open() -> Self {
        let kubectl = Kubectl::shared().await;
        let namespace = kubectl.create_namespace("deployments").await;
        let test = TestEngine::start(&kubectl).await;
        let shop = Self { kubectl, test, namespace };
        let query = DeploymentQuery::default();
        eventually("the first lists are in", || async {
            shop.test.engine.list_deployments(&operator(), &query).await.ok()
        })
        .await;
        shop
    }

    pub fn target(&self, name: &str) -> DeploymentRef {
        DeploymentRef::new(self.namespace.parse().unwrap(), name.parse().unwrap())
    }

    pub fn form(&self, name: &str) -> DeploymentForm {
        DeploymentForm {
            namespace: self.namespace.clone(),
            name: name.into(),
            image: "registry.example/shop/api:1.4.1".into(),
            replicas: "2".into(),
            env: "MODE=fast\nLEVEL=info".into(),
            ports: "http=8080".into(),
            cpu_request: "10m".into(),
            memory_request: "16Mi".into(),
            ..DeploymentForm::default()
        }
    }

    pub async fn apply(&self, change: DeploymentChange) -> Result<Applied, Error> {
        self.test.engine.apply_deployment(&operator(), &change, &WriteOptions::default()).await
    }

    pub async fn create(&self, name: &str) -> DeploymentRef {
        self.apply(DeploymentChange::Create(self.form(name))).await.unwrap();
        self.target(name)
    }

    /// Makes a Deployment as others do.
    pub async fn create_with_kubectl(&self, name: &str) -> DeploymentRef {
        let document = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  replicas: 1\n  \
             selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    \
             spec:\n      nodeSelector: {{kubernetes.io/os: linux}}\n      containers:\n      - name: app\n        \
             image: registry.example/app:1\n        env: [{{name: A, value: '1'}}, {{name: B, value: '2'}}]\n"
        );
        self.kubectl.apply(&document, &self.namespace).await;
        self.target(name)
    }

    /// Reads the detail as soon as it is as it should be.
    pub async fn detail(
        &self,
        target: &DeploymentRef,
        what: &str,
        is_so: impl Fn(&DeploymentDetail) -> bool,
    ) -> DeploymentDetail {
        eventually(what, || async {
            let detail = self.test.engine.read_deployment(&operator(), target).await.ok();
            detail.filter(|detail| is_so(detail))
        })
        .await
    }

    pub async fn healthy(&self, target: &DeploymentRef) -> DeploymentDetail {
        self.detail(target, "it is healthy", |detail| detail.summary.health.state == HealthState::Healthy).await
    }

    /// Asks kubectl for one field.
    pub async fn field(&self, target: &DeploymentRef, path: &str) -> String {
        let path = format!("jsonpath={{{path}}}");
        self.kubectl.run(&["get", "deployment", target.name.as_str(), "-n", &self.namespace, "-o", &path]).await
    }

    pub async fn close(self) {
        self.test.stop().await;
        self.kubectl.run(&["delete", "namespace", &self.namespace, "--wait=false"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_joins_operation_commit_and_outcome() {
    let shop = Shop::open().await;
    let target = shop.create("api").await;
    shop.healthy(&target).await;
    let options = WriteOptions { reason: "more visitors".into(), ..WriteOptions::default() };
    let applied = shop.test.engine.scale_deployment(&operator(), &target, 3, &options).await.unwrap();
    let entry = eventually("the scale has its commit and its outcome", || async {
        let page = shop.test.engine.read_deployment_history(&operator(), &target, Default::default()).await.unwrap();
        let entry = page.items.into_iter().find(|entry| entry.id == applied.operation)?;
        let is_done = matches!(entry.recorded, Recorded::Commit { .. }) && entry.outcome.is_some();
        is_done.then_some(entry)
    })
    .await;
    assert_eq!(entry.operation, Some(OperationState::Applied));
    assert_eq!((entry.reason.as_str(), entry.actor.to_string()), ("more visitors", "ada".into()));
    assert_eq!(entry.outcome.as_ref().unwrap().health.state, HealthState::Healthy);
    let engine = &shop.test.engine;
    let rows = engine.read_deployment_history_with_commits(&operator(), &target, Default::default()).await.unwrap();
    let commit = rows.items.into_iter().find(|row| row.entry.id == entry.id).unwrap().commit.unwrap();
    assert_eq!(commit.author, "ada");
    let operation = format!("Operation: {}", applied.operation);
    for part in ["more visitors", "- replicas 2 -> 3", "Actor: user ada", operation.as_str()] {
        assert!(commit.message.contains(part), "{part}: {}", commit.message);
    }
    assert_eq!(commit.diff.unwrap().summary, ["replicas 2 -> 3"]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_is_shown_when_the_repository_cannot_be_read() {
    let shop = Shop::open().await;
    let target = shop.create("api").await;
    let engine = &shop.test.engine;
    let commit = || async {
        let page = engine.read_deployment_history(&operator(), &target, Default::default()).await.unwrap();
        let entry = page.items.into_iter().next().unwrap();
        matches!(entry.recorded, Recorded::Commit { .. }).then_some(entry.recorded)
    };
    let Recorded::Commit { id, pushed } = eventually("it is committed", commit).await else { unreachable!() };
    assert_eq!(pushed, Some(false), "there is no remote");
    let repository = shop.test.repository();
    std::fs::rename(repository.join("HEAD"), repository.join("HEAD.away")).unwrap();
    assert_eq!(commit().await, Some(Recorded::Commit { id: id.clone(), pushed: None }));
    std::fs::rename(repository.join("HEAD.away"), repository.join("HEAD")).unwrap();
    assert_eq!(commit().await, Some(Recorded::Commit { id, pushed: Some(false) }));
    shop.close().await;
}
