//! Every notation, and every reader.

use proptest::prelude::*;
use serde_json::{Number, json};

use super::*;
use crate::parse;

fn check(tree: Value, expect: &str) {
    let text = render_tree(&tree);
    assert_eq!(text, expect);
    comes_back(&tree, &text);
}

/// Reads a text with both readers.
fn comes_back(tree: &Value, text: &str) {
    let documents = parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    // An empty document is none.
    let own = documents.into_iter().next().map_or(Value::Null, |document| document.tree);
    assert_eq!(own, *tree, "\n{text}");
    // serde_yaml ends at 128 levels and is libyaml translated: nobody's code here.
    let other: Value = serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(other, *tree, "\n{text}");
}

#[test]
fn lists_stand_in_line_with_their_key() {
    check(
        json!({"spec": {"containers": [{"image": "a", "name": "b", "args": ["x", "z"]}], "empty": [], "none": {}}}),
        "spec:\n  containers:\n  - name: b\n    image: a\n    args:\n    - x\n    - z\n  empty: []\n  none: {}\n",
    );
    check(json!([["a", ["b"]], [], {}]), "- - a\n  - - b\n- []\n- {}\n");
    check(json!({}), "{}\n");
    check(json!(null), "null\n");
    check(json!("a\nb"), "|-\n  a\n  b\n");
    check(json!([{"a": [{"b": 1}]}]), "- a:\n  - b: 1\n");
}

#[test]
fn keys_come_as_kubernetes_documents_them() {
    check(
        json!({"status": 1, "data": {"b": "x", "a": "z", "name": "w"}, "kind": "ConfigMap", "apiVersion": "v1",
            "immutable": true, "metadata": {"namespace": "shop", "labels": {"b": "c", "app": "d"}, "name": "e"}}),
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: e\n  namespace: shop\n  labels:\n    app: d\n    b: c\n\
         immutable: true\ndata:\n  a: z\n  b: x\n  name: w\nstatus: 1\n",
    );
    check(
        json!({"spec": {"env": [{"value": "1", "name": "A"}], "ports": [{"targetPort": "http", "port": 80, "name": "w"}]}}),
        "spec:\n  ports:\n  - name: w\n    port: 80\n    targetPort: http\n  env:\n  - name: A\n    value: \"1\"\n",
    );
}

#[test]
fn what_a_reader_could_mistake_is_quoted() {
    for text in AMBIGUOUS {
        check(json!({ "a": text }), &format!("a: \"{text}\"\n"));
        check(json!({ *text: 1 }), &format!("\"{text}\": 1\n"));
    }
    for text in [
        "- a", "#a", "a #b", "a: b", "a:", "{a", "[a", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a", "? a", ", a",
        " a", "a ", "'a'",
    ] {
        check(json!([text]), &format!("- \"{text}\"\n"));
    }
}

#[test]
fn ordinary_words_are_plain() {
    for text in [
        "api",
        "100m",
        "64Mi",
        "1Gi",
        "30s",
        "nginx:1.27",
        "ghcr.io/a/b@sha256:0a",
        "a b",
        "/etc/x",
        "http://a/b?c=d&e",
        "example.com/team",
        "kubernetes.io/os",
        "app.kubernetes.io/name",
        "yesterday",
        "nobody",
        "Grüße",
        "RollingUpdate",
        "25%",
        "8080/TCP",
        "a,b",
        "--verbose",
        "-c",
    ] {
        check(json!([text]), &format!("- {text}\n"));
    }
}

#[test]
fn several_lines_are_a_literal_block_where_that_is_exact() {
    check(json!({"a": "x\ny\n"}), "a: |\n  x\n  y\n");
    check(json!({"a": "x\n"}), "a: |\n  x\n");
    check(json!({"a": "x\ny"}), "a: |-\n  x\n  y\n");
    check(json!({"a": "x\n\n\n", "b": 1}), "a: |+\n  x\n\n\nb: 1\n");
    check(json!({"a": "x\n\n  y\n\tz\n"}), "a: |\n  x\n\n    y\n  \tz\n");
    check(json!({"a": "\nx\n"}), "a: |\n\n  x\n");
    check(json!({"a": "---\n# x: *y\n"}), "a: |\n  ---\n  # x: *y\n");
    check(json!([["x\ny"], {"b": "x\ny"}]), "- - |-\n    x\n    y\n- b: |-\n    x\n    y\n");
    for (text, quoted) in [
        ("x \ny", "x \\ny"),
        ("x\t\ny", "x\\t\\ny"),
        (" x\ny", " x\\ny"),
        ("\n x\ny", "\\n x\\ny"),
        ("x\r\ny", "x\\r\\ny"),
        ("\n", "\\n"),
        ("\n\n", "\\n\\n"),
        ("x\n \ny", "x\\n \\ny"),
        ("x\u{7}\ny", "x\\x07\\ny"),
        ("x\u{2028}\ny", "x\\u2028\\ny"),
        ("x\u{85}y", "x\\x85y"),
        ("\u{feff}x", "\\uFEFFx"),
        ("\u{1f600}\u{10ffff}", "\u{1f600}\\U0010FFFF"),
        ("a\"b\\c: d", "a\\\"b\\\\c: d"),
    ] {
        check(json!({ "a": text }), &format!("a: \"{quoted}\"\n"));
    }
}

#[test]
fn numbers_keep_their_type_and_value() {
    for (number, text) in [
        (json!(0), "0"),
        (json!(-1), "-1"),
        (json!(9_007_199_254_740_993_u64), "9007199254740993"),
        (json!(u64::MAX), "18446744073709551615"),
        (json!(i64::MIN), "-9223372036854775808"),
        (json!(0.5), "0.5"),
        (json!(100.0), "100.0"),
        (json!(-0.0), "-0.0"),
        (json!(1e300), "1.0e+300"),
        (json!(1.5e-9), "1.5e-9"),
        (json!(9_007_199_254_740_993.0), "9007199254740992.0"),
        (json!(f64::MIN_POSITIVE), "2.2250738585072014e-308"),
    ] {
        check(json!({ "a": number }), &format!("a: {text}\n"));
    }
}

#[test]
fn long_keys_and_texts_come_back() {
    let long = "k".repeat(2000);
    for value in [json!("v"), json!({"a": 1}), json!([1, {"b": "x\ny\n"}]), json!("x\ny\n"), json!({})] {
        let tree = json!({"a": {&long: value, "z": long.replace('k', "é ")}});
        comes_back(&tree, &render_tree(&tree));
    }
}

/// What some reader of YAML 1.1 or 1.2 takes for something else than a text.
const AMBIGUOUS: &[&str] = &[
    "",
    "~",
    "null",
    "Null",
    "NULL",
    "nUll",
    "y",
    "Y",
    "yes",
    "Yes",
    "YES",
    "n",
    "N",
    "no",
    "No",
    "NO",
    "true",
    "True",
    "TRUE",
    "false",
    "False",
    "FALSE",
    "on",
    "On",
    "ON",
    "off",
    "Off",
    "OFF",
    "1",
    "0",
    "-1",
    "+1",
    "1_000",
    "0644",
    "0o644",
    "0x1F",
    "0b101",
    "1.5",
    ".5",
    "5.",
    "1e3",
    "1E3",
    "1.e+3",
    "+.5",
    ".inf",
    "-.inf",
    "+.INF",
    ".nan",
    ".NaN",
    "22:22",
    "22:22:22",
    "190:20:30.15",
    "2024-01-01",
    "2024-01-01T00:00:00Z",
    "2001-12-14 21:59:43.10",
    "=",
    "<<",
    "1.4.2",
    "1,000",
    "08",
    "0o7",
    "-",
    "--",
    "---",
    "...",
    "?",
    ":",
    ".",
    "0.",
    "-0",
    "_1",
    "1_",
    "0x",
    "1e",
];

/// What YAML 1.1 resolves a plain scalar to, after the regular expressions of yaml.org/type: the union of what
/// PyYAML, libyaml's users and goyaml.v2 do. Independent of what `scalar.rs` thinks.
fn is_text_in_yaml_1_1(text: &str) -> bool {
    let words = [
        "", "~", "null", "Null", "NULL", "y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "true", "True",
        "TRUE", "false", "False", "FALSE", "on", "On", "ON", "off", "Off", "OFF", "=", "<<",
    ];
    if words.contains(&text) {
        return false;
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let made_of = |text: &str, allowed: &str| !text.is_empty() && text.chars().all(|c| allowed.contains(c));
    if matches!(unsigned.to_ascii_lowercase().as_str(), ".inf" | ".nan") {
        return false;
    }
    let digits = unsigned.starts_with(|c: char| c.is_ascii_digit());
    let based = ["0x", "0X", "0o", "0O", "0b", "0B"]
        .iter()
        .any(|prefix| unsigned.strip_prefix(prefix).is_some_and(|rest| made_of(rest, "0123456789abcdefABCDEF_")));
    let integer = digits && made_of(unsigned, "0123456789_");
    let sexagesimal = digits && unsigned.contains(':') && made_of(unsigned, "0123456789_:.");
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let float = made_of(mantissa, "0123456789_.")
        && mantissa.contains(|c: char| c.is_ascii_digit())
        && made_of(exponent, "0123456789");
    let date = text.get(..5).is_some_and(|year| made_of(year, "0123456789-")) && text.contains('-') && {
        made_of(text, "0123456789-:.TtZ+ ")
    };
    !(based || integer || sexagesimal || float || date)
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9./:_-]{0,12}",
        3 => "[-+.0-9eExXob_:TZ ]{1,10}",
        2 => "[a-z \\n\\t#:'\"|>-]{0,24}",
        2 => any::<String>(),
        1 => "\\PC{0,12}",
        1 => prop::sample::select(AMBIGUOUS).prop_map(str::to_owned),
    ]
}

fn any_number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-20_i64..20).prop_map(|offset| Value::from(9_007_199_254_740_992 + offset)),
        any::<f64>().prop_filter_map("finite", |float| Number::from_f64(float).map(Value::Number)),
        (-20_i64..20).prop_map(|tenths| json!(f64::from(i32::try_from(tenths).unwrap()) / 10.0)),
    ]
}

fn any_tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any_number(),
        any_text().prop_map(Value::String)
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((any_text(), inner), 0..5).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_tree_comes_back(tree in any_tree()) {
        comes_back(&tree, &render_tree(&tree));
    }

    #[test]
    fn plain_text_is_text_in_yaml_1_1(text in any_text()) {
        if matches!(scalar::style(&text), Style::Plain) {
            prop_assert!(is_text_in_yaml_1_1(&text), "{:?}", text);
        }
    }

    #[test]
    fn numbers_are_numbers_in_yaml_1_1(number in any_number()) {
        let text = render_tree(&number);
        prop_assert!(!is_text_in_yaml_1_1(text.trim_end()), "{}", text);
    }
}
