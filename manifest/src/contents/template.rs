//! Which texts are filled in by another program before they are applied.
//!
//! `{{` alone tells nothing: alerts, policies, workflows and what ConfigMaps hold have places of their own that another
//! program fills in, in the cluster. A template is what names what only Helm knows, where Helm would read it.

use serde_json::Value;

use crate::parse::Document;
use crate::tree::text;

/// What only Helm's templates name.
const HELM: [&str; 9] =
    [".Values", ".Release", ".Chart.", ".Capabilities", ".Files.", "include \"", "toYaml", "nindent", "tpl "];

/// Groups whose resources hold values for a chart, or texts with the same names in them: Flux, k3s, Argo CD, Grafana.
const HOLD_TEMPLATES: [&str; 4] =
    ["helm.toolkit.fluxcd.io", "helm.cattle.io", "argoproj.io", "grafana.integreatly.org"];

/// Parts of Kubernetes' own kinds that are for programs in the cluster.
const FOR_PROGRAMS: [&str; 5] = ["annotations", "args", "command", "value", "description"];

/// Whose places a value may have.
#[derive(Clone, Copy)]
enum Reader {
    /// Kubernetes itself, which fills in nothing.
    Kubernetes,
    /// A program in the cluster, which fills in what is not Helm's.
    Program,
}

/// Tells whether a file is a template of Helm's, or of another program that fills in what Kubernetes reads.
pub(super) fn is_template(file: &str, documents: &[Document]) -> bool {
    documents.iter().any(|document| is_filled_in(&document.tree)) || is_commented(file, documents)
}

/// Helm fills in comments, too, so that people hide its words there from YAML. A line in a script is no comment.
fn is_commented(file: &str, documents: &[Document]) -> bool {
    let mut lines = file.lines().map(str::trim).filter(|line| {
        let comment = line.strip_prefix('#').map(|comment| comment.trim_start_matches(['#', ' ']));
        comment.is_some_and(|comment| comment.starts_with("{{") && names_helm(comment))
    });
    lines.any(|line| !documents.iter().any(|document| has_line(&document.tree, line)))
}

fn is_filled_in(tree: &Value) -> bool {
    let Value::Object(map) = tree else { return false };
    let version = text(tree, &["apiVersion"]);
    let group = version.rsplit_once('/').map_or("", |(group, _)| group);
    let reader = if !group.contains('.') || group.ends_with(".k8s.io") { Reader::Kubernetes } else { Reader::Program };
    let is_data = |key: &str| {
        matches!(key, "data" | "stringData" | "binaryData") && matches!(text(tree, &["kind"]), "ConfigMap" | "Secret")
    };
    map.iter().any(|(key, value)| match (key.as_str(), value) {
        (key, _) if is_data(key) => false,
        ("items", Value::Array(items)) => items.iter().any(is_filled_in),
        ("spec", _) if HOLD_TEMPLATES.contains(&group) => false,
        (key, value) => is_place(key, reader) || holds(value, reader),
    })
}

fn holds(value: &Value, reader: Reader) -> bool {
    match value {
        Value::String(text) => is_place(text, reader),
        Value::Array(items) => items.iter().any(|item| holds(item, reader)),
        Value::Object(map) => map.iter().any(|(key, value)| {
            let inner = if FOR_PROGRAMS.contains(&key.as_str()) { Reader::Program } else { reader };
            is_place(key, inner) || holds(value, inner)
        }),
        _ => false,
    }
}

/// Tells whether a text is filled in before the reader has it. What has lines is a script, or a file.
fn is_place(text: &str, reader: Reader) -> bool {
    match reader {
        _ if text.contains('\n') => false,
        Reader::Kubernetes => text.contains("{{"),
        Reader::Program => names_helm(text),
    }
}

fn names_helm(text: &str) -> bool {
    text.split("{{").skip(1).any(|rest| {
        let inner = rest.split("}}").next().unwrap_or_default();
        HELM.iter().any(|name| inner.contains(name))
    })
}

fn has_line(value: &Value, line: &str) -> bool {
    match value {
        Value::String(text) => text.lines().any(|other| other.trim() == line),
        Value::Array(items) => items.iter().any(|item| has_line(item, line)),
        Value::Object(map) => map.values().any(|value| has_line(value, line)),
        _ => false,
    }
}
