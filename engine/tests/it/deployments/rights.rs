//! Denshimon's own rights in the cluster: those that `deploy/rbac.yaml` grants are enough, and fewer are told.

use engine::Engine;
use model::deployment::{DeploymentChange, DeploymentQuery, WriteOptions};
use model::sync::WatchState;

use super::{Shop, operator};
use crate::harness::{Kubectl, TestEngine, config, eventually};

const RIGHTS: &str = include_str!("../../../../deploy/rbac.yaml");
/// An engine that has only the documented rights.
async fn with_documented_rights() -> Shop {
    let kubectl = Kubectl::shared().await;
    kubectl.apply(RIGHTS, "denshimon").await;
    let token = kubectl.run(&["create", "token", "denshimon", "-n", "denshimon"]).await;
    let view = kubectl.run(&["config", "view", "--raw", "--minify", "--flatten", "-o", "json"]).await;
    let mut kubeconfig: serde_json::Value = serde_json::from_str(&view).unwrap();
    *kubeconfig.pointer_mut("/users/0/user").unwrap() = serde_json::json!({ "token": token.trim() });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    std::fs::write(&path, kubeconfig.to_string()).unwrap();
    let engine = Engine::start(config(folder.path(), &path)).await.unwrap();
    let namespace = kubectl.create_namespace("rights").await;
    Shop { kubectl, test: TestEngine::of(engine, folder), namespace }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_rights_are_enough() {
    let shop = with_documented_rights().await;
    let engine = &shop.test.engine;
    let options = WriteOptions::default();
    eventually("the first lists are in", || async {
        engine.list_deployments(&operator(), &DeploymentQuery::default()).await.ok()
    })
    .await;
    eventually("every kind is watched", || async {
        let kinds = engine.sync_status(&operator()).await.unwrap().kinds;
        let mut recorded = kinds.iter().filter(|kind| kind.left_out.is_none());
        (kinds.len() > 30 && recorded.all(|kind| kind.state == WatchState::Watching)).then_some(())
    })
    .await;

    let create = DeploymentChange::Create(shop.form("api"));
    engine.preview_deployment(&operator(), &create, None).await.unwrap();
    let target = shop.create("api").await;
    shop.healthy(&target).await;
    engine.scale_deployment(&operator(), &target, 3, &options).await.unwrap();
    engine.restart_deployment(&operator(), &target, &options).await.unwrap();
    engine.pause_deployment(&operator(), &target, &options).await.unwrap();
    engine.resume_deployment(&operator(), &target, &options).await.unwrap();
    let yaml = engine.read_deployment_yaml(&operator(), &target).await.unwrap().replace("1.4.1", "1.4.2");
    shop.apply(DeploymentChange::EditYaml(target.clone(), yaml)).await.unwrap();
    engine.list_deployment_events(&operator(), &target).await.unwrap();
    engine.delete_deployment(&operator(), &target, &options).await.unwrap();
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_rights_lead_into_no_pod_and_no_node() {
    let kubectl = Kubectl::shared().await;
    kubectl.apply(RIGHTS, "denshimon").await;
    let may = async |verb: &str, what: &str| {
        let account = "--as=system:serviceaccount:denshimon:denshimon";
        kubectl.try_run_with(&["auth", "can-i", verb, what, account, "-n", "default"], "").await
    };
    assert!(may("list", "secrets").await && may("patch", "deployments.apps").await);
    for (verb, what) in [
        ("get", "pods/exec"),
        ("create", "pods/exec"),
        ("get", "pods/log"),
        ("get", "nodes/proxy"),
        ("get", "services/proxy"),
        ("patch", "statefulsets.apps"),
        ("delete", "pods"),
    ] {
        assert!(!may(verb, what).await, "{verb} {what}");
    }
}
