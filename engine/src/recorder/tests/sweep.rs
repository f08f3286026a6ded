//! Records whose resources went while nobody looked.

use super::*;

#[tokio::test]
async fn a_few_go_by_themselves_and_only_after_a_complete_list() {
    let bench = Bench::start(Duration::ZERO).await;
    let all: Vec<Value> = (0..20).map(|n| config_map(&format!("c{n}"), 1, "x")).collect();
    bench.lists(&all).await;
    bench.in_step().await;
    let bench = bench.restart().await;
    bench.watch.send(Observed::Away { kind: Kind::new("", "ConfigMap") }).await.unwrap();
    bench.watch.send(Observed::Gone { kind: Kind::new("", "ConfigMap") }).await.unwrap();
    bench.lists(&all[..18]).await;
    bench.in_step().await;
    assert_eq!(bench.log()[1..], ["Denshimon: Delete 2 resources that are gone"]);
    let left = bench.git(&["ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(left.lines().count(), 18, "{left}");
}

#[tokio::test]
async fn many_wait_for_a_person_s_word() {
    let bench = Bench::start(Duration::ZERO).await;
    let all: Vec<Value> = (0..60).map(|n| config_map(&format!("c{n}"), 1, "x")).collect();
    bench.lists(&all).await;
    bench.in_step().await;
    let bench = bench.restart().await;
    bench.lists(&all[..10]).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), 1);
    let held = status::held(&bench.recorder.book.pages(), "clusters/sandbox", &[], &[], |_| true);
    assert_eq!((held.len(), held[0].kind.as_str(), held[0].records, held[0].paths.len()), (1, "configmap", 50, 20));
    assert_eq!(bench.recorder.book.record_of(&resource("c20"), None).state, RecordState::Blocked);
    // One that comes back is held no more.
    bench.sees(all[20].clone()).await;
    bench.in_step().await;
    assert_eq!(bench.recorder.book.pages().held.len(), 49);
    bench.recorder.steer(Steering::Refuse).await.unwrap();
    bench.lists(&all[..10]).await;
    bench.in_step().await;
    let expect = ["Denshimon: Delete ConfigMap shop/c20, which is gone"];
    assert_eq!(bench.log()[1..], expect, "only the one that was not refused");
    assert!(bench.recorder.book.pages().held.is_empty());

    let bench = bench.restart().await;
    bench.lists(&all[..10]).await;
    bench.in_step().await;
    bench.recorder.steer(Steering::Approve { by: "ada".into() }).await.unwrap();
    bench.in_step().await;
    assert_eq!(bench.log()[2..], ["Denshimon: Delete 49 resources that are gone"]);
    assert!(bench.git(&["log", "-1", "--format=%b", "main"]).contains("Approved by ada."));
    assert_eq!(bench.git(&["ls-tree", "-r", "--name-only", "main"]).lines().count(), 10);
}

#[tokio::test]
async fn with_a_definition_that_is_gone_go_its_resources() {
    let bench = Bench::start(Duration::ZERO).await;
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com", "uid": "d", "resourceVersion": "1"},
        "spec": {"group": "example.com", "names": {"kind": "Widget", "plural": "widgets"}, "scope": "Namespaced"}
    });
    let widget = json!({
        "apiVersion": "example.com/v1", "kind": "Widget", "spec": {"size": 1},
        "metadata": {"name": "w", "namespace": "shop", "uid": "w", "resourceVersion": "1"}
    });
    for object in [definition, widget] {
        let resource = manifest::identity(&object, &bench.config.cluster.name).unwrap();
        bench.sees(object).await;
        let kind = resource.kind.clone();
        bench.watch.send(Observed::Listed { kind, present: vec![resource] }).await.unwrap();
    }
    let others: Vec<Value> = (0..20).map(|n| config_map(&format!("c{n}"), 1, "1")).collect();
    bench.lists(&others).await;
    bench.in_step().await;
    let bench = bench.restart().await;
    let kind = Kind::new("apiextensions.k8s.io", "CustomResourceDefinition");
    bench.watch.send(Observed::Listed { kind, present: Vec::new() }).await.unwrap();
    bench.lists(&others).await;
    bench.in_step().await;
    let left = bench.git(&["ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(left.lines().filter(|path| path.contains("/shop/configmap/")).count(), 20, "{left}");
    assert_eq!(left.lines().count(), 20, "{left}");
    assert_eq!(bench.log().last().unwrap(), "Denshimon: Delete 2 resources that are gone");
}
