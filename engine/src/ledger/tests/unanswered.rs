//! Writes whose answers come late, or never.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::ledger::in_flight::lock;

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
