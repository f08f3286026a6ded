//! Writes that are refused: in words at the field, and with nothing half written.

use engine::Error;
use model::FieldError;
use model::deployment::{DeploymentChange, DeploymentEdit, DeploymentForm, WriteOptions};
use model::user::{Role, Scope};
use sandbox::{Options, Sandbox};

use super::{Shop, caller, operator};
use crate::harness::{TestEngine, config, eventually, git};

#[expect(clippy::panic, reason = "a test that cannot go on fails there")]
fn fields(answer: Result<impl std::fmt::Debug, Error>) -> (String, Vec<FieldError>) {
    match answer {
        Err(Error::Invalid { message, fields, .. } | Error::Refused { message, fields, .. }) => (message, fields),
        other => panic!("{other:?}"),
    }
}

fn yaml(namespace: &str, name: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n{more}  \
         selector: {{matchLabels: {{app: a}}}}\n  template:\n    metadata: {{labels: {{app: a}}}}\n    spec:\n      \
         containers: [{{name: a, image: a}}]\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_another_manager_are_named_and_can_be_taken_over() {
    let shop = Shop::open().await;
    let engine = &shop.test.engine;
    let target = shop.create_with_kubectl("theirs").await;
    let take_over = WriteOptions { take_over: true, ..WriteOptions::default() };

    let image = DeploymentEdit { image: Some("registry.example/app:2".into()), ..DeploymentEdit::default() };
    let change = DeploymentChange::Edit(target.clone(), image);
    let preview = engine.preview_deployment(&operator(), &change, None).await.unwrap();
    assert_eq!(preview.conflicts.len(), 1, "{:?}", preview.conflicts);
    assert!(preview.conflicts.iter().all(|one| one.manager == "kubectl-client-side-apply"), "{:?}", preview.conflicts);
    assert!(preview.conflicts.iter().all(|one| one.fields.iter().all(|field| field.ends_with(".image"))));
    let refused = shop.apply(change.clone()).await;
    assert!(matches!(&refused, Err(Error::Conflict { fields, .. }) if !fields.is_empty()), "{refused:?}");
    assert_eq!(shop.field(&target, ".spec.template.spec.containers[0].image").await, "registry.example/app:1");
    engine.apply_deployment(&operator(), &change, &take_over).await.unwrap();
    assert_eq!(shop.field(&target, ".spec.template.spec.containers[0].image").await, "registry.example/app:2");

    // An apply cannot take out what others set; whose it is, is said all the same.
    let env = Some([("A".to_owned(), None)].into());
    let change = DeploymentChange::Edit(target.clone(), DeploymentEdit { env, ..DeploymentEdit::default() });
    let preview = engine.preview_deployment(&operator(), &change, None).await.unwrap();
    assert!(preview.conflicts.iter().any(|one| one.manager == "kubectl-client-side-apply"), "{:?}", preview.conflicts);
    assert!(matches!(shop.apply(change.clone()).await, Err(Error::Conflict { .. })));
    engine.apply_deployment(&operator(), &change, &take_over).await.unwrap();
    let container = ".spec.template.spec.containers[0]";
    assert_eq!(shop.field(&target, &format!("{container}.env[*].name")).await, "B");
    // What nobody named is as it was.
    assert_eq!(shop.field(&target, ".spec.template.spec.nodeSelector").await, r#"{"kubernetes.io/os":"linux"}"#);

    // The defaults of the old strategy do not fit the new one.
    let text = engine.read_deployment_yaml(&operator(), &target).await.unwrap();
    let text = text.replace("  replicas: 1\n", "  replicas: 1\n  strategy:\n    type: Recreate\n");
    let change = DeploymentChange::EditYaml(target.clone(), text.clone());
    engine.apply_deployment(&operator(), &change, &take_over).await.unwrap();
    assert_eq!(shop.field(&target, ".spec.strategy").await, r#"{"type":"Recreate"}"#);
    // Even where the whole object is sent, an unknown field is an error.
    let wrong =
        text.replace("  replicas: 1\n", "  replicaz: 1\n").replace("    type: Recreate\n", "    type: RollingUpdate\n");
    let wrong = DeploymentChange::EditYaml(target.clone(), wrong);
    let (message, _) = fields(engine.apply_deployment(&operator(), &wrong, &take_over).await);
    assert!(message.contains("replicaz"), "{message}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_edit_shows_what_others_changed_and_writes_nothing() {
    let shop = Shop::open().await;
    let engine = &shop.test.engine;
    let target = shop.create("api").await;
    shop.healthy(&target).await;
    let (mut form, version) = engine.read_deployment_form(&operator(), &target).await.unwrap();
    form.env = "MODE=slow".into();
    let change = DeploymentChange::EditForm(target.clone(), form);
    let name = target.name.as_str();
    shop.kubectl.run(&["label", "deployment", name, "-n", &shop.namespace, "by=kubectl"]).await;
    let options = WriteOptions { resource_version: Some(version.clone()), ..WriteOptions::default() };
    let stale = engine.apply_deployment(&operator(), &change, &options).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })), "{stale:?}");
    let preview = engine.preview_deployment(&operator(), &change, Some(&version)).await.unwrap();
    let meanwhile = preview.changed_meanwhile.unwrap();
    assert!(meanwhile.summary.iter().any(|line| line.contains("kubectl")), "{:?}", meanwhile.summary);
    assert_eq!(shop.field(&target, ".spec.template.spec.containers[0].env[*].name").await, "MODE LEVEL");
    let stale = engine.scale_deployment(&operator(), &target, 5, &options).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })), "{stale:?}");
    assert_eq!(shop.field(&target, ".spec.replicas").await, "2");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_named_at_its_field_and_writes_nothing() {
    let shop = Shop::open().await;
    let engine = &shop.test.engine;
    let check = async |change: DeploymentChange, field: &str, words: &str| {
        for answer in [
            fields(engine.preview_deployment(&operator(), &change, None).await),
            fields(shop.apply(change.clone()).await),
        ] {
            let (message, fields) = answer;
            assert!(fields.iter().any(|one| one.field == field) || field.is_empty(), "{field}: {fields:?}");
            let said = fields.iter().any(|one| one.message.contains(words)) || message.contains(words);
            assert!(said, "{words:?} is not in {message:?} {fields:?}");
        }
    };
    let form = |change: fn(&mut DeploymentForm)| {
        let mut form = shop.form("bad");
        change(&mut form);
        DeploymentChange::Create(form)
    };
    check(form(|form| form.image = "NOT AN IMAGE".into()), "image", "lower case").await;
    check(form(|form| form.namespace = "not-there".into()), "namespace", "There is no namespace not-there").await;
    check(form(|form| form.memory_request = "64MB".into()), "memory_request", "").await;
    // Only the server knows that a limit cannot be below the request.
    check(form(|form| form.cpu_limit = "1m".into()), "cpu_request", "must be less than or equal to").await;
    let of = |text: String| DeploymentChange::CreateYaml(text);
    let here = shop.namespace.as_str();
    check(of(yaml(here, "bad", "  replicaz: 3\n")), "yaml", "Line 5: spec.replicaz").await;
    check(of(yaml(here, "bad", "  replicas: many\n")), "", "replicas").await;
    check(of(yaml(here, "bad", "  replicas: [1\n")), "yaml", "Line 6").await;
    check(of("x".repeat(10 * 1024 * 1024)), "yaml", "1 MiB").await;
    check(of(yaml(here, "bad", "").replace("Deployment", "StatefulSet")), "yaml", "kind: Deployment").await;
    let target = shop.create("api").await;
    let other = DeploymentChange::EditYaml(target.clone(), yaml(here, "other", ""));
    check(other, "yaml", "stay").await;
    let selector = DeploymentChange::EditYaml(target.clone(), yaml(here, "api", ""));
    check(selector, "", "immutable").await;

    let again = shop.apply(DeploymentChange::Create(shop.form("api"))).await;
    assert!(matches!(again, Err(Error::Conflict { .. })), "{again:?}");
    let long = WriteOptions { reason: "x".repeat(501), ..WriteOptions::default() };
    fields(engine.scale_deployment(&operator(), &target, 1, &long).await);
    fields(engine.scale_deployment(&operator(), &target, 10_001, &WriteOptions::default()).await);
    let names = shop.kubectl.run(&["get", "deployments", "-n", here, "-o", "name"]).await;
    assert_eq!(names.trim(), "deployment.apps/api");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_and_policies_refuse_in_kubernetes_words() {
    let shop = Shop::open().await;
    let here = shop.namespace.as_str();
    shop.kubectl.run(&["create", "quota", "few", "-n", here, "--hard=count/deployments.apps=1"]).await;
    shop.create("first").await;
    let (message, _) = fields(shop.apply(DeploymentChange::Create(shop.form("second"))).await);
    assert!(message.contains("exceeded quota"), "{message}");
    let page = shop.test.engine.read_deployment_history(&operator(), &shop.target("second"), Default::default()).await;
    let refused = page.unwrap().items.into_iter().any(|entry| {
        matches!(entry.operation, Some(model::history::OperationState::Refused(words)) if words.contains("quota"))
    });
    assert!(refused, "the timeline keeps what was refused");
    let admin = caller(Role::Admin, Scope::Everywhere);
    let audit = shop.test.engine.list_audit(&admin, Default::default()).await.unwrap().items;
    let of = |name: &str| audit.iter().find(|entry| entry.action.contains(name)).unwrap();
    assert!(of("/first").succeeded, "{audit:?}");
    assert!(!of("/second").succeeded && of("/second").action.contains("quota"), "{audit:?}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_fails_is_named_and_nothing_is_written() {
    let shop = Shop::open().await;
    let here = shop.namespace.as_str();
    let webhook = format!(
        "{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {{name: {here}}},
          webhooks: [{{name: judge.example.org, sideEffects: None, admissionReviewVersions: [v1], timeoutSeconds: 1,
            clientConfig: {{url: 'https://127.0.0.1:1/'}},
            namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {here}}}}},
            rules: [{{apiGroups: [apps], apiVersions: [v1], resources: [deployments], operations: [CREATE]}}]}}]}}"
    );
    shop.kubectl.apply(&webhook, here).await;
    // The API server learns of a new webhook a moment later; dry runs ask it, too.
    let create = DeploymentChange::Create(shop.form("judged"));
    let message = eventually("the webhook is asked", || async {
        match shop.test.engine.preview_deployment(&operator(), &create, None).await {
            Err(Error::Refused { message, .. }) => Some(message),
            _ => None,
        }
    })
    .await;
    assert!(message.contains("judge.example.org"), "{message}");
    let (message, _) = fields(shop.apply(create).await);
    assert!(message.contains("nothing was written"), "{message}");
    shop.kubectl.run(&["delete", "validatingwebhookconfiguration", here]).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_says_no_is_heard() {
    let shop = Shop::open().await;
    let here = shop.namespace.as_str();
    let group = "apiVersion: admissionregistration.k8s.io/v1";
    let policy = format!(
        "{{{group}, kind: ValidatingAdmissionPolicy, metadata: {{name: {here}}}, spec: {{failurePolicy: Fail,
          matchConstraints: {{resourceRules: [
            {{apiGroups: [apps], apiVersions: [v1], resources: [deployments], operations: [CREATE, UPDATE]}}]}},
          validations: [{{expression: 'object.spec.replicas <= 2', message: Two replicas are enough here.}}]}}}}\n---\n\
         {{{group}, kind: ValidatingAdmissionPolicyBinding, metadata: {{name: {here}}}, spec: {{policyName: {here},
          validationActions: [Deny],
          matchResources: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {here}}}}}}}}}}}"
    );
    shop.kubectl.apply(&policy, here).await;
    let many = DeploymentChange::Create(DeploymentForm { replicas: "3".into(), ..shop.form("many") });
    // The API server learns of a new policy a moment later; dry runs ask it, too.
    let message = eventually("the policy is asked", || async {
        match shop.test.engine.preview_deployment(&operator(), &many, None).await {
            Err(Error::Refused { message, .. }) => Some(message),
            _ => None,
        }
    })
    .await;
    assert!(message.contains("Two replicas are enough here."), "{message}");
    let (message, _) = fields(shop.apply(many).await);
    assert!(message.contains("Two replicas are enough here."), "{message}");
    let page = shop.test.engine.read_deployment_history(&operator(), &shop.target("many"), Default::default()).await;
    let told = page.unwrap().items.into_iter().any(|entry| {
        matches!(entry.operation, Some(model::history::OperationState::Refused(words)) if words.contains("Two replicas"))
    });
    assert!(told, "the timeline says why");
    shop.create("few").await;
    let names = shop.kubectl.run(&["get", "deployments", "-n", here, "-o", "name"]).await;
    assert_eq!(names.trim(), "deployment.apps/few");
    for kind in ["validatingadmissionpolicybinding", "validatingadmissionpolicy"] {
        shop.kubectl.run(&["delete", kind, here]).await;
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_write_learns_no_more_than_they_may_see() {
    let shop = Shop::open().await;
    let engine = &shop.test.engine;
    let target = shop.create("api").await;
    let options = WriteOptions::default();
    let viewer = caller(Role::Viewer, Scope::Everywhere);
    let stranger = caller(Role::Admin, Scope::Namespaces(vec!["elsewhere".parse().unwrap()]));
    let changes = [
        DeploymentChange::Edit(target.clone(), DeploymentEdit::default()),
        DeploymentChange::EditYaml(target.clone(), "]".into()),
        DeploymentChange::Delete(target.clone()),
    ];
    for change in &changes {
        let answer = engine.preview_deployment(&viewer, change, None).await;
        assert!(matches!(answer, Err(Error::NotAllowed { .. })), "{answer:?}");
        let answer = engine.apply_deployment(&stranger, change, &options).await;
        assert!(matches!(answer, Err(Error::NotFound { .. })), "{answer:?}");
    }
    let answer = engine.scale_deployment(&viewer, &target, 0, &options).await;
    assert!(matches!(answer, Err(Error::NotAllowed { .. })), "{answer:?}");
    // A namespace that is hidden and one that is not there are told in the same words.
    let hidden = engine.apply_deployment(&stranger, &DeploymentChange::Create(shop.form("new")), &options).await;
    let (message, _) = fields(hidden);
    assert_eq!(message, format!("There is no namespace {}, or you may not see it: choose another.", shop.namespace));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_away_is_said_to_be_away_and_comes_back() {
    let mut plane = Sandbox::start(Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let engine = engine::Engine::start(config(folder.path(), plane.kubeconfig())).await.unwrap();
    let form = DeploymentForm {
        namespace: "default".into(),
        name: "api".into(),
        image: "a:1".into(),
        replicas: "1".into(),
        ..DeploymentForm::default()
    };
    let create = DeploymentChange::Create(form);
    let options = WriteOptions::default();
    let target = engine.apply_deployment(&operator(), &create, &options).await.unwrap().target;
    eventually("it is seen", || async { engine.read_deployment(&operator(), &target).await.ok() }).await;
    plane.stop_api_server().await.unwrap();
    let away = engine.scale_deployment(&operator(), &target, 2, &options).await;
    assert!(matches!(away, Err(Error::Unavailable { .. })), "{away:?}");
    eventually("the chip says so", || async {
        let chip = engine.sync_chip();
        matches!(chip, model::sync::SyncChip::ClusterAway { .. }).then_some(())
    })
    .await;
    plane.start_api_server().await.unwrap();
    eventually("it is written", || async { engine.scale_deployment(&operator(), &target, 2, &options).await.ok() })
        .await;
    eventually("it is seen", || async {
        let detail = engine.read_deployment(&operator(), &target).await.ok()?;
        (detail.summary.desired == 2).then_some(())
    })
    .await;
    let test = TestEngine::of(engine, folder);
    test.stop().await;
    plane.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_characters_arrive_as_they_were_written() {
    let shop = Shop::open().await;
    let here = shop.namespace.as_str();
    let odd = "\u{7f} \u{80}\u{85}\u{9f} \u{2028}\u{2029} \u{feff}\u{fffe} \u{1f600} \u{7}\t end";
    let written = |name: &str| {
        let mut document = manifest::parse(&yaml(here, name, "")).unwrap().remove(0).tree;
        document["metadata"]["annotations"] = serde_json::json!({ "example.org/note": odd });
        document
    };
    let create = |document| DeploymentChange::CreateYaml(manifest::render_tree(&document));
    shop.apply(create(written("odd"))).await.unwrap();
    let target = shop.target("odd");
    assert_eq!(shop.field(&target, ".metadata.annotations['example\\.org/note']").await, odd);
    let record = eventually("it is recorded", || async {
        let path = format!("main:clusters/test/{here}/deployment/odd.yaml");
        Some(git(&shop.test.repository(), &["show", &path])).filter(|record| !record.is_empty())
    })
    .await;
    let record = manifest::parse(&record).unwrap().remove(0).tree;
    assert_eq!(record["metadata"]["annotations"]["example.org/note"], odd);
    // Where Kubernetes takes no such text, it says where.
    let mut refused = written("refused");
    refused["metadata"]["labels"] = serde_json::json!({ "note": odd });
    let (message, fields) = fields(shop.apply(create(refused)).await);
    let said = fields.iter().any(|one| one.field.contains("metadata.labels")) || message.contains("metadata.labels");
    assert!(said, "{message} {fields:?}");
    shop.close().await;
}
