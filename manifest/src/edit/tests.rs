//! What a person's file looks like after a change: each row is a text before and after.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::parse;

const FIRST: Address = Address { document: 0, item: None };

/// The tree of the text after is what is wanted; the text must come out of the text before, byte for byte.
#[track_caller]
fn check_at(address: Address, before: &str, after: &str) {
    let mut wanted = parse(after).unwrap().remove(address.document).tree;
    if let Some(item) = address.item {
        wanted = wanted["items"][item].take();
    }
    let edited = edit_tree(before, address, &wanted).unwrap();
    assert_eq!(edited.text, after, "\n--- found\n{}\n--- expected\n{after}", edited.text);
    assert_eq!(edited.written, Written::InPlace);
    assert_eq!(edit_tree(after, address, &wanted).unwrap().text, after);
}

#[track_caller]
fn check(before: &str, after: &str) {
    check_at(FIRST, before, after);
}

#[track_caller]
fn anew(before: &str, wanted: Value, why: Why, after: &str) {
    let edited = edit_tree(before, FIRST, &wanted).unwrap();
    assert_eq!((edited.text.as_str(), edited.written), (after, Written::Anew(why)));
}

#[test]
fn a_value_is_replaced_in_its_own_style() {
    check("a: 1 # one\nb:   x\n", "a: 2 # one\nb:   w\n");
    check("a: 'x'\nb: \"x\"\nc: x\n", "a: 'it''s'\nb: \"y\"\nc: \"yes\"\n");
    check("a: \"1\"\n", "a: 1\n");
    check("a: 1\n", "a: \"1\"\n");
    check("a: 1.2.3\n", "a: 1.2.4\n");
    check("a: word\n", "a: \"22:22\"\n");
    check("a: 'x'\n", "a: \"x\\u200B\"\n");
    check("a:\nb: 1\n", "a: x\nb: 1\n");
    check("a: # empty\nb: 1\n", "a: x # empty\nb: 1\n");
    check("a: x\nb: ~\n", "a: null\nb: ~\n");
    check("- &x y\n---\na: long\n  text # c\nb: 1\n".split_once("---\n").unwrap().1, "a: short # c\nb: 1\n");
    check("a:\n  text\nb: 1\n", "a:\n  other\nb: 1\n");
    check("a: Ä # Ö\nü: x # é\n", "a: Ä # Ö\nü: ß # é\n");
    check("a: x\nb: 1\n", "a: |\n  x\n  y\nb: 1\n");
}

#[test]
fn blocks_of_text_stay_blocks() {
    check("a: |\n    x\n    y\n\nb: 1\n", "a: |\n    x\n    z\n\nb: 1\n");
    check("a: |- # why\n  x\nb: 1\n", "a: | # why\n  x\n  y\nb: 1\n");
    check("a: |+\n  x\n\nb: 1\n", "a: |+\n  y\n\n\nb: 1\n");
    check("a: |+\n  x\n\nb: 1\n", "a: |+\n  y\nb: 1\n");
    check("a: |2\n    x\n  y\n", "a: |2\n    z\n  y\n");
    check("a: >-\n  one two\n  three\n\n  four\nb: 1\n", "a: >-\n  one two\n  three\n\n  five\nb: 1\n");
    check("a: >\n  one two\n  three\n", "a: >\n  one two\n  four\n");
    check("a:\n- |\n  x\n- y\n", "a:\n- |\n  z\n- y\n");
    check("a: |\n  x\nb: 1\n", "a: |-\n  x\nb: 1\n");
    check("a: |\n  x\n  y\nb: 1\n", "a: 5\nb: 1\n");
    check("a: | # why\n  x\n# b\nb: 1\n", "a: # why\n  c: 1\n# b\nb: 1\n");
    check("a: x # why\nb: 1\n", "a: # why\n  c: 1\nb: 1\n");
    check("a: # why\n  c: 1\nb: 1\n", "a: x # why\nb: 1\n");
}

#[test]
fn a_new_key_stands_where_kubernetes_documents_it() {
    check(
        "apiVersion: v1\n\n# who\nmetadata:\n  name: a # name\n\nspec:\n  replicas: 1\n",
        "apiVersion: v1\nkind: X\n\n# who\nmetadata:\n  name: a # name\n  namespace: b\n\nspec:\n  replicas: 1\n  template:\n    x: 1\n",
    );
    check("spec:\n    a: 1\n    b:\n        c: 1\n", "spec:\n    a: 1\n    b:\n        c: 1\n    d:\n        e: 1\n");
    check("- x\n---\na:\n  - 1\n".split_once("---\n").unwrap().1, "a:\n  - 1\nb:\n  - 2\n");
    check("a:\n- image: x\n", "a:\n- name: w\n  image: x\n");
    check("a:\n  # about b\n  b: 1\n", "a:\n  a: 0\n  # about b\n  b: 1\n");
    check("a:\n  b: 1\n  # more of a\nc: 1\n", "a:\n  b: 1\n  # more of a\nb: 2\nc: 1\n");
    check(
        "volumeMounts:\n- mountPath: /a\n  name: b\n",
        "volumeMounts:\n- mountPath: /a\n  name: b\n  readOnly: true\n",
    );
    check("z: 1\na: 1\n", "z: 1\na: 1\nb: 1\n");
    check("a: {}\nb: []\nc:\n", "a:\n  x: 1\nb:\n- 1\nc:\n  z: 1\n");
}

#[test]
fn a_key_takes_its_lines_and_its_comment_along() {
    check("a: 1\n# about b\n# in two lines\nb: 2 # two\n# about c\nc: 3\n", "a: 1\n# about c\nc: 3\n");
    check("a: 1\n# free\n\nb: 2\nc: 3\n", "a: 1\n# free\n\nc: 3\n");
    check("a: 1\nb:\n  c: |\n    x\n\n  d: 1\n\ne: 1\n", "a: 1\n\ne: 1\n");
    check("a:\n- name: x\n  image: y\n", "a:\n- image: y\n");
    check("a:\n- name: x # name\n  # image\n  image: y\n", "a:\n-\n  # image\n  image: y\n");
    check("a:\n  b: 1\nc: 1\n", "a: {}\nc: 1\n");
    check("a:\n- b # b\nc: 1\n", "a: []\nc: 1\n");
    check("a: |+\n  x\n\nb: 1\n", "b: 1\n");
    check("status: {}\na: 1\nstat: 1\n", "a: 1\nstat: 1\n");
}

#[test]
fn list_items_come_and_go_by_name() {
    check(
        "env:\n# first\n- name: A\n  value: x # a\n\n# second\n- name: B\n  value: y\n",
        "env:\n# first\n- name: A\n  value: x # a\n- name: C\n  value: z\n\n# second\n- name: B\n  value: w\n",
    );
    check("env:\n  - name: A\n  # b\n  - name: B\n  - name: C\n", "env:\n  - name: A\n  - name: C\n");
    check("env:\n- name: A\n# b\n- name: B # bee\n  value: 1\n", "env:\n# b\n- name: B # bee\n  value: 2\n- name: A\n");
    check("ports:\n- containerPort: 80\n- containerPort: 81\n", "ports:\n- name: x\n  containerPort: 81\n");
    check("env:\n- name: A # a\n  value: x\n", "env:\n- name: B # a\n  value: x\n");
    check("args: # a\n- one # 1\n- two # 2\n", "args: # a\n- one # 1\n- three # 2\n- four\n");
    check(
        "args:\n  -   name: x\n      image: y\n",
        "args:\n  -   name: x\n      image: y\n  -   name: z\n      image: w\n",
    );
    check("a:\n- - 1\n  - 2\n- - 3\n", "a:\n- - 2\n- - 3\n  - 4\n");
    check("a:\n- x: 1\n  z: 1\n- x: 2\n", "a:\n- x: 1\n  z: 2\n- x: 2\n");
}

#[test]
fn brackets_stay_brackets() {
    check("a: {b: 1, c: 2} # x\n", "a: {b: 1, bb: 3, c: 4} # x\n");
    check("a: [1, 2, 3]\n", "a: [1, 3]\n");
    check("a: [1, 2,]\n", "a: [2, 3,]\n");
    check("a: {b: x}\n", "a: {b: \"x,y\", c: [d, {e: f}]}\n");
    check("a: [\n  x, # x\n  y\n]\n", "a: [\n  x, # x\n  y,\n  z\n]\n");
    check("a: [\n  x, # x\n  w, # w\n  z # z\n]\n", "a: [\n  x, # x\n  v,\n  w, # w\n  z, # z\n  u\n]\n");
    check("a: [\n  x, # x\n  # free\n  w, # w\n  z # z\n]\n", "a: [\n  x, # x\n  # free\n  z # z\n]\n");
    check("a: [\n  x, # x\n  # free\n  w # w\n]\n", "a: [\n  x # x\n  # free\n]\n");
    check("a: [\n  1, # x\n  2,\n  3\n]\n", "a: [\n  2,\n  3,\n  # x\n  1\n]\n");
    check("a: {b: , c: 1}\n", "a: {b: 2, c: 1}\n");
    check("a: ['x', \"y\"]\n", "a: ['z', \"y\"]\n");
    check("a: [x]\n", "a: []\n");
    check("a: [x]\n", "a: [w, z]\n");
    check("a: [x]\n", "a: w\n");
    check("--- {a: 1}\n", "--- {a: 2}\n");
}

#[test]
fn json_stays_json() {
    check(
        "{\n  \"a\": 1,\n  \"b\": [\n    1\n  ]\n}\n",
        "{\n  \"a\": 2,\n  \"b\": [\n    1,\n    2\n  ],\n  \"c\": {\n    \"d\": null\n  }\n}\n",
    );
    check("{\"a\":1,\"b\":2}", "{\"a\":\"x\\ny\",\"b\":2,\"c\":[1,2]}");
    check("{\n\t\"a\": {},\n\t\"b\": 1\n}", "{\n\t\"a\": {\n\t\t\"c\": 1\n\t},\n\t\"b\": 1\n}");
    check("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}", "{\n  \"a\": 1\n}");
}

#[test]
fn neighbours_stay_byte_for_byte() {
    let second = Address { document: 1, item: None };
    check_at(
        second,
        "\u{feff}# x\n---\na:   1\n---\n\n# y\nb: 1\n...\n---\nc: [ 1 ]",
        "\u{feff}# x\n---\na:   1\n---\n\n# y\nb: 2\n...\n---\nc: [ 1 ]",
    );
    check_at(second, "---\n---\na: 1\n---\r\nb: 1", "---\n---\na: 1\n---\r\nb: 2");
    check("a: 1\r\nb: x\r\n", "a: 1\r\nb: |\r\n  x\r\n  y\r\nc: 1\r\n");
    check("%YAML 1.2\n---\na: 1", "%YAML 1.2\n---\na: 1\nb: 2");
    check("a: |\n  x", "a: |\n  y");
}

#[test]
fn an_item_of_a_list_is_a_resource() {
    let item = Address { document: 0, item: Some(1) };
    check_at(
        item,
        "kind: List\nitems:\n- kind: A\n  # x\n  x: 1\n- kind: B # b\n  x: 1\n",
        "kind: List\nitems:\n- kind: A\n  # x\n  x: 1\n- kind: B # b\n  metadata:\n    name: b\n  x: 1\n",
    );
    check_at(item, "{\"items\": [{\"x\": 1}, {\"x\": 1}]}", "{\"items\": [{\"x\": 1}, {\"x\": 2}]}");
    let before = "kind: List\nitems:\n- a: &x 1 # a\n- b: &y 1\n  c: *y\n";
    let edited = edit_tree(before, item, &json!({"b": 2, "c": 2})).unwrap();
    assert_eq!(edited.text, "kind: List\nitems:\n- a: &x 1 # a\n- b: 2\n  c: 2\n");
    assert_eq!(edited.written, Written::Anew(Why::Entangled));
}

#[test]
fn what_is_entangled_is_written_anew() {
    anew("# head\na: &x 1\nb: *x # b\n", json!({"a": 1, "b": 2}), Why::Entangled, "# head\na: 1\nb: 2\n");
    anew("a: &x {b: 1}\nc:\n  <<: *x\n", json!({"a": {"b": 1}, "c": {}}), Why::Entangled, "a:\n  b: 1\nc: {}\n");
    let below = "a:\n  b: 1\n\n    # more of b\n# end\n";
    anew(below, json!({"a": "x\ny"}), Why::Mismatch, "a: |-\n  x\n  y\n# end\n");
    anew("? a\n: 1\n", json!({"a": 2}), Why::Notation, "a: 2\n");
    anew("--- {a: &x 1}\n", json!({"a": 2}), Why::Entangled, "---\na: 2\n");
    check("a: &x {b: 1}\nc:\n  <<: *x\n  d: 1 # d\n", "a: &x {b: 1}\nc:\n  <<: *x\n  d: 2 # d\n  e: 1\n");
    check("a: &x 1\nb: *x\nc: 1 # c\n", "a: &x 1\nb: *x\nc: 2 # c\n");
}

#[test]
fn values_of_a_secret_stay_as_the_file_has_them() {
    let live = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "labels": {"b": "c"}},
        "data": {"p": "aHVudGVyMg==", "q": "aHVudGVyMg=="}});
    let before = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nstringData:\n  p: hunter2 # mine\n";
    let edited = edit(before, FIRST, &crate::sanitize(&live)).unwrap();
    let expect = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  labels:\n    b: c\ndata:\n  \
        q: (not recorded by Denshimon)\nstringData:\n  p: hunter2 # mine\n";
    assert_eq!(edited.text, expect.replace("(not recorded by Denshimon)", "\"(not recorded by Denshimon)\""));
}

#[test]
fn what_cannot_be_is_refused() {
    let refuse = |text: &str, address, wanted| edit_tree(text, address, &wanted).unwrap_err();
    assert_eq!(refuse("a: 1\n", Address { document: 1, item: None }, json!({})), EditError::NotThere);
    assert_eq!(refuse("a: 1\n", Address { document: 0, item: Some(0) }, json!({})), EditError::NotThere);
    assert_eq!(refuse("a: 1\n", FIRST, json!(1)), EditError::NotAMap);
    assert_eq!(refuse("a: 1\rb: 2\r", FIRST, json!({"a": 2})), EditError::Unsafe);
    assert!(matches!(refuse("a: [\n", FIRST, json!({})), EditError::Unreadable(_)));
}

#[test]
fn a_document_is_taken_out() {
    let gone = |text: &str, document, item| remove(text, Address { document, item }).unwrap();
    let rest = |text: &str| Removed::Rest(text.to_owned());
    assert_eq!(gone("# a\na: 1\n---\n# b\nb: 1\n---\nc: 1", 1, None), rest("# a\na: 1\n---\nc: 1"));
    assert_eq!(gone("# a\na: 1\n---\n# b\nb: 1\n", 0, None), rest("# b\nb: 1\n"));
    assert_eq!(gone("---\na: 1\n---\nb: 1", 0, None), rest("---\nb: 1"));
    assert_eq!(gone("a: 1\n---\nb: 1", 1, None), rest("a: 1\n"));
    assert_eq!(
        gone("\u{feff}a: 1\r\n...\r\n%YAML 1.2\r\n---\r\nb: 1\r\n", 0, None),
        rest("\u{feff}%YAML 1.2\r\n---\r\nb: 1\r\n")
    );
    assert_eq!(gone("a: 1\n---\nb: 1\n...\nc: 1\n", 1, None), rest("a: 1\n---\nc: 1\n"));
    assert_eq!(gone("# a\na: 1\n---\n# nothing\n", 0, None), Removed::Emptied);
    let list = "kind: List\nitems:\n# x\n- x: 1\n# z\n- z: 1 # z\n";
    assert_eq!(gone(list, 0, Some(1)), rest("kind: List\nitems:\n# x\n- x: 1\n"));
    assert_eq!(gone(list, 0, Some(0)), rest("kind: List\nitems:\n# z\n- z: 1 # z\n"));
    assert_eq!(gone("kind: List\nitems: [{x: 1}]\n", 0, Some(0)), Removed::Emptied);
    assert_eq!(remove("a: 1\n", Address { document: 3, item: None }), Err(EditError::NotThere));
}

#[test]
fn long_files_take_no_long_time() {
    let entries = |count: usize, value: usize| {
        let entry = |index: usize| format!("  k{index}: {}\n", index * value);
        format!("data:\n{}", (0..count).map(entry).collect::<String>())
    };
    let items = |count: usize, value: usize| {
        let item = |index: usize| format!("- name: {}x\n  value: {value}\n", index * value);
        format!("env:\n{}", (0..count).map(item).collect::<String>())
    };
    let numbers = |count: usize| format!("a: [{}]\n", (0..count).map(|index| format!("{index}, ")).collect::<String>());
    for (before, after) in [
        (entries(3000, 1), entries(6000, 2)),
        (items(3000, 1), items(3000, 2)),
        (items(3000, 2), items(6000, 1)),
        (numbers(3000), numbers(6000)),
        (numbers(6000), numbers(3000)),
    ] {
        let wanted = parse(&after).unwrap().remove(0).tree;
        let edited = edit_tree(&before, FIRST, &wanted).unwrap();
        assert_eq!(edited.written, Written::InPlace);
        assert_eq!(parse(&edited.text).unwrap().remove(0).tree, wanted);
    }
}

/// Lines that make documents more often than characters do.
fn any_text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        8 => ("[ ]{0,4}(- ){0,2}", "[abc]: ?", prop::sample::select(vec![
            "", "1", "x # c", "'x'", "\"x\"", "|", ">-", "|+", "|2", "[1, 2]", "{a: 1, b: [x]}", "&x 1", "*x", "!!str 1", "[", "{",
            "# c", "~", "&y", "!!map",
        ])).prop_map(|(indent, key, value)| format!("{indent}{key}{value}")),
        3 => "[ ]{0,4}- (1|x|'x'|\\[1\\]|- x|# c)?",
        2 => "[ ]{0,6}[a-c #]{0,5}",
        1 => prop::sample::select(vec!["---", "...", "", "# c", "  # c", "]", "}", "<<: *x", "? a", ": 1", "  - <<: *x", "\t", "é: ü"])
            .prop_map(str::to_owned),
    ];
    let end = prop::sample::select(vec!["\n", "\n", "\n", "\r\n"]);
    (prop::collection::vec(line, 1..9), end, any::<bool>())
        .prop_map(|(lines, end, ended)| format!("{}{}", lines.join(end), if ended { end } else { "" }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn any_text_is_changed_safely_or_refused(text in any_text(), other in any_text()) {
        let (Ok(documents), Ok(others)) = (parse(&text), parse(&other)) else { return Ok(()) };
        let wanted = others.into_iter().map(|document| document.tree).find(Value::is_object).unwrap_or_else(|| json!({"a": 1}));
        for document in 0..documents.len() {
            let address = Address { document, item: None };
            let edited = edit_tree(&text, address, &wanted);
            if let Ok(edited) = edited {
                let found = parse(&edited.text).unwrap();
                prop_assert_eq!(&found[document].tree, &wanted, "{}", edited.text);
                prop_assert_eq!(found.len(), documents.len());
            } else {
                prop_assert!(documents.len() > 1 || edited == Err(EditError::Unsafe), "{:?}", edited);
            }
            let _ = remove(&text, address);
        }
    }
}
