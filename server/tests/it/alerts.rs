//! The alert rules in `deploy/alerts.yaml` speak of what is really served.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::StatusCode;
use serde_json::Value;

use crate::harness::{TestApp, run};

/// Names of series with the names of their labels.
type Served = BTreeMap<String, BTreeSet<String>>;

/// Reads OpenMetrics text; panics where a line is none.
fn read(text: &str) -> Served {
    let mut served = Served::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.trim_end_matches('}').split("\",").filter_map(|label| label.split_once("=\""));
        served.entry(name.to_owned()).or_default().extend(labels.map(|(label, _)| label.to_owned()));
    }
    assert!(text.ends_with("# EOF\n"));
    served
}

/// Finds the metrics that an expression names, with the labels that it selects by.
fn named(expression: &str) -> Vec<(String, Vec<String>)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(start) = rest.find("denshimon_") {
        let name: String = rest[start..].chars().take_while(|c| is_part(*c)).collect();
        rest = &rest[start + name.len()..];
        let selector = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(inside, _)| inside);
        let labels = selector.split(',').filter(|part| !part.is_empty());
        found.push((name, labels.map(|part| part.split(['=', '!']).next().unwrap().trim().to_owned()).collect()));
    }
    found
}

/// Fails unless each bracket and quote is closed.
fn check_closed(text: &str) {
    let mut open = Vec::new();
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' => assert_eq!(open.pop(), Some(c), "{text}"),
            _ => {}
        }
    }
    assert!(open.is_empty() && !quoted, "{text}");
}

fn is_duration(text: &str) -> bool {
    let digits = text.trim_end_matches(['s', 'm', 'h', 'd']);
    text.len() == digits.len() + 1 && digits.parse::<u32>().is_ok()
}

/// Checks one rule as Prometheus reads it.
fn check(rule: &Value, served: &Served) {
    let text = |pointer: &str| rule.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (alert, expression) = (text("/alert"), text("/expr"));
    assert!(alert.starts_with("Denshimon") && alert.chars().all(|c| c.is_ascii_alphanumeric()), "{rule}");
    assert!(is_duration(&text("/for")), "{alert}");
    assert!(["page", "ticket"].contains(&text("/labels/severity").as_str()), "{alert}");
    check_closed(&expression);
    let known = ["alert", "expr", "for", "labels", "annotations"];
    assert!(rule.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{alert}");
    let mut labels = BTreeSet::new();
    let metrics = named(&expression);
    assert!(!metrics.is_empty(), "{alert} is about nothing of Denshimon's");
    for (name, selected) in metrics {
        let of_metric = served.get(&name).unwrap_or_else(|| panic!("{alert}: {name} is not served"));
        for label in selected {
            assert!(of_metric.contains(&label), "{alert}: {name} has no label {label}");
        }
        labels.extend(of_metric.clone());
    }
    for annotation in ["/annotations/summary", "/annotations/description"] {
        let words = text(annotation);
        assert!(words.ends_with('.'), "{alert}: {words}");
        check_closed(&words);
        for label in words.split("$labels.").skip(1) {
            let label: String = label.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            assert!(labels.contains(&label), "{alert}: {words}");
        }
    }
}

#[test]
fn every_alert_speaks_of_what_is_served() {
    run(async {
        let app = TestApp::spawn().await;
        let client = app.client();
        assert_eq!(client.get("/health/live").await.status(), StatusCode::OK);
        let served = read(&client.get("/metrics").await.text().await.unwrap());
        let rules: Value = serde_saphyr::from_str(&std::fs::read_to_string("../deploy/alerts.yaml").unwrap()).unwrap();
        let groups = rules["groups"].as_array().unwrap();
        let rules: Vec<&Value> = groups.iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
        assert!(groups.iter().all(|group| group["name"].is_string()) && rules.len() > 10);
        rules.iter().for_each(|rule| check(rule, &served));
        let names: BTreeSet<&str> = rules.iter().filter_map(|rule| rule["alert"].as_str()).collect();
        assert_eq!(names.len(), rules.len(), "a name is used twice");
        app.stop().await;
    });
}

#[test]
fn metrics_follow_the_conventions_and_do_not_grow_without_bounds() {
    run(async {
        let app = TestApp::spawn().await;
        let client = app.client();
        // What nobody serves makes no series of its own.
        for path in ["/a", "/b", "/c"] {
            client.get(path).await;
        }
        let text = client.get("/metrics").await.text().await.unwrap();
        let served = read(&text);
        for (name, labels) in &served {
            assert!(name.starts_with("denshimon_"), "{name}");
            assert!(
                labels.iter().all(|label| ["kind", "le", "method", "route", "status"].contains(&label.as_str())),
                "{name}"
            );
            for unit in ["_milliseconds", "_ms", "_kb", "_minutes"] {
                assert!(!name.contains(unit), "{name} is not in a base unit");
            }
        }
        for histogram in ["change_to_commit", "commit_to_remote", "plan_duration", "commit_duration", "push_duration"] {
            for part in ["bucket", "sum", "count"] {
                assert!(served.contains_key(&format!("denshimon_{histogram}_seconds_{part}")), "{histogram} {part}");
            }
        }
        let readme = std::fs::read_to_string("../README.md").unwrap();
        for family in text.lines().filter_map(|line| line.strip_prefix("# TYPE denshimon_")) {
            let (name, kind) = family.split_once(' ').unwrap();
            let name = if kind == "counter" { format!("`{name}_total`") } else { format!("`{name}`") };
            assert!(readme.contains(&name), "the README does not say what {name} is");
        }
        assert!(text.contains("denshimon_kind_up{kind=\"Deployment.apps\"}"), "{text}");
        assert!(
            text.contains("# TYPE denshimon_commits counter") && text.contains("denshimon_commits_total 0"),
            "{text}"
        );
        assert!(!text.contains("route=\"/a\""), "{text}");
        app.stop().await;
    });
}
