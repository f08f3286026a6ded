//! What a person wrote otherwise and meant the same.

use serde_json::json;

use super::*;

/// A document, what is wanted of it, the live object, and what it is to say then; nothing of it is left out by a rule.
fn check(document: Value, wanted: Value, live: Value, expect: Value) {
    let of = |spec: Value| json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec});
    let (document, expect) = (of(document), of(expect));
    assert_eq!(keep_wording(&document, &document, &of(wanted), &of(live)), expect);
}

/// What says the same stays as it is.
fn check_same(document: Value, wanted: Value, live: Value) {
    check(document.clone(), wanted, live, document);
}

fn containers(container: Value) -> Value {
    json!({"template": {"spec": {"containers": [container]}}})
}

#[test]
fn a_quantity_may_be_written_otherwise() {
    let container = |cpu: Value, memory: &str| {
        containers(json!({"name": "app", "resources": {"limits": {"cpu": cpu, "memory": memory}}}))
    };
    let live = container(json!("1"), "1Gi");
    for cpu in [json!("1000m"), json!(1), json!("1")] {
        check_same(container(cpu, "1024Mi"), live.clone(), live.clone());
    }
    let changed = container(json!("2"), "1Gi");
    check(container(json!("1000m"), "1024Mi"), changed.clone(), changed, container(json!("2"), "1024Mi"));
    // Nowhere else is a text a number.
    let variable = |value: &str| containers(json!({"name": "app", "env": [{"name": "A", "value": value}]}));
    check(variable("1000m"), variable("1"), variable("1"), variable("1"));
}

#[test]
fn what_the_api_server_fills_in_may_be_written_out() {
    let ports = |ports: Value| containers(json!({"name": "app", "image": "a:1", "ports": ports}));
    let written = json!([{"containerPort": 53, "protocol": "TCP"}, {"containerPort": 53, "protocol": "UDP"}]);
    let short = json!([{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}]);
    check_same(ports(written.clone()), ports(short.clone()), ports(written.clone()));
    check_same(ports(short), ports(written.clone()), ports(written.clone()));
    let new = json!([{"containerPort": 80}, {"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}]);
    let expect = json!([{"containerPort": 80}, {"containerPort": 53, "protocol": "TCP"},
        {"containerPort": 53, "protocol": "UDP"}]);
    let live = json!([{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 53, "protocol": "TCP"},
        {"containerPort": 53, "protocol": "UDP"}]);
    check(ports(written), ports(new), ports(live), ports(expect));
    let strategy = json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}}});
    check_same(strategy.clone(), json!({}), strategy);
    // What the cluster has otherwise is a difference.
    check(json!({"paused": true}), json!({}), json!({}), json!({}));
    check(
        json!({"strategy": {"type": "Recreate"}}),
        json!({}),
        json!({"strategy": {"type": "RollingUpdate"}}),
        json!({}),
    );
}

#[test]
fn silence_says_the_default() {
    let live = json!({"replicas": 1, "template": {"spec": {"containers": [
        {"name": "app", "image": "app:1", "imagePullPolicy": "IfNotPresent",
         "livenessProbe": {"exec": {}, "failureThreshold": 3}}]}}});
    let short = containers(json!({"name": "app", "image": "app:1", "livenessProbe": {"exec": {}}}));
    check_same(short.clone(), live.clone(), live.clone());
    let mut more = live.clone();
    more["replicas"] = json!(2);
    let mut expect = short.clone();
    expect["replicas"] = json!(2);
    check(short, more.clone(), more, expect);
}

#[test]
fn what_says_nothing_stays() {
    let empty = containers(json!({"name": "app", "env": [{"name": "A", "value": ""}], "tty": false, "args": [],
        "resources": {}, "command": null}));
    let live = containers(json!({"name": "app", "env": [{"name": "A"}], "resources": {}}));
    check_same(empty, containers(json!({"name": "app", "env": [{"name": "A"}]})), live);
    let volume = |source: Value| json!({"template": {"spec": {"volumes": [source]}}});
    let live = volume(json!({"name": "v", "hostPath": {"path": "/x"}}));
    check(volume(json!({"name": "v", "emptyDir": {}})), live.clone(), live.clone(), live);
}

#[test]
fn what_a_rule_leaves_out_is_the_person_s() {
    let document = json!({"spec": {"replicas": 3, "list": [{"name": "a"}, {"name": "b"}], "x": 1}});
    let followed = json!({"spec": {"list": [{"name": "b"}], "x": 1}});
    let live = json!({"spec": {"replicas": 7, "list": [{"name": "a"}, {"name": "b"}], "x": 2}});
    let wanted = json!({"spec": {"list": [{"name": "b"}], "x": 2}});
    let expect = json!({"spec": {"replicas": 3, "list": [{"name": "a"}, {"name": "b"}], "x": 2}});
    assert_eq!(keep_wording(&document, &followed, &wanted, &live), expect);
}

#[test]
fn a_document_stays_in_its_version_while_it_says_the_same() {
    let of = |version: &str, x: u32| json!({"apiVersion": version, "kind": "A", "spec": {"x": x}});
    let (old, new) = (of("example.org/v1beta1", 1), of("example.org/v1", 1));
    assert_eq!(keep_wording(&old, &old, &new, &new), old);
    let changed = of("example.org/v1", 2);
    assert_eq!(keep_wording(&old, &old, &changed, &changed), changed);
}

#[test]
fn custom_kinds_say_what_they_say() {
    let of = |spec: Value| json!({"apiVersion": "example.org/v1", "kind": "A", "spec": spec});
    let (document, live) =
        (of(json!({"limits": {"cpu": "1000m"}})), of(json!({"limits": {"cpu": "1"}, "replicas": 1})));
    assert_eq!(keep_wording(&document, &document, &live, &live), live);
}
