//! What only some field managers own, as `managedFields` tells it.

use serde_json::{Map, Value};

use crate::ignore::glob::Glob;
use crate::tree::{at, text};

/// What managers own at one place: the maps of `fieldsV1`.
type Nodes<'a> = Vec<&'a Map<String, Value>>;

/// Takes out what only managers of this name own, and returns the paths; nothing where the object does not tell in its
/// own version whose the fields are.
pub(super) fn remove(object: &Value, manager: &Glob, tree: &mut Value) -> Vec<String> {
    let entries = at(object, &["metadata", "managedFields"]).and_then(Value::as_array).into_iter().flatten();
    let (mut mine, mut others) = (Nodes::new(), Nodes::new());
    for entry in entries.filter(|entry| text(entry, &["subresource"]) != "status") {
        let Some(fields) = entry.get("fieldsV1").and_then(Value::as_object) else { return Vec::new() };
        if text(entry, &["apiVersion"]) != text(object, &["apiVersion"]) {
            return Vec::new();
        }
        if manager.fits(text(entry, &["manager"])) { mine.push(fields) } else { others.push(fields) }
    }
    let mut taken = Vec::new();
    let Some(root) = tree.as_object_mut() else { return taken };
    root.retain(|key, value| {
        let named = ["apiVersion", "kind"].contains(&key.as_str());
        named
            || key == "metadata" && {
                metadata(value, &mine, &others, &mut taken);
                true
            }
            || field(key, key, value, &mine, &others, &mut taken)
    });
    taken
}

/// Names are nobody's to take.
fn metadata(value: &mut Value, mine: &Nodes<'_>, others: &Nodes<'_>, taken: &mut Vec<String>) {
    let (mine, others) = (below(mine, "f:metadata"), below(others, "f:metadata"));
    if let Some(map) = value.as_object_mut() {
        map.retain(|key, value| {
            matches!(key.as_str(), "name" | "namespace")
                || field(&format!("metadata.{key}"), key, value, &mine, &others, taken)
        });
    }
}

/// Tells whether anything is left of a field.
fn field(
    path: &str,
    key: &str,
    value: &mut Value,
    mine: &Nodes<'_>,
    others: &Nodes<'_>,
    taken: &mut Vec<String>,
) -> bool {
    let key = format!("f:{key}");
    stays(path, value, &below(mine, &key), &below(others, &key), taken)
}

fn stays(path: &str, value: &mut Value, mine: &Nodes<'_>, others: &Nodes<'_>, taken: &mut Vec<String>) -> bool {
    if mine.is_empty() {
        return true;
    }
    let whole = mine.iter().any(|node| node.is_empty() || node.contains_key("."));
    if others.is_empty() && whole {
        taken.push(path.to_owned());
        return false;
    }
    let before = taken.len();
    match value {
        Value::Object(map) => {
            map.retain(|key, value| field(&format!("{path}.{key}"), key, value, mine, others, taken));
            !map.is_empty() || taken.len() == before
        }
        Value::Array(items) => {
            items.retain_mut(|item| {
                let Some((name, words)) = name_of(item, mine) else { return true };
                let (mine, others) = (below(mine, &name), below(others, &name));
                let path = format!("{path}[{words}]");
                match item {
                    // What names an item stays with it.
                    Value::Object(map) if !others.is_empty() || !mine.iter().any(|node| node.contains_key(".")) => {
                        let names = names_in(&name);
                        map.retain(|key, value| {
                            names.contains_key(key)
                                || field(&format!("{path}.{key}"), key, value, &mine, &others, taken)
                        });
                        true
                    }
                    item => stays(&path, item, &mine, &others, taken),
                }
            });
            !items.is_empty() || taken.len() == before
        }
        _ => true,
    }
}

fn below<'a>(nodes: &Nodes<'a>, key: &str) -> Nodes<'a> {
    nodes.iter().filter_map(|node| node.get(key)?.as_object()).collect()
}

/// Finds under which name managers own an item, and that name in words.
fn name_of(item: &Value, nodes: &Nodes<'_>) -> Option<(String, String)> {
    nodes.iter().flat_map(|node| node.keys()).find_map(|key| {
        if let Some(value) = key.strip_prefix("v:") {
            let is_it = serde_json::from_str::<Value>(value).is_ok_and(|value| value == *item);
            return is_it.then(|| (key.clone(), value.to_owned()));
        }
        let names = names_in(key);
        let is_it = !names.is_empty() && names.iter().all(|(field, value)| item.get(field) == Some(value));
        is_it.then(|| {
            let words = names.iter().map(|(field, value)| match value {
                Value::String(text) => format!("{field}={text}"),
                other => format!("{field}={other}"),
            });
            (key.clone(), words.collect::<Vec<_>>().join(","))
        })
    })
}

/// Reads `k:{"name":"app"}`.
fn names_in(key: &str) -> Map<String, Value> {
    key.strip_prefix("k:").and_then(|names| serde_json::from_str(names).ok()).unwrap_or_default()
}
