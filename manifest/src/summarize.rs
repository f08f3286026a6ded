//! Says in plain words what changed.

use serde_json::Value;

use crate::compare::FieldChange;
use crate::mask::{MASKED, NOT_RECORDED};

/// Longer values are named, not shown.
const LONGEST: usize = 60;

/// Words one line per changed field: `replicas 3 -> 5`, `image 1.4.1 -> 1.4.2`, `env LOG_LEVEL info -> debug`.
pub fn summarize(changes: &[FieldChange]) -> Vec<String> {
    changes.iter().map(sentence).collect()
}

fn sentence(change: &FieldChange) -> String {
    if change.path.is_empty() {
        return match (&change.old, &change.new) {
            (None, _) => "created".to_owned(),
            (_, None) => "deleted".to_owned(),
            _ => "replaced".to_owned(),
        };
    }
    let field = field_name(&change.path);
    let image = change.path.ends_with(".image");
    match (&change.old, &change.new) {
        (Some(old), Some(new)) if image => {
            let (old, new) = images(&plain(old), &plain(new));
            format!("{field} {old} -> {new}")
        }
        (Some(old), Some(new)) => match (short(old), short(new)) {
            (Some(old), Some(new)) if old != new => format!("{field} {old} -> {new}"),
            _ => format!("{field} changed"),
        },
        (None, Some(new)) => match short(new) {
            Some(new) => format!("{field} added ({new})"),
            None => format!("{field} added"),
        },
        (Some(old), None) => match short(old) {
            Some(old) => format!("{field} removed ({old})"),
            None => format!("{field} removed"),
        },
        (None, None) => field,
    }
}

/// Shows of two images what differs: the tag or digest alone where the repository is the same.
pub(crate) fn images(old: &str, new: &str) -> (String, String) {
    match (split_image(old), split_image(new)) {
        ((old_name, Some(old)), (new_name, Some(new))) if old_name == new_name => (version(old), version(new)),
        _ => (old.to_owned(), new.to_owned()),
    }
}

/// Splits an image into repository and tag or digest.
pub(crate) fn split_image(image: &str) -> (&str, Option<&str>) {
    if let Some((name, digest)) = image.split_once('@') {
        return (split_image(name).0, Some(digest));
    }
    match image.rsplit_once(':') {
        // A `/` after the colon: it was a registry's port.
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (image, None),
    }
}

/// Shortens a digest as Git does.
pub(crate) fn version(text: &str) -> String {
    match text.split_once(':') {
        Some((algorithm, digest)) if digest.len() > 12 => {
            format!("{algorithm}:{}", digest.get(..12).unwrap_or(digest))
        }
        _ => text.to_owned(),
    }
}

/// Names a field as people do: without the way to it where that goes without saying.
fn field_name(path: &str) -> String {
    let path = path.strip_prefix("spec.jobTemplate.").unwrap_or(path);
    let path = path.strip_prefix("spec.template.").map_or(path, |rest| match rest.strip_prefix("metadata.") {
        // The template's labels are not the resource's.
        Some(_) => path,
        None => rest,
    });
    if let Some(rest) = path.strip_prefix("metadata.") {
        for (list, word) in [("labels", "label"), ("annotations", "annotation")] {
            if let Some(key) = rest.strip_prefix(list).filter(|key| !key.is_empty()) {
                return format!("{word} {}", unquote(key));
            }
        }
        return rest.to_owned();
    }
    for list in ["data", "binaryData", "stringData"] {
        if let Some(key) = path.strip_prefix(list).filter(|key| key.starts_with(['.', '['])) {
            return format!("key {}", unquote(key));
        }
    }
    let path = path.strip_prefix("spec.").unwrap_or(path);
    for list in ["containers[", "initContainers["] {
        if let Some((name, rest)) = path.strip_prefix(list).and_then(|rest| rest.split_once(']')) {
            let role = if list.starts_with("init") { "init container" } else { "container" };
            return match rest.strip_prefix('.') {
                None => format!("{role} {name}"),
                Some(field) => format!("{} of {role} {name}", container_field(field)),
            };
        }
    }
    path.to_owned()
}

fn container_field(field: &str) -> String {
    if let Some((name, rest)) = field.strip_prefix("env[").and_then(|rest| rest.split_once(']')) {
        return match rest {
            "" | ".value" => format!("env {name}"),
            rest => format!("env {name} {}", rest.trim_start_matches('.')),
        };
    }
    for (prefix, word) in [("resources.limits", "limit"), ("resources.requests", "request")] {
        if let Some(name) = field.strip_prefix(prefix).filter(|name| !name.is_empty()) {
            return format!("{} {word}", unquote(name));
        }
    }
    field.to_owned()
}

/// `.a` and `["a/b"]` become `a` and `a/b`.
fn unquote(key: &str) -> String {
    match key.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(quoted) => serde_json::from_str(quoted).unwrap_or_else(|_| quoted.to_owned()),
        None => key.trim_start_matches('.').to_owned(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Shows a value on one line, if it is short and may be shown.
fn short(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) if text == MASKED || text == NOT_RECORDED => return None,
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::Object(map) => named(map)?,
        other => plain(other),
    };
    let fits = text.chars().count() <= LONGEST && !text.chars().any(char::is_control);
    fits.then_some(text)
}

/// An item of a list shows its value, as an environment variable does.
fn named(map: &serde_json::Map<String, Value>) -> Option<String> {
    let value = map.get("value").or_else(|| map.get("image"))?;
    value.as_str().map(str::to_owned)
}
