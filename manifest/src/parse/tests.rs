//! What is read as what, and what is refused where.

use serde_json::json;

use super::*;

fn check(text: &str, expect: Value) {
    let documents = parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    assert_eq!(documents.into_iter().map(|document| document.tree).collect::<Vec<_>>(), vec![expect], "{text:?}");
}

#[test]
fn plain_scalars_mean_what_they_mean_to_kubectl() {
    for (text, expect) in [("yes", json!(true)), ("0644", json!(420))] {
        check(text, expect);
    }
}
