//! Operations, changes and commits on a store in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use model::git::CommitId;
use model::health::Health;
use model::history::{Actor, HistoryEntry, OperationState, Outcome, Recorded, Verb};
use model::user::Scope;
use model::{Kind, PageRequest, ResourceRef, Timestamp};

use super::in_flight::lock;
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
async fn what_is_found_out_about_a_write_replaces_no_answer() {
    let ledger = ledger().await;
    let api = resource("shop", "api");
    let (id, _guard) = ledger.begin_operation(scale(&api)).await.unwrap();
    ledger.finish_operation(&id, applied("u1", "7")).await.unwrap();
    ledger.conclude_operation(&id, OperationResult::Interrupted).await.unwrap();
    let row = history(&ledger, &api).await.remove(0);
    assert_eq!((row.operation, row.recorded), (Some(OperationState::Applied), Recorded::Waiting));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_nobody_answered_is_taken_back() {
    let ledger = ledger().await;
    let (api, web) = (resource("shop", "api"), resource("shop", "web"));
    let (answered, _guard) = ledger.begin_operation(scale(&api)).await.unwrap();
    ledger.finish_operation(&answered, applied("u1", "7")).await.unwrap();
    let (concluded, _guard) = ledger.begin_operation(scale(&web)).await.unwrap();
    ledger.conclude_operation(&concluded, applied("u2", "8")).await.unwrap();
    for (id, resource, expect) in
        [(answered, api, OperationState::Applied), (concluded, web, OperationState::Interrupted)]
    {
        assert_eq!(ledger.retract_arrival(&id).await.unwrap(), expect == OperationState::Interrupted);
        assert_eq!(history(&ledger, &resource).await[0].operation, Some(expect));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_or_committed_after_it_was_concluded_is_not_taken_back() {
    let ledger = ledger().await;
    let (api, web) = (resource("shop", "api"), resource("shop", "web"));
    let (answered, _guard) = ledger.begin_operation(scale(&api)).await.unwrap();
    let (committed, _guard) = ledger.begin_operation(scale(&web)).await.unwrap();
    for (id, uid) in [(&answered, "u1"), (&committed, "u2")] {
        ledger.conclude_operation(id, applied(uid, "7")).await.unwrap();
    }
    ledger.finish_operation(&answered, applied("u1", "8")).await.unwrap();
    ledger.record_changes(vec![change(&web, "7", std::slice::from_ref(&committed), in_commit('a'))]).await.unwrap();
    for (id, resource) in [(answered, api), (committed, web)] {
        assert!(!ledger.retract_arrival(&id).await.unwrap(), "{resource:?}");
        assert_eq!(history(&ledger, &resource).await[0].operation, Some(OperationState::Applied));
    }
    assert!(lock(&ledger.open.concluded).is_empty());
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
async fn an_answer_is_waited_for_however_the_clock_is_set() {
    let hours = Arc::new(AtomicI64::new(20));
    let clock = Clock::new({
        let hours = hours.clone();
        move || at(3_600 * hours.load(Ordering::Relaxed))
    });
    let ledger = Ledger::open(memory().await, clock.clone()).await.unwrap();
    let (id, guard) = ledger.begin_operation(scale(&resource("shop", "api"))).await.unwrap();
    let never = Duration::from_secs(600);
    let unheard = async |ledger: &Ledger, patience| -> Vec<String> {
        ledger.overdue_operations(patience, never).await.into_iter().map(|(operation, _)| operation.id).collect()
    };
    for hour in [20, 22, 1] {
        hours.store(hour, Ordering::Relaxed);
        assert!(unheard(&ledger, Duration::ZERO).await.is_empty(), "it is under way, at {hour}");
    }
    drop(guard);
    assert!(unheard(&ledger, never).await.is_empty(), "it may yet have arrived");
    assert_eq!(unheard(&ledger, Duration::ZERO).await, [id.as_str()]);
    ledger.open.rows.lock().await.clear();
    assert!(unheard(&ledger, Duration::ZERO).await.is_empty() && ledger.open.unanswered.lock().unwrap().is_empty());
    let after = Ledger::open(ledger.store.clone(), clock).await.unwrap();
    assert!(unheard(&after, Duration::ZERO).await.is_empty(), "it may yet arrive in a later run");
    let unheard = after.overdue_operations(never, Duration::ZERO).await;
    assert_eq!(unheard.len(), 1, "nobody hears it in a later run");
    after.finish_operation(&id, OperationResult::Interrupted).await.unwrap();
    assert!(after.overdue_operations(never, Duration::ZERO).await.is_empty());
}

/// An object at a version; Denshimon wrote to it at a second.
fn object(version: u64, second: u64) -> serde_json::Value {
    let note = serde_json::json!({ "manager": "denshimon", "time": format!("2026-01-01T00:00:{second:02}Z") });
    serde_json::json!({ "metadata": { "uid": "u1", "resourceVersion": version.to_string(), "managedFields": [note] } })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_state_stands_for_an_answer_that_may_still_come() {
    let ledger = ledger().await;
    let api = resource("shop", "api");
    let new = NewOperation { verb: Verb::Edit, baseline: Baseline::of(&object(5, 1)), ..scale(&api) };
    let (_, guard) = ledger.begin_operation(new).await.unwrap();
    let mut guard = Some(guard);
    for expect in [OperationState::Started, OperationState::Applied] {
        ledger.notice_arrivals(&api, Some(&object(6, 2))).await.unwrap();
        assert_eq!(history(&ledger, &api).await[0].operation, Some(expect));
        guard.take();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_had_not_arrived_before_a_later_write_is_over_once_that_is_taken() {
    let (api, web) = (resource("shop", "api"), resource("shop", "web"));
    let on = |resource: &ResourceRef, state: &serde_json::Value| NewOperation {
        verb: Verb::Edit,
        baseline: Baseline::of(state),
        ..scale(resource)
    };
    for (state_before_the_later, expect) in
        [(object(5, 1), OperationState::Interrupted), (object(6, 2), OperationState::Started)]
    {
        let ledger = ledger().await;
        let (lost, guard) = ledger.begin_operation(on(&api, &object(5, 1))).await.unwrap();
        drop(guard);
        let (elsewhere, guard) = ledger.begin_operation(on(&web, &object(5, 1))).await.unwrap();
        drop(guard);
        let (later, _guard) = ledger.begin_operation(on(&api, &state_before_the_later)).await.unwrap();
        ledger.finish_operation(&later, applied("u1", "9")).await.unwrap();
        let state = async |resource: &ResourceRef, id: &str| {
            let rows = history(&ledger, resource).await;
            rows.into_iter().find(|row| row.id == id).unwrap().operation.unwrap()
        };
        assert_eq!(state(&api, &lost).await, expect, "{state_before_the_later}");
        assert_eq!(state(&web, &elsewhere).await, OperationState::Started);
        let started = ledger.started_operations().await;
        let explained = async |id: &str| match started.iter().find(|(operation, _)| operation.id == id) {
            Some((operation, _)) => Some(ledger.is_explained(operation).await.unwrap()),
            None => None,
        };
        let is_known = expect == OperationState::Interrupted;
        assert_eq!(explained(&lost).await, (!is_known).then_some(true), "{state_before_the_later}");
        assert_eq!(explained(&elsewhere).await, Some(false));
        assert_eq!(state(&api, &later).await, OperationState::Applied);
    }
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
async fn a_change_waits_for_the_answer_to_a_write_on_the_same_resource() {
    let ledger = ledger().await;
    let (api, web) = (resource("shop", "api"), resource("shop", "web"));
    let (_, guard) = ledger.begin_operation(scale(&api)).await.unwrap();
    assert!(ledger.settled(&web).await);
    let waiting = tokio::spawn({
        let (ledger, api) = (ledger.clone(), api.clone());
        async move { ledger.settled(&api).await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    drop(guard);
    assert!(waiting.await.unwrap());
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
