//! What only some field managers own, as `managedFields` tells it.

use serde_json::{Map, Value};

use crate::defaults::Defaults;
use crate::ignore::glob::Glob;
use crate::tree::{at, text};

/// What managers own at one place: the maps of `fieldsV1`.
type Nodes<'a> = Vec<&'a Map<String, Value>>;

/// What is known about one place.
struct Place<'a> {
    mine: Nodes<'a>,
    others: Nodes<'a>,
    /// What a record does not say there, since it comes back.
    defaults: Option<&'a Defaults>,
}

impl<'a> Place<'a> {
    fn field(&self, name: &str) -> Self {
        self.inner(&format!("f:{name}"), name)
    }

    fn item(&self, key: &str) -> Self {
        self.inner(key, "*")
    }

    fn inner(&self, key: &str, name: &str) -> Self {
        let below = |nodes: &Nodes<'a>| nodes.iter().filter_map(|node| node.get(key)?.as_object()).collect();
        let defaults = self.defaults.and_then(|defaults| defaults.field(name));
        Self { mine: below(&self.mine), others: below(&self.others), defaults }
    }
}

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
    let place = Place { mine, others, defaults: Defaults::of(text(object, &["apiVersion"]), text(object, &["kind"])) };
    let Some(root) = tree.as_object_mut() else { return taken };
    root.retain(|key, value| {
        let named = ["apiVersion", "kind"].contains(&key.as_str());
        named
            || key == "metadata" && {
                metadata(value, &place.field(key), &mut taken);
                true
            }
            || stays(key, value, &place.field(key), &mut taken)
    });
    taken
}

/// Names are nobody's to take.
fn metadata(value: &mut Value, place: &Place<'_>, taken: &mut Vec<String>) {
    if let Some(map) = value.as_object_mut() {
        map.retain(|key, value| {
            matches!(key.as_str(), "name" | "namespace")
                || stays(&format!("metadata.{key}"), value, &place.field(key), taken)
        });
    }
}

/// Tells whether anything is left of a value.
fn stays(path: &str, value: &mut Value, place: &Place<'_>, taken: &mut Vec<String>) -> bool {
    let Place { mine, others, .. } = place;
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
            map.retain(|key, value| stays(&format!("{path}.{key}"), value, &place.field(key), taken));
            !map.is_empty() || taken.len() == before
        }
        Value::Array(items) => {
            items.retain_mut(|item| {
                let Some((name, words)) = name_of(item, place) else { return true };
                let place = place.item(&name);
                let path = format!("{path}[{words}]");
                match item {
                    // What names an item stays with it.
                    Value::Object(map)
                        if !place.others.is_empty() || !place.mine.iter().any(|node| node.contains_key(".")) =>
                    {
                        let names = names_in(&name);
                        map.retain(|key, value| {
                            names.contains_key(key) || stays(&format!("{path}.{key}"), value, &place.field(key), taken)
                        });
                        true
                    }
                    item => stays(&path, item, &place, taken),
                }
            });
            !items.is_empty() || taken.len() == before
        }
        _ => true,
    }
}

/// Finds under which name managers own an item, and that name in words.
fn name_of(item: &Value, place: &Place<'_>) -> Option<(String, String)> {
    let defaults = place.defaults.and_then(|defaults| defaults.field("*"));
    // A part of the name that the item does not say has its default.
    let has = |field: &str, value: &Value| match item.get(field) {
        Some(own) => own == value,
        None => defaults.and_then(|defaults| defaults.field(field)).is_some_and(|known| known.restores(value, "")),
    };
    place.mine.iter().flat_map(|node| node.keys()).find_map(|key| {
        if let Some(value) = key.strip_prefix("v:") {
            let is_it = serde_json::from_str::<Value>(value).is_ok_and(|value| value == *item);
            return is_it.then(|| (key.clone(), value.to_owned()));
        }
        let names = names_in(key);
        let is_it = item.is_object() && !names.is_empty() && names.iter().all(|(field, value)| has(field, value));
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
