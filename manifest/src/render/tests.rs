//! Every notation, and every reader.

use serde_json::json;

use super::*;

fn check(tree: Value, expect: &str) {
    assert_eq!(render_tree(&tree), expect);
}

#[test]
fn lists_stand_in_line_with_their_key() {
    check(
        json!({"spec": {"containers": [{"image": "a", "name": "b", "args": ["x", "y"]}], "empty": [], "none": {}}}),
        "spec:\n  containers:\n  - name: b\n    image: a\n    args:\n    - x\n    - y\n  empty: []\n  none: {}\n",
    );
    check(json!([["a", ["b"]], [], {}]), "- - a\n  - - b\n- []\n- {}\n");
    check(json!({}), "{}\n");
    check(json!("a\nb"), "|-\n  a\n  b\n");
}
