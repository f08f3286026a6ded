//! Form and YAML are two views of one manifest, and what stands for a value is never taken for one.

use engine::Error;
use model::deployment::{DeploymentChange, DeploymentEdit, DeploymentForm};
use model::user::{Role, Scope};

use super::{Shop, caller, operator};
use crate::harness::{eventually, git};

const CONTAINER: &str = ".spec.template.spec.containers[0]";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_goes_from_one_view_to_the_other_and_into_the_cluster() {
    let shop = Shop::open().await;
    let engine = &shop.test.engine;
    let form = DeploymentForm { env: "DB_PASSWORD=hunter2\nMODE=fast".into(), ..shop.form("api") };
    let create = DeploymentChange::Create(form.clone());
    let preview = engine.preview_deployment(&operator(), &create, None).await.unwrap();
    assert!(!format!("{preview:?}").contains("hunter2"), "a preview tells no credential: {preview:?}");
    let yaml = engine.render_change(&operator(), &create).await.unwrap();
    let create = DeploymentChange::CreateYaml(yaml.clone());
    assert_eq!(engine.read_change_form(&operator(), &create).unwrap(), form);
    let target = shop.apply(create).await.unwrap().target;
    let (image, password) = (format!("{CONTAINER}.image"), format!("{CONTAINER}.env[0].value"));
    assert_eq!(shop.field(&target, &password).await, "hunter2");

    // The form of an edit stands on the live Deployment, and then on what was written as YAML.
    let (mut form, _) = engine.read_deployment_form(&operator(), &target).await.unwrap();
    form.replicas = "3".into();
    let edit = DeploymentChange::EditForm(target.clone(), form);
    let yaml = engine.render_change(&operator(), &edit).await.unwrap();
    assert!(yaml.contains("hunter2") && yaml.contains("replicas: 3"), "{yaml}");
    let yaml = yaml.replace("    spec:\n", "    spec:\n      # quickly\n      terminationGracePeriodSeconds: 5\n");
    let edit = DeploymentChange::EditYaml(target.clone(), yaml.clone());
    let mut form = engine.read_change_form(&operator(), &edit).unwrap();
    assert_eq!((form.replicas.as_str(), form.base.as_str()), ("3", yaml.as_str()));
    form.image = "registry.example/shop/api:1.4.2".into();
    let edit = DeploymentChange::EditForm(target.clone(), form);
    let both = engine.render_change(&operator(), &edit).await.unwrap();
    assert_eq!(both, yaml.replace("api:1.4.1", "api:1.4.2"), "comments stay, too");
    shop.apply(edit.clone()).await.unwrap();
    for (field, expect) in [
        (".spec.replicas", "3"),
        (".spec.template.spec.terminationGracePeriodSeconds", "5"),
        (image.as_str(), "registry.example/shop/api:1.4.2"),
        (password.as_str(), "hunter2"),
    ] {
        assert_eq!(shop.field(&target, field).await, expect, "{field}");
    }

    // Whoever may not write is shown nothing.
    let viewer = caller(Role::Viewer, Scope::Everywhere);
    let answer = engine.render_change(&viewer, &edit).await;
    assert!(matches!(answer, Err(Error::NotAllowed { .. })), "{answer:?}");
    let stranger = caller(Role::Admin, Scope::Namespaces(vec!["elsewhere".parse().unwrap()]));
    let answer = engine.render_change(&stranger, &edit).await;
    assert!(matches!(answer, Err(Error::NotFound { .. })), "{answer:?}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_for_a_value_is_refused_at_its_field() {
    let shop = Shop::open().await;
    let engine = &shop.test.engine;
    let form = DeploymentForm { env: "DB_PASSWORD=hunter2".into(), ..shop.form("api") };
    let create = DeploymentChange::Create(form.clone());
    let yaml = engine.render_change(&operator(), &create).await.unwrap();
    // As it stands in a record or a difference, to be copied.
    let preview = engine.preview_deployment(&operator(), &create, None).await.unwrap();
    let lines = preview.diff.hunks.iter().flat_map(|hunk| &hunk.lines);
    let lines = lines.map(|line| line.parts.iter().map(|part| part.text.as_str()).collect::<String>());
    let stand_in = lines
        .filter_map(|line| Some(line.split_once("value: ")?.1.trim_matches(['\'', '"']).to_owned()))
        .next()
        .unwrap();
    assert!(manifest::is_stand_in(&stand_in), "{stand_in:?}");
    let covered = DeploymentForm { env: format!("A=1\nDB_PASSWORD={stand_in}"), ..form };
    let yaml = yaml.replace("hunter2", &stand_in);
    let env = Some([("DB_PASSWORD".to_owned(), Some(stand_in))].into());
    let place = "spec.template.spec.containers[api].env[DB_PASSWORD].value";
    let refused = async |change: DeploymentChange, field: &str, place: &str| {
        let answer = shop.apply(change).await;
        let named = matches!(&answer, Err(Error::Invalid { fields, .. })
            if fields.iter().any(|one| one.field == field && one.message.contains(place)));
        assert!(named, "{place}: {answer:?}");
    };
    refused(DeploymentChange::Create(covered.clone()), "env", "Line 2: DB_PASSWORD").await;
    refused(DeploymentChange::CreateYaml(yaml.clone()), "yaml", place).await;
    let target = shop.apply(create).await.unwrap().target;
    refused(DeploymentChange::EditForm(target.clone(), covered), "env", "Line 2: DB_PASSWORD").await;
    refused(DeploymentChange::EditYaml(target.clone(), yaml), "yaml", place).await;
    let edit = DeploymentEdit { env, ..DeploymentEdit::default() };
    refused(DeploymentChange::Edit(target.clone(), edit), "env", "DB_PASSWORD").await;
    assert_eq!(shop.field(&target, &format!("{CONTAINER}.env[0].value")).await, "hunter2");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_the_message_that_the_commit_has() {
    let shop = Shop::open().await;
    let target = shop.create("api").await;
    let log = || async { git(&shop.test.repository(), &["log", "-1", "--format=%B", "main"]) };
    eventually("it is recorded", || async { log().await.contains("Create").then_some(()) }).await;
    let edit =
        DeploymentEdit { image: Some("registry.example/shop/api:2".into()), replicas: Some(3), ..Default::default() };
    let change = DeploymentChange::Edit(target, edit);
    let preview = shop.test.engine.preview_deployment(&operator(), &change, None).await.unwrap();
    let message = preview.commit_message;
    assert!(message.starts_with(&format!("{}\n\n- ", preview.commit_subject)), "{message}");
    shop.apply(change).await.unwrap();
    let commit = eventually("the edit is recorded", || async {
        Some(log().await).filter(|commit| commit.starts_with(&preview.commit_subject))
    })
    .await;
    let mut lines = commit.lines();
    for line in message.lines() {
        assert!(lines.any(|one| one == line), "{line:?} of\n{message}\nis not in\n{commit}");
    }
    shop.close().await;
}
