//! Answers, lists and events that do not come in the order of what they tell of.

use super::*;

fn kind() -> Kind {
    Kind::new("", "ConfigMap")
}

#[tokio::test]
async fn an_answer_that_was_lost_on_its_way_costs_nobody_their_name() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let id = bench.asks(edit(&config_map("a", 1, "1"))).await;
    bench.sees(written(2, "2")).await;
    bench.sees(config_map("a", 3, "3")).await;
    bench.in_step().await;
    assert_eq!(bench.log()[1..], ["ada: Edit shop/a", "kubectl-edit: Update ConfigMap shop/a"]);
    let commit = bench.git(&["rev-parse", "main~1"]).parse().unwrap();
    assert_eq!(bench.entry(&resource("a"), &id).await.recorded, Recorded::Commit { id: commit, pushed: None });
}

#[tokio::test]
async fn a_late_answer_does_not_take_the_next_one_s_change() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let id = bench.asks(edit(&config_map("a", 1, "1"))).await;
    // Nothing in it shows whose it is.
    bench.sees(config_map("a", 2, "2")).await;
    bench.in_step().await;
    let applied = OperationResult::Applied { uid: "uid-of-a".into(), resource_version: Some("2".into()) };
    bench.ledger.finish_operation(&id, applied).await.unwrap();
    bench.sees(config_map("a", 3, "3")).await;
    bench.in_step().await;
    let expect = ["kubectl-edit: Update ConfigMap shop/a"; 2];
    assert_eq!(bench.log()[1..], expect);
    let message = bench.git(&["log", "-1", "--format=%B", "main"]);
    assert!(!message.contains(&id), "{message}");
    let commit = bench.git(&["rev-parse", "main~1"]).parse().unwrap();
    let entry = bench.entry(&resource("a"), &id).await;
    assert_eq!(entry.recorded, Recorded::Commit { id: commit, pushed: None }, "it is in the commit of its version");
}

#[tokio::test]
async fn two_people_s_writes_are_told_apart_though_their_answers_cross() {
    let bench = Bench::start(Duration::ZERO).await;
    let found = config_map("a", 1, "1");
    bench.lists(std::slice::from_ref(&found)).await;
    bench.in_step().await;
    let by_ada = NewOperation { summary: "Set it to 2".into(), ..edit(&found) };
    let bob = Actor::User("bob".parse().unwrap());
    let by_bob = NewOperation { actor: bob, email: None, summary: "Set it to 3".into(), ..edit(&found) };
    let (ada_id, ada_waits) = bench.ledger.begin_operation(by_ada).await.unwrap();
    let (bob_id, bob_waits) = bench.ledger.begin_operation(by_bob).await.unwrap();
    // The API server notes whole seconds, so nothing in the two versions says which is whose.
    for (version, data) in [(2, "2"), (3, "3")] {
        bench.sees(written(version, data)).await;
    }
    // Once this is committed, both versions have been taken in.
    bench.sees(config_map("b", 4, "1")).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(4);
    while bench.log().len() < 2 {
        assert!(tokio::time::Instant::now() < deadline, "others do not wait");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for (id, waits, version) in [(&bob_id, bob_waits, "3"), (&ada_id, ada_waits, "2")] {
        let applied = OperationResult::Applied { uid: "uid-of-a".into(), resource_version: Some(version.into()) };
        bench.ledger.finish_operation(id, applied).await.unwrap();
        drop(waits);
    }
    bench.in_step().await;
    let expect = ["kubectl-edit: Create ConfigMap shop/b", "ada: Set it to 2", "bob: Set it to 3"];
    assert_eq!(bench.log()[1..], expect);
    for (commit, id, other) in [("main~1", &ada_id, &bob_id), ("main", &bob_id, &ada_id)] {
        let message = bench.git(&["log", "-1", "--format=%B", commit]);
        assert!(message.contains(id.as_str()) && !message.contains(other.as_str()), "{message}");
        let commit = bench.git(&["rev-parse", commit]).parse().unwrap();
        assert_eq!(bench.entry(&resource("a"), id).await.recorded, Recorded::Commit { id: commit, pushed: None });
    }
}

fn delete(found: &Value) -> NewOperation {
    NewOperation { verb: Verb::Delete, summary: "Delete shop/a".into(), ..edit(found) }
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_with_the_watch_is_its_person_s() {
    let bench = Bench::start(Duration::ZERO).await;
    let both = [config_map("a", 1, "1"), config_map("b", 1, "1")];
    bench.lists(&both).await;
    bench.in_step().await;
    let id = bench.asks(delete(&both[0])).await;
    bench.lists(&both[1..]).await;
    bench.in_step().await;
    assert_eq!(bench.log()[1..], ["ada: Delete shop/a"]);
    assert!(matches!(bench.entry(&resource("a"), &id).await.recorded, Recorded::Commit { .. }));
}

#[tokio::test]
async fn what_a_list_lacks_is_left_to_the_delete_that_waits_for_its_answer() {
    let bench = Bench::start(Duration::ZERO).await;
    let both = [config_map("a", 1, "1"), config_map("b", 1, "1")];
    bench.lists(&both).await;
    bench.in_step().await;
    let (id, waits) = bench.ledger.begin_operation(delete(&both[0])).await.unwrap();
    bench.lists(&both[1..]).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), 1, "{:?}", bench.log());
    let applied = OperationResult::Applied { uid: "uid-of-a".into(), resource_version: Some("1".into()) };
    bench.ledger.finish_operation(&id, applied).await.unwrap();
    drop(waits);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while bench.lister.times(&kind()) == 0 {
        assert!(tokio::time::Instant::now() < deadline, "the kind is not listed again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bench.lists(&both[1..]).await;
    bench.in_step().await;
    assert_eq!(bench.log()[1..], ["ada: Delete shop/a"]);
    assert!(matches!(bench.entry(&resource("a"), &id).await.recorded, Recorded::Commit { .. }));
}

#[tokio::test]
async fn what_a_list_lacks_goes_though_its_last_change_still_waits() {
    let bench = Bench::start(Duration::from_secs(600)).await;
    bench.lists(&[config_map("a", 1, "1"), config_map("b", 1, "1")]).await;
    bench.recorder.steer(Steering::CommitNow).await.unwrap();
    bench.sees(config_map("a", 2, "2")).await;
    // The watch broke, and meanwhile it was deleted.
    let left = [config_map("b", 1, "1")];
    bench.lists(&left).await;
    bench.recorder.steer(Steering::CommitNow).await.unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while bench.lister.times(&kind()) == 0 {
        assert!(tokio::time::Instant::now() < deadline, "the kind is not listed again: {:?}", bench.log());
        tokio::time::sleep(Duration::from_millis(10)).await;
        bench.recorder.steer(Steering::CommitNow).await.unwrap();
    }
    bench.lists(&left).await;
    bench.in_step().await;
    let records = bench.git(&["ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(records, "clusters/sandbox/shop/configmap/b.yaml", "{:?}", bench.log());
}

#[tokio::test]
async fn what_a_list_lacks_is_not_recorded_again_by_what_waited_for_a_name() {
    let bench = Bench::start_audited().await;
    bench.hears("eve", "update", &config_map("b", 2, "2"));
    bench.sees(config_map("b", 2, "2")).await;
    // These wait for their events.
    bench.sees(config_map("a", 2, "2")).await;
    bench.sees(config_map("new", 2, "2")).await;
    bench.lists(&[config_map("b", 2, "2"), config_map("c", 1, "1")]).await;
    bench.in_step().await;
    let records = bench.git(&["ls-tree", "-r", "--name-only", "main"]);
    let expect = "clusters/sandbox/shop/configmap/b.yaml\nclusters/sandbox/shop/configmap/c.yaml";
    assert_eq!(records, expect, "{:?}", bench.log());
}

#[tokio::test]
async fn what_came_while_a_watch_was_broken_is_its_author_s() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    bench.lists(&[config_map("a", 1, "1"), config_map("b", 2, "1")]).await;
    bench.in_step().await;
    assert_eq!(bench.log()[1..], ["kubectl-edit: Create ConfigMap shop/b"]);
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com", "uid": "d", "resourceVersion": "3"},
        "spec": {"group": "example.com", "names": {"kind": "Widget", "plural": "widgets"}, "scope": "Namespaced"}
    });
    let widget = json!({
        "apiVersion": "example.com/v1", "kind": "Widget", "spec": {"size": 1},
        "metadata": {"name": "w", "namespace": "shop", "uid": "w", "resourceVersion": "4",
                     "managedFields": config_map("w", 4, "1")["metadata"]["managedFields"]}
    });
    // Applied together: the first list of the new kind has it already.
    for (object, initial) in [(definition, false), (widget, true)] {
        let resource = manifest::identity(&object, &bench.config.cluster.name).unwrap();
        bench.tell(object, initial).await;
        bench.watch.send(Observed::Listed { kind: resource.kind.clone(), present: vec![resource] }).await.unwrap();
    }
    bench.in_step().await;
    assert_eq!(bench.log().last().unwrap(), "kubectl-edit: Create Widget.example.com shop/w");
}

#[tokio::test]
async fn what_was_done_to_an_object_that_was_made_again_unseen_is_told_with_the_new_one() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1"), config_map("b", 1, "1")]).await;
    bench.in_step().await;
    let deleted = bench.operates(Verb::Delete, &config_map("a", 2, "1"), "Delete configmap shop/a").await;
    let same = bench.operates(Verb::Delete, &config_map("b", 2, "1"), "Delete configmap shop/b").await;
    let bench = bench.restart().await;
    let again = |name: &str, data: &str| {
        let mut object = config_map(name, 5, data);
        object["metadata"]["uid"] = json!(format!("another {name}"));
        object
    };
    bench.lists(&[again("a", "2"), again("b", "1")]).await;
    bench.in_step().await;
    let recorded = async |name: &str, id: &str| bench.entry(&resource(name), id).await.recorded;
    assert!(matches!(recorded("a", &deleted).await, Recorded::Commit { .. }));
    assert_eq!(recorded("b", &same).await, Recorded::Unchanged);
    assert_eq!(bench.log()[1..], ["kubectl-edit: Update ConfigMap shop/a"]);
    let body = bench.git(&["log", "-1", "--format=%b", "main"]);
    assert!(body.contains("With it, by ada: Delete configmap shop/a"), "{body}");
}
