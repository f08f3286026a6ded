//! Writes that Kubernetes takes: by form, by single fields and by YAML, and the quick ones with their way back.

use std::collections::BTreeMap;

use model::deployment::{DeploymentChange, DeploymentEdit, Undo, UndoAction, WriteOptions};
use model::health::HealthState;

use super::{Shop, operator};
use crate::harness::eventually;

fn edit_image(image: &str) -> DeploymentEdit {
    DeploymentEdit { image: Some(image.into()), ..DeploymentEdit::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_previewed_is_what_is_written() {
    let shop = Shop::open().await;
    let change = DeploymentChange::Create(shop.form("api"));
    let preview = shop.test.engine.preview_deployment(&operator(), &change, None).await.unwrap();
    assert!(preview.conflicts.is_empty() && preview.resource_version.is_none(), "{preview:?}");
    let added: Vec<String> = preview.diff.hunks.iter().flat_map(|hunk| &hunk.lines).map(text).collect();
    assert!(added.iter().any(|line| line.contains("registry.example/shop/api:1.4.1")), "{added:?}");
    let missing = shop.test.engine.read_deployment_yaml(&operator(), &shop.target("api")).await;
    assert!(missing.is_err(), "a preview writes nothing");

    let target = shop.create("api").await;
    shop.healthy(&target).await;
    let (mut form, version) = shop.test.engine.read_deployment_form(&operator(), &target).await.unwrap();
    assert_eq!((form.env.as_str(), form.ports.as_str()), ("MODE=fast\nLEVEL=info", "http=8080"));
    form.image = "registry.example/shop/api:1.4.2".into();
    form.env = "MODE=slow".into();
    let change = DeploymentChange::EditForm(target.clone(), form);
    let preview = shop.test.engine.preview_deployment(&operator(), &change, Some(&version)).await.unwrap();
    assert!(preview.conflicts.is_empty() && preview.changed_meanwhile.is_none(), "{preview:?}");
    let options = WriteOptions { resource_version: preview.resource_version, ..WriteOptions::default() };
    let applied = shop.test.engine.apply_deployment(&operator(), &change, &options).await.unwrap();
    assert_eq!(applied.summary, preview.commit_subject);
    assert_eq!(applied.undo, Some(UndoAction::Rollback { revision: 1 }));
    let container = ".spec.template.spec.containers[0]";
    assert_eq!(shop.field(&target, &format!("{container}.image")).await, "registry.example/shop/api:1.4.2");
    assert_eq!(shop.field(&target, &format!("{container}.env[*].name")).await, "MODE");
    assert_eq!(shop.field(&target, ".spec.replicas").await, "2");

    let changes = DeploymentEdit {
        replicas: Some(3),
        env: Some(BTreeMap::from([("MODE".into(), None), ("NEW".into(), Some("1".into()))])),
        labels: Some(BTreeMap::from([("team".into(), Some("blue".into()))])),
        ..DeploymentEdit::default()
    };
    let applied = shop.apply(DeploymentChange::Edit(target.clone(), changes)).await.unwrap();
    assert_eq!(applied.undo, None, "an earlier revision has only the template");
    assert_eq!(shop.field(&target, &format!("{container}.env[*].name")).await, "NEW");
    assert_eq!(shop.field(&target, ".metadata.labels.team").await, "blue");
    assert_eq!(shop.field(&target, ".spec.replicas").await, "3");

    let yaml = shop.test.engine.read_deployment_yaml(&operator(), &target).await.unwrap();
    let unchanged = DeploymentChange::EditYaml(target.clone(), yaml.clone());
    let preview = shop.test.engine.preview_deployment(&operator(), &unchanged, None).await.unwrap();
    assert!(preview.diff.is_empty(), "what is shown says what is there: {:?}", preview.diff);
    let yaml = yaml.replace("    spec:\n", "    spec:\n      terminationGracePeriodSeconds: 5\n");
    shop.apply(DeploymentChange::EditYaml(target.clone(), yaml)).await.unwrap();
    assert_eq!(shop.field(&target, ".spec.template.spec.terminationGracePeriodSeconds").await, "5");
    shop.close().await;
}

/// A Deployment whose owner declares it again and again, as GitOps tools do.
const DECLARED: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: declared}
spec:
  replicas: 1
  paused: false
  selector: {matchLabels: {app: declared}}
  template:
    metadata: {labels: {app: declared}}
    spec:
      containers: [{name: app, image: 'registry.example/app:1'}]
";

#[tokio::test(flavor = "multi_thread")]
async fn what_another_declares_is_taken_over_only_by_word() {
    let shop = Shop::open().await;
    let (engine, target) = (&shop.test.engine, shop.target("declared"));
    let apply = ["apply", "--server-side", "--field-manager=argocd", "-n", &shop.namespace, "-f", "-"];
    for image in ["app:1", "app:2"] {
        shop.kubectl.run_with(&apply, &DECLARED.replace("app:1", image)).await;
    }
    shop.detail(&target, "the second rollout", |detail| detail.revision == 2).await;
    let (meekly, boldly) = (WriteOptions::default(), WriteOptions { take_over: true, ..WriteOptions::default() });
    let undo = Undo { revision: None };
    for (options, is_bold) in [(&meekly, false), (&boldly, true)] {
        let answers = [
            ("spec.replicas", engine.scale_deployment(&operator(), &target, 3, options).await),
            ("spec.paused", engine.pause_deployment(&operator(), &target, options).await),
            ("spec.template", engine.undo_deployment(&operator(), &target, undo, options).await),
        ];
        for (field, answer) in answers {
            let words = format!("{answer:?}");
            let named = words.contains("argocd") && words.contains(field);
            assert_eq!((answer.is_ok(), named), (is_bold, !is_bold), "{field}: {words}");
        }
    }
    shop.close().await;
}

fn text(line: &model::diff::Line) -> String {
    line.parts.iter().map(|part| part.text.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_writes_can_be_taken_back() {
    let shop = Shop::open().await;
    let engine = &shop.test.engine;
    let options = WriteOptions::default();
    let target = shop.create("api").await;
    shop.healthy(&target).await;

    let scaled = engine.scale_deployment(&operator(), &target, 4, &options).await.unwrap();
    assert_eq!(scaled.undo, Some(UndoAction::Scale { replicas: 2 }));
    let detail = shop.detail(&target, "four pods are ready", |detail| detail.summary.ready == 4).await;
    assert_eq!((detail.pods.len(), detail.summary.health.state), (4, HealthState::Healthy));

    engine.pause_deployment(&operator(), &target, &options).await.unwrap();
    let state = |state| move |detail: &model::deployment::DeploymentDetail| detail.summary.health.state == state;
    shop.detail(&target, "it is paused", state(HealthState::Suspended)).await;
    let refused = engine.restart_deployment(&operator(), &target, &options).await;
    assert!(matches!(refused, Err(engine::Error::Conflict { .. })), "{refused:?}");
    engine.resume_deployment(&operator(), &target, &options).await.unwrap();
    shop.healthy(&target).await;
    engine.restart_deployment(&operator(), &target, &options).await.unwrap();
    let detail = shop.detail(&target, "the restart is a rollout", |detail| detail.revision == 2).await;
    assert_eq!(detail.replica_sets.len(), 2);
    // In mid-rollout the status changes all the time, which is in nobody's way.
    shop.apply(DeploymentChange::Edit(target.clone(), edit_image("registry.example/shop/api:2"))).await.unwrap();
    shop.detail(&target, "the third rollout", |detail| detail.revision == 3).await;
    engine.undo_deployment(&operator(), &target, Undo { revision: Some(1) }, &options).await.unwrap();
    assert_eq!(shop.field(&target, ".spec.template.spec.containers[0].image").await, "registry.example/shop/api:1.4.1");
    shop.detail(&target, "the first template is the fourth rollout", |detail| detail.revision == 4).await;
    let gone = engine.undo_deployment(&operator(), &target, Undo { revision: Some(99) }, &options).await;
    assert!(matches!(gone, Err(engine::Error::Invalid { .. })), "{gone:?}");
    // The template is Denshimon's own after an undo, and can be edited without taking anything over.
    shop.apply(DeploymentChange::Edit(target.clone(), edit_image("registry.example/shop/api:3"))).await.unwrap();

    let events = engine.list_deployment_events(&operator(), &target).await.unwrap();
    assert!(events.iter().any(|event| event.reason == "ScalingReplicaSet"), "{events:?}");
    engine.delete_deployment(&operator(), &target, &options).await.unwrap();
    eventually("it is gone", || async { engine.read_deployment(&operator(), &target).await.is_err().then_some(()) })
        .await;
    shop.close().await;
}
