//! Resources whose deletion waits for their finalizers.

use super::*;

/// What a controller leaves of a resource that is being deleted.
fn ending(version: u32, finalizers: &[&str]) -> Value {
    let mut object = config_map("a", version, "1");
    object["metadata"]["finalizers"] = json!(finalizers);
    object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    object
}

fn guarded(version: u32) -> Value {
    let mut object = config_map("a", version, "1");
    object["metadata"]["finalizers"] = json!(["example.org/one", "example.org/two"]);
    object["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"] = json!({"f:finalizers": {}});
    object
}

#[tokio::test]
async fn what_controllers_do_to_a_resource_that_is_being_deleted_is_no_commit() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[guarded(1)]).await;
    bench.in_step().await;
    bench.sees(ending(2, &["example.org/one", "example.org/two"])).await;
    bench.sees(ending(3, &["example.org/two"])).await;
    // A list in between shows it, too.
    bench.lists(&[ending(4, &[])]).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), 1, "{:?}", bench.log());
    assert!(bench.git(&["show", "main:clusters/sandbox/shop/configmap/a.yaml"]).contains("example.org/one"));
    bench.loses(ending(5, &[])).await;
    bench.in_step().await;
    assert_eq!(bench.log()[1..], ["unresolved: Delete ConfigMap shop/a"]);

    // What ends before anybody recorded it is not recorded any more.
    bench.sees(ending(6, &["example.org/one"])).await;
    bench.loses(ending(7, &[])).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), 2);
}

#[tokio::test]
async fn the_deletion_is_of_the_one_who_asked_for_it() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[guarded(1)]).await;
    bench.in_step().await;
    let id = bench.operates(Verb::Delete, &guarded(1), "Delete shop/a").await;
    bench.sees(ending(2, &["example.org/two"])).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), 1);
    bench.loses(ending(3, &[])).await;
    bench.in_step().await;
    assert_eq!(bench.log()[1..], ["ada: Delete shop/a"]);
    assert!(bench.history(&resource("a")).await.iter().any(|entry| entry.id == id));

    let bench = Bench::start_audited().await;
    let before = bench.log().len();
    bench.hears("eve", "delete", &config_map("a", 1, "1"));
    bench.sees(ending(2, &["example.org/two"])).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), before);
    bench.loses(ending(3, &[])).await;
    bench.in_step().await;
    assert_eq!(bench.log()[before..], ["eve: Delete ConfigMap shop/a"]);
}

#[tokio::test]
async fn a_definition_with_other_defaults_has_its_kind_listed_again() {
    let bench = Bench::start(Duration::ZERO).await;
    let kind = Kind::new("example.org", "Cache");
    let definition = |version: u32, size: u32| {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "caches.example.org", "uid": "d", "resourceVersion": version.to_string()},
            "spec": {"group": "example.org", "names": {"kind": "Cache", "plural": "caches"}, "scope": "Namespaced",
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                    "type": "object", "properties": {"spec": {"type": "object", "properties": {
                        "size": {"type": "integer", "default": size}}}}}}}]}
        })
    };
    let cache = |version: u32| {
        json!({
            "apiVersion": "example.org/v1", "kind": "Cache", "spec": {"size": 3},
            "metadata": {"name": "one", "namespace": "shop", "uid": "c", "resourceVersion": version.to_string()}
        })
    };
    bench.lists_first(&[definition(1, 3)]).await;
    bench.lists_first(&[cache(1)]).await;
    let record = || bench.git(&["show", "main:clusters/sandbox/shop/cache.example.org/one.yaml"]);
    assert!(!record().contains("size"), "{}", record());
    assert_eq!(bench.lister.times(&kind), 0);
    bench.sees(definition(2, 5)).await;
    bench.in_step().await;
    assert_eq!(bench.lister.times(&kind), 1);
    bench.tell(cache(1), true).await;
    bench.in_step().await;
    assert!(record().contains("size: 3"), "{}", record());
}
