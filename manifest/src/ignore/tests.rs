//! What rules leave out, and what they never do.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn rule(leaves_out: LeavesOut) -> IgnoreRule {
    let any = String::new;
    IgnoreRule { kind: any(), namespace: any(), name: any(), selector: any(), leaves_out }
}

fn fields(paths: &[&str]) -> IgnoreRule {
    rule(LeavesOut::Fields(paths.iter().map(|&path| path.to_owned()).collect()))
}

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "api", "namespace": "shop", "labels": {"app": "api", "tier": "web"},
            "annotations": {"example.org/note": "x"}},
        "spec": {"replicas": 3, "template": {"spec": {"containers": [
            {"name": "app", "image": "a:1", "ports": [{"containerPort": 80}]}, {"name": "side", "image": "b:1"}]}}}
    })
}

/// What is left of the Deployment under a rule, and which paths it names.
fn trimmed(rule: &IgnoreRule, live: &Value) -> (Value, Vec<String>) {
    let mut manifest = Manifest::new(deployment());
    let taken = Ignoring::parse(rule).unwrap().trim(live, &mut manifest);
    (manifest.into_tree(), taken)
}

#[test]
fn fields_are_left_out_by_their_paths() {
    let check = |path: &str, pointer: &str| {
        let (tree, taken) = trimmed(&fields(&[path]), &deployment());
        let mut expect = deployment();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match expect.pointer_mut(parent).unwrap() {
            Value::Object(map) => drop(map.remove(key).unwrap()),
            Value::Array(items) => drop(items.remove(key.parse().unwrap())),
            other => panic!("{other}"),
        }
        assert_eq!((tree, taken), (expect, vec![path.to_owned()]), "{path}");
    };
    check("spec.replicas", "/spec/replicas");
    check("spec.template.spec.containers[name=app].image", "/spec/template/spec/containers/0/image");
    check("spec.template.spec.containers[name=side]", "/spec/template/spec/containers/1");
    // What is empty because of that goes, too.
    check("metadata.annotations[\"example.org/note\"]", "/metadata/annotations");
    check("spec.template.spec.containers[*].ports[containerPort=80]", "/spec/template/spec/containers/0/ports");
    check("metadata.labels.*", "/metadata/labels");

    let (tree, _) = trimmed(&fields(&["spec.*.spec.containers.*.image"]), &deployment());
    assert_eq!(tree.pointer("/spec/template/spec/containers/1"), Some(&json!({"name": "side"})));
    let (tree, taken) = trimmed(&fields(&["spec.paused"]), &deployment());
    assert_eq!((tree, taken), (deployment(), Vec::new()));
}

#[test]
fn a_rule_applies_by_kind_namespace_name_and_labels() {
    let check = |change: &dyn Fn(&mut IgnoreRule), expect: bool| {
        let mut rule = fields(&["spec.replicas"]);
        change(&mut rule);
        assert_eq!(Ignoring::parse(&rule).unwrap().fits(&deployment()), expect, "{rule}");
    };
    for (kind, expect) in [
        ("", true),
        ("Deployment", true),
        ("Deploy*", true),
        ("*.apps", true),
        ("Deployment.batch", false),
        ("Pod", false),
    ] {
        check(&|rule| rule.kind = kind.into(), expect);
    }
    for (name, expect) in [("api", true), ("a*", true), ("*p*", true), ("ap", false), ("*x", false), ("a*i*i", false)] {
        check(&|rule| rule.name = name.into(), expect);
    }
    check(&|rule| rule.namespace = "sho*".into(), true);
    check(&|rule| rule.namespace = "other".into(), false);
    for (selector, expect) in [
        ("app=api", true),
        ("app == api , tier!=db", true),
        ("app in (web, api),tier notin (db)", true),
        ("app in (web,db)", false),
        ("tier", true),
        ("!tier", false),
        ("!canary,canary!=x,canary notin (x)", true),
        ("canary", false),
        ("app=api,tier=db", false),
    ] {
        check(&|rule| rule.selector = selector.into(), expect);
    }
}

#[test]
fn a_wrong_rule_names_its_field_and_the_fix() {
    let check = |rule: IgnoreRule, field: &str, words: &str| {
        let error = Ignoring::parse(&rule).unwrap_err();
        assert!(error.field == field && error.message.contains(words), "{rule:?}: {error:?}");
    };
    check(fields(&[]), "fields", "such as spec.replicas");
    check(fields(&["spec..replicas"]), "fields", "between two dots");
    check(fields(&["spec."]), "fields", "ends in a dot");
    check(fields(&["spec.containers[0]"]), "fields", "its place may change");
    check(fields(&["spec.containers[name=app"]), "fields", "not closed");
    check(fields(&["metadata.name"]), "fields", "always recorded");
    check(fields(&["*"]), "fields", "always recorded");
    check(fields(&["*.name"]), "fields", "always recorded");
    check(rule(LeavesOut::Manager(" ".into())), "manager", "keda-operator");
    check(rule(LeavesOut::Resource), "kind", "leave out everything");
    check(IgnoreRule { selector: "app=(x".into(), ..fields(&["a"]) }, "selector", "write app=api");
    check(IgnoreRule { selector: "app=a,".into(), ..fields(&["a"]) }, "selector", "write app=api");
    check(IgnoreRule { name: "a b".into(), ..fields(&["a"]) }, "name", "write one name");
}

#[test]
fn what_only_one_manager_owns_is_left_out() {
    let containers = |inner: Value| json!({"f:spec": {"f:template": {"f:spec": {"f:containers": inner}}}});
    let entry = |manager: &str, fields: Value| json!({"manager": manager, "apiVersion": "apps/v1", "fieldsV1": fields});
    let mut live = deployment();
    live["metadata"]["managedFields"] = json!([
        entry("kubectl", json!({"f:metadata": {"f:labels": {"f:app": {}}}, "f:spec": {"f:template": {}}})),
        entry(
            "keda-operator",
            json!({"f:metadata": {"f:labels": {"f:app": {}, "f:tier": {}}}, "f:spec": {"f:replicas": {}}})
        ),
        entry(
            "injector",
            containers(json!({"k:{\"name\":\"side\"}": {".": {}, "f:name": {}, "f:image": {}},
            "k:{\"name\":\"app\"}": {"f:image": {}}}))
        ),
        entry("app-owner", containers(json!({"k:{\"name\":\"app\"}": {".": {}, "f:name": {}}}))),
    ]);
    let manager = |name: &str| trimmed(&rule(LeavesOut::Manager(name.into())), &live);
    let (tree, taken) = manager("keda-*");
    assert_eq!(taken, ["metadata.labels.tier", "spec.replicas"]);
    assert_eq!((tree.pointer("/spec/replicas"), &tree["metadata"]["labels"]), (None, &json!({"app": "api"})));
    let (tree, taken) = manager("injector");
    let path = "spec.template.spec.containers";
    assert_eq!(taken, [format!("{path}[name=app].image"), format!("{path}[name=side]")]);
    let app = json!([{"name": "app", "ports": [{"containerPort": 80}]}]);
    assert_eq!(tree["spec"]["template"]["spec"]["containers"], app);
    assert_eq!(manager("nobody"), (deployment(), Vec::new()));
    // The record does not say the default that is part of the item's name; another protocol is another item.
    for (protocol, expect) in [("TCP", true), ("UDP", false)] {
        let port = format!("k:{{\"containerPort\":80,\"protocol\":\"{protocol}\"}}");
        let fields = json!({"k:{\"name\":\"app\"}": {"f:ports": {port: {".": {}, "f:containerPort": {}}}}});
        live["metadata"]["managedFields"][2] = entry("injector", containers(fields));
        let (tree, taken) = trimmed(&rule(LeavesOut::Manager("injector".into())), &live);
        let all = format!("{path}[name=app].ports[containerPort=80,protocol={protocol}]");
        assert_eq!(taken, if expect { vec![all] } else { Vec::new() });
        assert_eq!(tree.pointer("/spec/template/spec/containers/0/ports").is_none(), expect, "{tree}");
    }
    // In another version fields have other names.
    live["metadata"]["managedFields"][0]["apiVersion"] = json!("apps/v1beta1");
    assert!(trimmed(&rule(LeavesOut::Manager("keda-*".into())), &live).1.is_empty());
}

proptest! {
    #[test]
    fn what_names_a_resource_is_never_left_out(path in r#"([a-zA-Z*]{1,4}|apiVersion|kind|metadata|name|spec|\[\*\]|\["name"\]|[.]){1,6}"#) {
        if let Ok(rule) = Ignoring::parse(&fields(&[&path])) {
            let mut manifest = Manifest::new(deployment());
            rule.trim(&deployment(), &mut manifest);
            let before = deployment();
            for name in ["/apiVersion", "/kind", "/metadata/name", "/metadata/namespace"] {
                prop_assert_eq!(manifest.tree().pointer(name), before.pointer(name));
            }
            // Doing so again changes nothing.
            let once = manifest.clone();
            prop_assert!(rule.trim(&deployment(), &mut manifest).is_empty() && manifest == once);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,40}") {
        let _ = Ignoring::parse(&IgnoreRule { kind: text.clone(), selector: text.clone(), ..fields(&[&text]) });
        let _ = Ignoring::parse(&IgnoreRule { name: text.clone(), ..rule(LeavesOut::Manager(text)) });
    }
}
