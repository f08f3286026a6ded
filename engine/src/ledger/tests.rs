//! Operations, changes and commits on a store in memory.

mod unanswered;

use std::time::{Duration, Instant};

use model::git::CommitId;
use model::health::Health;
use model::history::{Actor, HistoryEntry, OperationState, Outcome, Recorded, Verb};
use model::user::Scope;
use model::{Kind, PageRequest, ResourceRef, Timestamp};

use super::{Baseline, Change, Ledger, NewOperation, OperationResult};
use crate::Clock;
use crate::store::tests::memory;

fn resource(namespace: &str, name: &str) -> ResourceRef {
    ResourceRef {
        cluster: "test".parse().unwrap(),
        kind: Kind::deployment(),
        namespace: Some(namespace.parse().unwrap()),
        name: name.parse().unwrap(),
    }
}

fn commit(digit: char) -> CommitId {
    digit.to_string().repeat(40).parse().unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

async fn ledger() -> Ledger {
    Ledger::open(memory().await, Clock::new(|| at(1000))).await.unwrap()
}

fn scale(resource: &ResourceRef) -> NewOperation {
    NewOperation {
        actor: Actor::User("ada".parse().unwrap()),
        email: Some("ada@example.org".into()),
        verb: Verb::Scale,
        resource: resource.clone(),
        summary: format!("Scale {resource}"),
        reason: "more load".into(),
        baseline: Baseline::default(),
        rolls_out: true,
    }
}

fn change(resource: &ResourceRef, version: &str, operations: &[String], recorded: Recorded) -> Change {
    Change {
        resource: resource.clone(),
        resource_version: version.into(),
        actor: Actor::Manager("kubectl-edit".into()),
        verb: Verb::Observe,
        summary: "replicas 1 -> 2".into(),
        at: at(2000),
        operations: operations.to_vec(),
        recorded,
    }
}

fn applied(uid: &str, version: &str) -> OperationResult {
    OperationResult::Applied { uid: uid.into(), resource_version: Some(version.into()) }
}

fn in_commit(digit: char) -> Recorded {
    Recorded::Commit { id: commit(digit), pushed: None }
}

async fn history(ledger: &Ledger, resource: &ResourceRef) -> Vec<HistoryEntry> {
    ledger.store.timeline_of_resource(resource, PageRequest::default()).await.unwrap().items
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_its_change_commit_and_outcome_are_one_row() {
    let ledger = ledger().await;
    let api = resource("shop", "api");
    let (id, guard) = ledger.begin_operation(scale(&api)).await.unwrap();
    assert_eq!(history(&ledger, &api).await[0].operation, Some(OperationState::Started));
    assert!(ledger.find_operations("u1", 9).await.is_empty(), "not answered yet");
    ledger.finish_operation(&id, applied("u1", "7")).await.unwrap();
    drop(guard);
    assert!(ledger.find_operations("u1", 6).await.is_empty(), "an older version is not its change");
    assert!(ledger.find_operations("u2", 9).await.is_empty(), "nor is another object's");
    assert_eq!(ledger.find_operations("u1", 7).await[0].id, id);
    let outcome = Outcome { health: Health::healthy(), at: at(1010), seconds: 10 };
    assert_eq!(ledger.pending_outcomes().await.len(), 1);
    ledger.record_changes(vec![change(&api, "7", std::slice::from_ref(&id), in_commit('a'))]).await.unwrap();
    ledger.set_outcome(&id, outcome.clone()).await.unwrap();
    let rows = history(&ledger, &api).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].recorded, in_commit('a'));
    assert_eq!(rows[0].outcome, Some(outcome));
    assert_eq!((rows[0].reason.as_str(), &rows[0].operation), ("more load", &Some(OperationState::Applied)));
    assert!(ledger.find_operations("u1", 9).await.is_empty() && ledger.pending_outcomes().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_operation_never_reaches_the_repository() {
    let ledger = ledger().await;
    let api = resource("shop", "api");
    let (id, _guard) = ledger.begin_operation(scale(&api)).await.unwrap();
    ledger.finish_operation(&id, OperationResult::Refused("quota exceeded".into())).await.unwrap();
    let row = history(&ledger, &api).await.remove(0);
    assert_eq!(row.operation, Some(OperationState::Refused("quota exceeded".into())));
    assert_eq!(row.recorded, Recorded::Never);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_is_found_when_its_object_is_gone() {
    let ledger = ledger().await;
    let api = resource("shop", "api");
    let delete = NewOperation { verb: Verb::Delete, rolls_out: false, ..scale(&api) };
    let (id, _guard) = ledger.begin_operation(delete).await.unwrap();
    ledger.finish_operation(&id, applied("u1", "7")).await.unwrap();
    assert!(ledger.find_operations("u1", 8).await.is_empty(), "the object still changes while finalizers run");
    assert_eq!(ledger.find_deletes("u1").await[0].id, id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_change_makes_one_row_however_often_it_is_told() {
    let ledger = ledger().await;
    let api = resource("shop", "api");
    for _ in 0..2 {
        ledger.record_changes(vec![change(&api, "7", &[], in_commit('a'))]).await.unwrap();
    }
    let rows = history(&ledger, &api).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].actor, Actor::Manager("kubectl-edit".into()));
    assert_eq!(rows[0].operation, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_again_is_an_event_of_its_own() {
    let ledger = ledger().await;
    let api = resource("shop", "api");
    // A deletion that a list shows has no version.
    let gone = |second, digit| Change { at: at(second), ..change(&api, "", &[], in_commit(digit)) };
    ledger.record_changes(vec![gone(10, 'a')]).await.unwrap();
    ledger.record_changes(vec![Change { at: at(20), ..change(&api, "7", &[], in_commit('b')) }]).await.unwrap();
    ledger.record_changes(vec![gone(30, 'c')]).await.unwrap();
    // Its kind was switched off and on again: the same version in another commit.
    ledger.record_changes(vec![Change { at: at(40), ..change(&api, "7", &[], in_commit('d')) }]).await.unwrap();
    let rows: Vec<_> = history(&ledger, &api).await.into_iter().map(|row| (row.at, row.recorded)).collect();
    let expect = [(40, 'd'), (30, 'c'), (20, 'b'), (10, 'a')].map(|(second, digit)| (at(second), in_commit(digit)));
    assert_eq!(rows, expect);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_in_the_log_takes_nothing_from_what_is_known() {
    let ledger = ledger().await;
    let (api, web) = (resource("shop", "api"), resource("shop", "web"));
    let restart = Change { verb: Verb::Restart, ..change(&api, "7", &[], in_commit('a')) };
    ledger.record_changes(vec![restart]).await.unwrap();
    ledger.rewrite_commits(&[(commit('a'), commit('b'))]).await.unwrap();
    let known = history(&ledger, &api).await;
    let (id, _guard) = ledger.begin_operation(scale(&api)).await.unwrap();
    let found = |resource, operations: &[String]| Change {
        summary: "as the log has it".into(),
        ..change(resource, "7", operations, in_commit('b'))
    };
    for _ in 0..2 {
        let found = vec![found(&api, &[]), found(&web, &[]), found(&api, std::slice::from_ref(&id))];
        ledger.record_found(found).await.unwrap();
    }
    let (operation, rows): (Vec<_>, Vec<_>) = history(&ledger, &api).await.into_iter().partition(|row| row.id == id);
    assert_eq!(rows, known);
    assert_eq!(operation[0].recorded, in_commit('b'), "one that waited is linked");
    let others = history(&ledger, &web).await;
    assert_eq!((others.len(), others[0].summary.as_str()), (1, "as the log has it"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_open_operations_are_known_and_a_commit_links_itself_once() {
    let ledger = ledger().await;
    let api = resource("shop", "api");
    let (started, _guard) = ledger.begin_operation(scale(&api)).await.unwrap();
    let (done, _guard) = ledger.begin_operation(scale(&api)).await.unwrap();
    ledger.finish_operation(&done, applied("u1", "7")).await.unwrap();
    let ledger = Ledger::open(ledger.store.clone(), ledger.clock.clone()).await.unwrap();
    assert_eq!(
        ledger.started_earlier().await.into_iter().map(|found| found.id).collect::<Vec<_>>(),
        std::slice::from_ref(&started)
    );
    assert_eq!(ledger.find_operations("u1", 7).await[0].id, done);
    let tell = |id: &String, digit| change(&api, "7", std::slice::from_ref(id), in_commit(digit));
    ledger.record_changes(vec![tell(&done, 'a')]).await.unwrap();
    ledger.record_changes(vec![tell(&done, 'b'), tell(&started, 'c')]).await.unwrap();
    let rows = history(&ledger, &api).await;
    let row = rows.iter().find(|row| row.id == started).unwrap();
    assert_eq!((&row.operation, &row.recorded), (&Some(OperationState::Applied), &in_commit('c')));
    let row = rows.iter().find(|row| row.id == done).unwrap();
    assert_eq!((rows.len(), &row.recorded), (2, &in_commit('a')), "exactly one commit: the first that was told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_commit_takes_the_place_of_the_old_one() {
    let ledger = ledger().await;
    let api = resource("shop", "api");
    ledger.record_changes(vec![change(&api, "7", &[], in_commit('a'))]).await.unwrap();
    ledger.rewrite_commits(&[(commit('a'), commit('b'))]).await.unwrap();
    assert_eq!(history(&ledger, &api).await[0].recorded, in_commit('b'));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_sees_only_its_own_namespaces() {
    let ledger = ledger().await;
    for namespace in ["shop", "bank"] {
        ledger.record_changes(vec![change(&resource(namespace, "api"), "7", &[], in_commit('a'))]).await.unwrap();
    }
    let cluster = ResourceRef { namespace: None, ..resource("shop", "reader") };
    ledger.record_changes(vec![change(&cluster, "7", &[], in_commit('a'))]).await.unwrap();
    let page = PageRequest::default();
    let cluster_name = "test".parse().unwrap();
    let shop = Scope::Namespaces(vec!["shop".parse().unwrap()]);
    let seen = ledger.store.timeline_of_scope(&cluster_name, &shop, page).await.unwrap();
    assert_eq!((seen.total, seen.items.len()), (1, 1));
    assert_eq!(seen.items[0].resource, resource("shop", "api"));
    assert_eq!(ledger.store.timeline_of_scope(&cluster_name, &Scope::Everywhere, page).await.unwrap().total, 3);
}

/// The bound is loose, since test machines are; it fails when a page reads the whole table instead of an index.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_history_costs_the_same_however_long_the_history_is() {
    let ledger = ledger().await;
    let api = resource("shop", "api");
    let changes = |name: &str, count: i64| -> Vec<Change> {
        let resource = resource("shop", name);
        let one =
            |number: i64| Change { at: at(number), ..change(&resource, &number.to_string(), &[], in_commit('a')) };
        (0..count).map(one).collect()
    };
    let began = Instant::now();
    ledger.record_changes(changes("api", 300)).await.unwrap();
    ledger.record_changes(changes("other", 2000)).await.unwrap();
    println!("2,300 rows written in {:?}", began.elapsed());
    let mut times = Vec::new();
    for number in [1, 2, 6] {
        let began = Instant::now();
        let page = ledger.store.timeline_of_resource(&api, PageRequest { number, size: 50 }).await.unwrap();
        times.push(began.elapsed());
        assert_eq!((page.items.len(), page.total), (50, 300));
        assert_eq!(page.items[0].at, at(299 - i64::from(number - 1) * 50), "newest first");
    }
    let began = Instant::now();
    let recent =
        ledger.store.timeline_of_scope(&api.cluster, &Scope::Everywhere, PageRequest::default()).await.unwrap();
    times.push(began.elapsed());
    assert_eq!((recent.items.len(), recent.total), (50, 500), "so many are counted");
    let far = PageRequest { number: 42, size: 50 };
    let far = ledger.store.timeline_of_scope(&api.cluster, &Scope::Everywhere, far).await.unwrap();
    assert_eq!((far.items.len(), far.total), (50, 2101), "and one more page is always in reach");
    let both = Scope::Namespaces(vec!["shop".parse().unwrap(), "bank".parse().unwrap()]);
    let second = PageRequest { number: 2, size: 50 };
    let second = ledger.store.timeline_of_scope(&api.cluster, &both, second).await.unwrap();
    assert_eq!((second.items.len(), second.items[0].at), (50, at(1949)));
    println!("pages read in {times:?}");
    assert!(times.iter().all(|time| *time < Duration::from_millis(500)), "{times:?}");
}
