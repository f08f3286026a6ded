//! What is read as what, and what is refused where.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn check(text: &str, expect: Value) {
    let documents = parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    assert_eq!(documents.into_iter().map(|document| document.tree).collect::<Vec<_>>(), vec![expect], "{text:?}");
}

fn refuse(text: &str, place: (u32, u32), part: &str) {
    let error = parse(text).expect_err(&format!("{text:?} is refused"));
    assert!(error.message.contains(part), "{text:?}: {error}");
    assert_eq!((error.line, error.column), place, "{text:?}: {error}");
    assert!(error.message.ends_with(['.', '!']), "a whole sentence: {error}");
}

/// Each was also given to kubectl 1.36.
#[test]
fn plain_scalars_mean_what_they_mean_to_kubectl() {
    for (text, expect) in [
        ("yes", json!(true)),
        ("Off", json!(false)),
        ("y", json!(true)),
        ("nUll", json!("nUll")),
        ("0644", json!(420)),
        ("0o644", json!(420)),
        ("0x1F", json!(31)),
        ("0b101", json!(5)),
        ("1_000", json!(1000)),
        ("+5", json!(5)),
        ("-0", json!(0)),
        ("08", json!(8)),
        ("1e3", json!(1000)),
        ("1.5e3", json!(1500.0)),
        ("5e-1", json!(0.5)),
        ("1e400", json!("1e400")),
        ("0o9", json!("0o9")),
        ("-0x1F", json!(-31)),
        ("-0644", json!(-420)),
        (".5", json!(0.5)),
        ("1.", json!(1)),
        ("22:22", json!("22:22")),
        ("2024-01-01", json!("2024-01-01")),
        ("1.4.2", json!("1.4.2")),
        ("=", json!("=")),
        ("-", json!([null])),
        ("0x", json!("0x")),
        ("1e", json!("1e")),
        ("18446744073709551615", json!(u64::MAX)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("9007199254740993", json!(9_007_199_254_740_993_u64)),
        ("18446744073709551616", json!(18_446_744_073_709_551_616.0)),
        ("'1'", json!("1")),
        ("!!str 1", json!("1")),
        ("! 1", json!("1")),
        ("!!int '1'", json!(1)),
        ("!!float 1", json!(1)),
    ] {
        check(text, expect);
    }
}

#[test]
fn documents_are_told_apart() {
    let found = parse("# head\n---\n# a\na: 1\n---\n---\n\nb: 2\n...\n---\n# nothing\n").unwrap();
    let lines: Vec<_> = found.iter().map(|document| (document.line, document.tree.to_string())).collect();
    assert_eq!(lines, [(4, "{\"a\":1}".to_owned()), (8, "{\"b\":2}".to_owned())]);
    assert_eq!(parse("").unwrap(), []);
    assert_eq!(parse("\u{feff}a: 1").unwrap().len(), 1);
    assert_eq!(parse("a: 1\r\nb: 2\r\n").unwrap()[0].tree, json!({"a": 1, "b": 2}));
}

#[test]
fn anchors_and_merge_keys_are_written_out() {
    check("a: &x {b: 1}\nc: *x\n", json!({"a": {"b": 1}, "c": {"b": 1}}));
    check("a: &x {b: 1, d: 2}\nc:\n  <<: *x\n  b: 3\n", json!({"a": {"b": 1, "d": 2}, "c": {"b": 3, "d": 2}}));
    check("- &x {a: 1}\n- &y {a: 2, b: 3}\n- <<: [*x, *y]\n", json!([{"a": 1}, {"a": 2, "b": 3}, {"a": 1, "b": 3}]));
    check("'<<': 1", json!({"<<": 1}));
    check("&k a: *k", json!({"a": "a"}));
}

#[test]
fn keys_are_texts() {
    check("8080: a", json!({"8080": "a"}));
    check("'on': a", json!({"on": "a"}));
    check("\"\\0merge\": a", json!({"\u{0}merge": "a"}));
    check("'': a", json!({"": "a"}));
    refuse("a:\n  on: x", (2, 3), "`on` reads as true");
    refuse("0644: a", (1, 1), "reads as 420");
    refuse("null: a", (1, 1), "reads as null");
    refuse("? [a]\n: b", (1, 3), "A key is one word");
    refuse("{a: 1}: b", (1, 1), "A key is one word");
}

#[test]
fn mistakes_are_named_with_their_place() {
    refuse("a: 1\nb:\n  c: 1\n  c: 2\n", (4, 3), "The key `c` is there twice");
    refuse("a: b: c\n", (1, 5), "second `: `");
    refuse("a:\n\tb: 1\n", (2, 2), "tab");
    refuse("a: \"x\n", (1, 4), "never closed");
    refuse("a: [1, 2\n", (1, 4), "never closed");
    refuse("a: *x\n", (1, 4), "not defined");
    refuse("a: !secret x\n", (1, 12), "means nothing to Kubernetes");
    refuse("a: !!binary aGk=\n", (1, 13), "means nothing");
    refuse("a: .inf\n", (1, 4), "no number");
    refuse("a: &x [*x]\n", (1, 8), "inside the anchor");
    refuse("<<: 1\n", (1, 5), "merge key");
    refuse("a: \u{7}\n", (1, 4), "control character");
    refuse("a: 1\n  b: 2\n", (2, 4), "");
    refuse("a: @b\n", (1, 4), "");
    refuse("a: 1\n- b\n", (2, 3), "");
    refuse("a: 1\nb\n", (2, 1), "");
    refuse("%FOO\n", (2, 1), "");
}

#[test]
fn bombs_and_giants_are_refused_quickly() {
    refuse(&"a".repeat(10 * 1024 * 1024), (1, 1), "longer than 4 MiB");
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    assert!(parse(&bomb).unwrap_err().message.contains("aliases"));
    assert!(parse(&"[".repeat(100_000)).unwrap_err().message.contains("nested too deeply"));
    assert!(parse(&"- ".repeat(100_000)).unwrap_err().message.contains("nested too deeply"));
    assert!(parse(&"{a: ".repeat(5_000)).unwrap_err().message.contains("nested too deeply"));
    let deep = format!("{}a{}", "&x [".repeat(90), "]".repeat(90));
    assert!(parse(&deep).is_ok());
    let many = "- x\n".repeat(600_000);
    assert!(parse(&many).unwrap_err().message.contains("too large"));
    let text = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(100_000), vec!["*a"; 1000].join(", "));
    assert!(parse(&text).unwrap_err().message.contains("too large"));
}

proptest! {
    #[test]
    fn nothing_panics(text in "[-a-c:#&*!|>'\"%@`{}\\[\\], \\n\\t?<0-9.]{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = parse(&text);
    }
}
