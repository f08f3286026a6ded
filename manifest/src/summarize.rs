//! Says in plain words what changed.

use serde_json::Value;

use crate::compare::FieldChange;
use crate::mask::is_stand_in;

/// Longer values are named, not shown.
const LONGEST: usize = 60;

/// Words one line per changed field: `replicas 3 -> 5`, `image 1.4.1 -> 1.4.2`, `env LOG_LEVEL info -> debug`.
pub fn summarize(changes: &[FieldChange]) -> Vec<String> {
    let mut containers: Vec<String> = changes.iter().filter_map(|change| container(&change.path)).collect();
    containers.sort_unstable();
    containers.dedup();
    // Only one is spoken of: its name says nothing more.
    let known = match containers.as_slice() {
        [one] => format!(" of {one}"),
        _ => String::new(),
    };
    changes.iter().map(|change| sentence(change, &known)).collect()
}

fn sentence(change: &FieldChange, known: &str) -> String {
    if change.path.is_empty() {
        return match (&change.old, &change.new) {
            (None, _) => "created".to_owned(),
            (_, None) => "deleted".to_owned(),
            _ => "replaced".to_owned(),
        };
    }
    let field = field_name(&change.path);
    let field = field.strip_suffix(known).unwrap_or(&field);
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
        (None, None) => field.to_owned(),
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
    let path = inside_template(path);
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
    if let Some(container) = container(path) {
        let field = path.split_once(']').and_then(|(_, rest)| rest.strip_prefix('.'));
        return field.map_or_else(|| container.clone(), |field| format!("{} of {container}", container_field(field)));
    }
    path.strip_prefix("spec.").unwrap_or(path).to_owned()
}

/// Leaves out the way into a pod's template; the template's labels are not the resource's, so theirs stays.
fn inside_template(path: &str) -> &str {
    let path = path.strip_prefix("spec.jobTemplate.").unwrap_or(path);
    path.strip_prefix("spec.template.").filter(|rest| !rest.starts_with("metadata.")).unwrap_or(path)
}

/// Names the container that a path leads into: `container api`.
fn container(path: &str) -> Option<String> {
    let path = inside_template(path).strip_prefix("spec.")?;
    [("containers[", "container"), ("initContainers[", "init container")].iter().find_map(|(list, role)| {
        let (name, _) = path.strip_prefix(list)?.split_once(']')?;
        Some(format!("{role} {name}"))
    })
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
        Value::String(text) if is_stand_in(text) => return None,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::compare::compare;

    fn check(old: Value, new: Value, expect: &[&str]) {
        assert_eq!(summarize(&compare(Some(&old), Some(&new))), expect);
    }

    fn deployment(container: Value) -> Value {
        json!({"spec": {"template": {"spec": {"containers": [container]}}}})
    }

    #[test]
    fn changes_are_said_in_plain_words() {
        check(json!({"spec": {"replicas": 3}}), json!({"spec": {"replicas": 5}}), &["replicas 3 -> 5"]);
        let container = |image: &str, level: Option<&str>, memory: &str| {
            let mut container =
                json!({"name": "api", "image": image, "env": [], "resources": {"limits": {"memory": memory}}});
            if let Some(level) = level {
                container["env"] = json!([{"name": "LOG_LEVEL", "value": level}]);
            }
            deployment(container)
        };
        check(
            container("ghcr.io:5000/a/api:1.4.1", Some("info"), "64Mi"),
            container("ghcr.io:5000/a/api:1.4.2", Some("debug"), "128Mi"),
            &["env LOG_LEVEL info -> debug", "image 1.4.1 -> 1.4.2", "memory limit 64Mi -> 128Mi"],
        );
        check(container("a", None, "1"), container("b:2", None, "1"), &["image a -> b:2"]);
        check(
            json!({"metadata": {"labels": {"a/b": "x"}}}),
            json!({"metadata": {"labels": {}}}),
            &["label a/b removed (x)"],
        );
        check(
            json!({"data": {"a.conf": "x\ny"}}),
            json!({"data": {"a.conf": "x\nz", "b": ""}}),
            &["key a.conf changed", "key b added (\"\")"],
        );
        check(json!({"data": {}}), json!({"data": {"a": crate::NOT_RECORDED}}), &["key a added"]);
        check(
            json!({"spec": {"strategy": {"type": "A"}}}),
            json!({"spec": {"strategy": {"type": "B"}}}),
            &["strategy.type A -> B"],
        );
        assert_eq!(summarize(&compare(None, Some(&json!({})))), ["created"]);
        assert_eq!(summarize(&compare(Some(&json!({})), None)), ["deleted"]);
    }

    #[test]
    fn containers_are_named_where_more_than_one_changed() {
        let two = |first: &str, second: &str| {
            json!({"spec": {"template": {"spec": {
                "containers": [{"name": "api", "image": first}], "initContainers": [{"name": "init", "image": second}]}}}})
        };
        check(
            two("a:1", "b:1"),
            two("a:2", "b:2"),
            &["image of container api 1 -> 2", "image of init container init 1 -> 2"],
        );
        check(two("a:1", "b:1"), two("a:1", "b:2"), &["image 1 -> 2"]);
    }

    #[test]
    fn images_show_what_differs() {
        let digest = format!("a@sha256:{}", "0123456789abcdef".repeat(4));
        assert_eq!(images("a:1", &digest), ("1".into(), "sha256:0123456789ab".into()));
        assert_eq!(images("a:1", "b:2"), ("a:1".into(), "b:2".into()));
        assert_eq!(split_image("host:5000/a"), ("host:5000/a", None));
        assert_eq!(split_image("a:1@sha256:ff"), ("a", Some("sha256:ff")));
    }
}
