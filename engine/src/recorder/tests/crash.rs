//! The program may end between any two steps.

use model::history::OperationState;

use super::*;
use crate::recorder::trailers::{Block, Trailers};
use crate::repository::{Before, FileEdit, Identity, NewCommit};

fn commit_of(operation: &str, content: &Value) -> NewCommit {
    let text = manifest::render(&manifest::sanitize(content));
    let trailers = Trailers {
        actor: Actor::User("ada".parse().unwrap()),
        cluster: "sandbox".parse().unwrap(),
        blocks: vec![Block {
            resource: resource("a"),
            resource_version: "2".into(),
            operations: vec![operation.to_owned()],
        }],
    };
    NewCommit {
        author: Identity::new("ada", "ada@example.org"),
        authored_at: Timestamp::now(),
        committed_at: Timestamp::now(),
        message: format!("Edit shop/a\n\n{}\n", trailers.write()),
        edits: vec![FileEdit {
            path: "clusters/sandbox/shop/configmap/a.yaml".into(),
            content: Some(text.into()),
            before: Before::Whatever,
        }],
    }
}

#[tokio::test]
async fn a_commit_that_the_ledger_missed_is_linked_at_the_next_start() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let edited = config_map("a", 2, "2");
    let id = bench.operates(Verb::Edit, &edited, "Edit shop/a").await;
    // Committed, and nothing more.
    let commit = bench.repository.commit(vec![commit_of(&id, &edited)]).await.unwrap()[0].clone().unwrap();
    for _ in 0..2 {
        let history = bench.history(&resource("a")).await;
        assert_eq!(history.iter().filter(|entry| entry.id == id).count(), 1);
    }
    let bench = bench.restart().await;
    bench.lists(std::slice::from_ref(&edited)).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), 2, "not recorded twice");
    let entry = bench.entry(&resource("a"), &id).await;
    assert_eq!(entry.recorded, Recorded::Commit { id: commit, pushed: None });
    assert_eq!(bench.history(&resource("a")).await.len(), 2);
}

#[tokio::test]
async fn an_operation_without_an_answer_is_found_by_its_mark() {
    let check = async |verb: Verb, seen: Option<Value>, subject: Option<&str>| {
        let bench = Bench::start(Duration::ZERO).await;
        let before = config_map("a", 1, "1");
        bench.lists(&[before.clone(), config_map("z", 1, "1")]).await;
        bench.in_step().await;
        let id = bench.asks(NewOperation { verb, summary: "Do it to shop/a".into(), ..edit(&before) }).await;
        let bench = bench.restart().await;
        let mut all = vec![config_map("z", 1, "1")];
        all.extend(seen.clone());
        bench.lists(&all).await;
        bench.in_step().await;
        let expect: Vec<String> = subject.iter().map(|subject| (*subject).to_owned()).collect();
        assert_eq!(bench.log()[1..], expect, "{verb:?} {seen:?}");
        let entry = bench.entry(&resource("a"), &id).await;
        let linked = matches!(entry.recorded, Recorded::Commit { .. });
        let expect = subject.is_some_and(|subject| subject.starts_with("ada"));
        assert_eq!(linked, expect, "{verb:?} {:?}", entry.recorded);
        let answered = entry.operation != Some(OperationState::Started);
        assert_eq!(answered, expect, "{verb:?}: what has not arrived may yet do so");
    };
    check(Verb::Edit, Some(written(2, "2")), Some("ada: Do it to shop/a")).await;
    check(Verb::Edit, Some(config_map("a", 2, "2")), Some("kubectl-edit: Update ConfigMap shop/a")).await;
    check(Verb::Edit, Some(config_map("a", 1, "1")), None).await;
    check(Verb::Delete, None, Some("ada: Do it to shop/a")).await;
}

#[tokio::test]
async fn an_operation_that_never_arrived_is_not_taken_for_the_one_before_it_in_the_same_second() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let edited = written(2, "2");
    bench.operates(Verb::Edit, &edited, "Edit shop/a").await;
    bench.sees(edited.clone()).await;
    bench.in_step().await;
    let id = bench.asks(NewOperation { summary: "Edit it once more".into(), ..edit(&edited) }).await;
    let bench = bench.restart().await;
    bench.lists(std::slice::from_ref(&edited)).await;
    bench.in_step().await;
    let entry = bench.entry(&resource("a"), &id).await;
    assert_eq!((&entry.operation, &entry.recorded), (&Some(OperationState::Started), &Recorded::Waiting));
}

#[tokio::test]
async fn an_operation_that_arrives_after_the_first_list_of_the_next_run_is_still_its_person_s() {
    let bench = Bench::start(Duration::ZERO).await;
    let before = config_map("a", 1, "1");
    bench.lists(std::slice::from_ref(&before)).await;
    bench.in_step().await;
    let id = bench.asks(edit(&before)).await;
    let bench = bench.restart().await;
    bench.lists(std::slice::from_ref(&before)).await;
    bench.in_step().await;
    bench.sees(written(2, "2")).await;
    bench.in_step().await;
    assert_eq!(bench.log()[1..], ["ada: Edit shop/a"]);
    let entry = bench.entry(&resource("a"), &id).await;
    assert!(matches!(entry.recorded, Recorded::Commit { .. }), "{entry:?}");
}

#[tokio::test]
async fn what_is_made_again_after_a_delete_is_its_person_s_though_the_answer_was_lost() {
    let bench = Bench::start(Duration::ZERO).await;
    let before = config_map("a", 3, "1");
    bench.lists(std::slice::from_ref(&before)).await;
    bench.in_step().await;
    bench.operates(Verb::Delete, &before, "Delete shop/a").await;
    let create = NewOperation {
        verb: Verb::Create,
        summary: "Create shop/a".into(),
        baseline: Baseline::default(),
        ..edit(&before)
    };
    let id = bench.asks(create).await;
    let bench = bench.restart().await;
    let mut again = written(9, "2");
    again["metadata"]["uid"] = "another".into();
    bench.lists(&[again]).await;
    bench.in_step().await;
    let entry = bench.entry(&resource("a"), &id).await;
    assert!(matches!(entry.recorded, Recorded::Commit { .. }), "{entry:?}");
}

#[tokio::test]
async fn a_list_that_lacks_what_is_gone_leaves_its_delete_to_the_commit_that_waits() {
    let bench = Bench::start(Duration::from_secs(600)).await;
    let before = config_map("a", 1, "1");
    bench.lists(std::slice::from_ref(&before)).await;
    bench.commits_all().await;
    bench.asks(edit(&before)).await;
    let bench = bench.restart().await;
    bench.lists(std::slice::from_ref(&before)).await;
    let id = bench.operates(Verb::Delete, &before, "Delete shop/a").await;
    bench.loses(before).await;
    bench.lists(&[]).await;
    bench.commits_all().await;
    let entry = bench.entry(&resource("a"), &id).await;
    let commit = bench.git(&["rev-parse", "main"]).parse().unwrap();
    assert_eq!(entry.recorded, Recorded::Commit { id: commit, pushed: None }, "{:?}", bench.log());
}

#[tokio::test]
async fn an_edit_is_not_taken_for_the_restart_that_came_in_its_place() {
    let bench = Bench::start(Duration::ZERO).await;
    let before = config_map("a", 1, "1");
    bench.lists(std::slice::from_ref(&before)).await;
    bench.in_step().await;
    let restart = bench.asks(NewOperation { verb: Verb::Restart, ..edit(&before) }).await;
    let lost = bench.asks(edit(&before)).await;
    bench.sees(written(2, "1")).await;
    bench.in_step().await;
    let state = async |id: &str| bench.entry(&resource("a"), id).await.operation;
    assert_eq!(state(&restart).await, Some(OperationState::Applied));
    assert_eq!(state(&lost).await, Some(OperationState::Interrupted));
}

#[tokio::test]
async fn an_edit_that_left_the_record_as_it_was_is_not_denied() {
    let bench = Bench::start(Duration::ZERO).await;
    let before = config_map("a", 1, "1");
    bench.lists(std::slice::from_ref(&before)).await;
    bench.in_step().await;
    let id = bench.asks(edit(&before)).await;
    bench.sees(written(2, "1")).await;
    bench.in_step().await;
    let entry = bench.entry(&resource("a"), &id).await;
    assert_eq!((entry.operation, entry.recorded), (Some(OperationState::Applied), Recorded::Unchanged));
}

#[tokio::test]
async fn changes_while_it_was_down_are_their_authors() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1"), config_map("b", 1, "1")]).await;
    bench.in_step().await;
    let bench = bench.restart().await;
    bench.lists(&[config_map("a", 5, "2"), config_map("b", 1, "1"), config_map("c", 4, "1")]).await;
    bench.in_step().await;
    let expect = ["kubectl-edit: Update ConfigMap shop/a", "kubectl-edit: Create ConfigMap shop/c"];
    assert_eq!(bench.log()[1..], expect);
}

#[tokio::test]
async fn what_waits_at_the_end_is_committed() {
    let bench = Bench::start(Duration::from_secs(600)).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    bench.sees(config_map("a", 2, "2")).await;
    let bench = bench.restart().await;
    assert_eq!(bench.log()[1..], ["kubectl-edit: Update ConfigMap shop/a"]);
}
