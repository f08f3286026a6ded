//! What counts as one change, and how it is named.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn check(old: Value, new: Value, expect: &[&str]) {
    let found: Vec<String> = compare(Some(&old), Some(&new))
        .into_iter()
        .map(|change| {
            let show = |value: Option<Value>| value.map_or("-".to_owned(), |value| value.to_string());
            format!("{} {} {}", change.path, show(change.old), show(change.new))
        })
        .collect();
    assert_eq!(found, expect);
}

#[test]
fn fields_are_named_by_their_path() {
    check(json!({"a": {"b": 1}, "c": 2}), json!({"a": {"b": 2}, "d": 3}), &["a.b 1 2", "c 2 -", "d - 3"]);
    check(json!({"labels": {"a.b/c": "x"}}), json!({"labels": {"a.b/c": "y"}}), &["labels[\"a.b/c\"] \"x\" \"y\""]);
    check(json!({"a": null}), json!({}), &["a null -"]);
    check(json!({"a": 1}), json!({"a": 1.0}), &["a 1 1.0"]);
    check(json!({"a": {}}), json!({"a": []}), &["a {} []"]);
}

#[test]
fn list_items_are_joined_by_their_names() {
    check(
        json!({"containers": [{"name": "a", "image": "1"}, {"name": "b"}]}),
        json!({"containers": [{"name": "c"}, {"name": "a", "image": "2"}]}),
        &["containers[a].image \"1\" \"2\"", "containers[b] {\"name\":\"b\"} -", "containers[c] - {\"name\":\"c\"}"],
    );
    check(
        json!({"ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "protocol": "TCP"}]}),
        json!({"ports": [{"containerPort": 53, "protocol": "UDP", "name": "dns"}, {"containerPort": 53, "protocol": "TCP"}]}),
        &["ports[53/UDP].name - \"dns\""],
    );
    check(
        json!({"volumeMounts": [{"name": "a", "mountPath": "/x"}, {"name": "a", "mountPath": "/y"}]}),
        json!({"volumeMounts": [{"name": "a", "mountPath": "/x", "readOnly": true}, {"name": "a", "mountPath": "/y"}]}),
        &["volumeMounts[/x].readOnly - true"],
    );
    check(
        json!({"env": [{"name": "A"}, {"name": "B"}]}),
        json!({"env": [{"name": "B"}, {"name": "A"}]}),
        &["env [\"A\",\"B\"] [\"B\",\"A\"]"],
    );
    check(json!({"args": ["a", "b"]}), json!({"args": ["a"]}), &["args [\"a\",\"b\"] [\"a\"]"]);
    check(json!({"rules": [{"x": 1}, {"x": 2}]}), json!({"rules": [{"x": 1}, {"x": 3}]}), &["rules[1].x 2 3"]);
    check(
        json!({"env": [{"name": "A"}, {"name": "A"}]}),
        json!({"env": []}),
        &["env [{\"name\":\"A\"},{\"name\":\"A\"}] []"],
    );
}

#[test]
fn a_whole_document_is_one_change() {
    let tree = json!({"a": 1});
    let created = compare(None, Some(&tree));
    assert_eq!(created, [FieldChange { path: String::new(), old: None, new: Some(tree.clone()) }]);
    assert_eq!(compare(Some(&tree), None).len(), 1);
    assert_eq!(compare(None, None), []);
}

fn any_tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        (0..3).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let keys = prop::sample::select(vec!["name", "ports", "port", "env", "a", "b.c", ""]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((keys.prop_map(str::to_owned), inner), 0..4)
                .prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_changed_exactly_when_both_are_equal(old in any_tree(), new in any_tree()) {
        prop_assert_eq!(compare(Some(&old), Some(&new)).is_empty(), old == new);
        prop_assert!(compare(Some(&old), Some(&old)).is_empty());
    }
}
