//! What is bound to a namespace sees nothing of the others, and cannot tell hidden from absent by any answer.

use engine::{Caller, Error};
use model::deployment::{DeploymentChange, DeploymentEdit, DeploymentRef, Undo, WriteOptions};
use model::git::{CommitId, CommitQuery};
use model::history::Recorded;
use model::user::{Role, Scope};

use crate::deployments::{Shop, caller, operator};
use crate::harness::eventually;

/// Names no other test uses, so that a page can be searched for it.
const SECRET_NAME: &str = "hidden-ledger";

struct Neighbours {
    shop: Shop,
    /// May do all in a namespace where nothing is.
    neighbour: Caller,
    home: String,
    hidden: DeploymentRef,
    absent: DeploymentRef,
}

impl Neighbours {
    async fn move_in() -> Self {
        let shop = Shop::open().await;
        let hidden = shop.create(SECRET_NAME).await;
        let home = shop.kubectl.create_namespace("home").await;
        let neighbour = caller(Role::Operator, Scope::Namespaces(vec![home.parse().unwrap()]));
        let absent = shop.target("nothing-here");
        Self { shop, neighbour, home, hidden, absent }
    }

    /// What the person behind the caller reads, with the two names made one.
    fn words<T: std::fmt::Debug>(answer: Result<T, Error>) -> String {
        let error = answer.expect_err("nothing is shown or done").to_wire();
        format!("{error:?}").replace(SECRET_NAME, "NAME").replace("nothing-here", "NAME")
    }

    async fn move_out(self) {
        self.shop.kubectl.run(&["delete", "namespace", &self.home, "--wait=false"]).await;
        self.shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_and_absent_are_answered_alike() {
    let place = Neighbours::move_in().await;
    let engine = &place.shop.test.engine;
    let stranger = &place.neighbour;
    let mut answers = [Vec::new(), Vec::new()];
    for (target, answers) in [&place.hidden, &place.absent].into_iter().zip(&mut answers) {
        answers.push(Neighbours::words(engine.read_deployment(stranger, target).await));
        answers.push(Neighbours::words(engine.read_deployment_yaml(stranger, target).await));
        answers.push(Neighbours::words(engine.list_deployment_events(stranger, target).await));
        answers.push(Neighbours::words(engine.read_deployment_history(stranger, target, Default::default()).await));
        let options = WriteOptions::default();
        answers.push(Neighbours::words(engine.scale_deployment(stranger, target, 0, &options).await));
        answers.push(Neighbours::words(engine.restart_deployment(stranger, target, &options).await));
        answers.push(Neighbours::words(engine.pause_deployment(stranger, target, &options).await));
        answers.push(Neighbours::words(engine.resume_deployment(stranger, target, &options).await));
        answers.push(Neighbours::words(engine.delete_deployment(stranger, target, &options).await));
        for change in changes(&place.shop, target) {
            answers.push(Neighbours::words(engine.preview_deployment(stranger, &change, None).await));
            answers.push(Neighbours::words(engine.apply_deployment(stranger, &change, &options).await));
        }
    }
    let [hidden, absent] = answers;
    for (hidden, absent) in hidden.iter().zip(&absent) {
        assert_eq!(hidden, absent);
        assert!(hidden.contains("NotFound") || hidden.contains("Invalid"), "{hidden}");
    }
    let kept = place.shop.field(&place.hidden, ".spec.replicas").await;
    assert_eq!(kept, "2", "nothing was done");
    place.move_out().await;
}

fn changes(shop: &Shop, target: &DeploymentRef) -> Vec<DeploymentChange> {
    let form = shop.form(target.name.as_str());
    let yaml = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {}, namespace: {}}}\nspec:\n  selector: \
         {{matchLabels: {{app: a}}}}\n  template:\n    metadata: {{labels: {{app: a}}}}\n    spec:\n      containers: \
         [{{name: a, image: registry.example/a:1}}]\n",
        target.name, target.namespace
    );
    vec![
        DeploymentChange::Create(form.clone()),
        DeploymentChange::CreateYaml(yaml.clone()),
        DeploymentChange::EditForm(target.clone(), form),
        DeploymentChange::Edit(target.clone(), DeploymentEdit { replicas: Some(0), ..DeploymentEdit::default() }),
        DeploymentChange::EditYaml(target.clone(), yaml),
        DeploymentChange::Undo(target.clone(), Undo { revision: None }),
        DeploymentChange::Delete(target.clone()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_commits_and_the_sync_state_tell_nothing_of_other_namespaces() {
    let place = Neighbours::move_in().await;
    let engine = &place.shop.test.engine;
    let commit = eventually("the creation has its commit", || async {
        let page = engine.read_deployment_history(&operator(), &place.hidden, Default::default()).await.ok()?;
        page.items.into_iter().find_map(|entry| match entry.recorded {
            Recorded::Commit { id, .. } => Some(id),
            _ => None,
        })
    })
    .await;
    let stranger = &place.neighbour;
    let nowhere: CommitId = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
    let answers = [
        Neighbours::words(engine.read_commit(stranger, &commit).await).replace(commit.short(), "ID"),
        Neighbours::words(engine.read_commit(stranger, &nowhere).await).replace(nowhere.short(), "ID"),
    ];
    assert_eq!(
        answers[0].replace(commit.as_str(), "ID"),
        answers[1].replace(nowhere.as_str(), "ID"),
        "a commit of others, and none"
    );
    let path = Some(format!("clusters/test/{}", place.shop.namespace));
    let by_path = CommitQuery { path, ..CommitQuery::default() };
    let all = engine.list_commits(&operator(), &by_path).await.unwrap();
    assert!(all.items.iter().any(|found| found.id == commit), "whoever may see them finds them there: {all:?}");
    assert_eq!(engine.list_commits(stranger, &by_path).await.unwrap().total, 0);
    let shown = [
        format!("{:?}", engine.list_namespaces(stranger).await.unwrap()),
        format!("{:?}", engine.list_deployments(stranger, &Default::default()).await.unwrap()),
        format!("{:?}", engine.list_commits(stranger, &CommitQuery::default()).await.unwrap()),
        format!("{:?}", engine.list_commits(stranger, &by_path).await.unwrap()),
        format!("{:?}", engine.recent_history(stranger, Default::default()).await.unwrap()),
        format!("{:?}", engine.sync_status(stranger).await.unwrap()),
    ];
    for text in shown {
        assert!(!text.contains(SECRET_NAME) && !text.contains(&place.shop.namespace), "{text}");
    }
    place.move_out().await;
}
