//! What counts as one change, and how it is named.

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
}
