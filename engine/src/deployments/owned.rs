//! What a server-side apply must say: the fields Denshimon owns already, and those that change.
//!
//! Leaving a field out of an apply gives it up, and naming one takes it; so an edit names just these two sets, and
//! everything else stays with its managers. The form of `fieldsV1` is that of structured-merge-diff: `f:name` for a
//! field, `k:{...}` for a list's item by its keys, `.` for the item itself.

use serde_json::{Map, Value, json};

use super::MANAGER;

/// The fields that name the items of a list, by the list's own name; other lists are one value.
const MERGE_KEYS: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("env", &["name"]),
    ("volumes", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("ports", &["containerPort", "protocol"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
    ("hostAliases", &["ip"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
];

/// Whether an edit can be said with an apply.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// The body of the apply.
    Apply(Value),
    /// It takes out fields that others own too, which an apply cannot; the dotted paths name them.
    Removes(Vec<String>),
}

/// Words the change from one manifest to another of a live object.
pub(super) fn say(live: &Value, old: &Value, new: &Value) -> Said {
    let owned = owned_by_denshimon(live);
    let mut foreign = Vec::new();
    find_removals("", old, new, &others(live), &mut foreign);
    if !foreign.is_empty() {
        return Said::Removes(foreign);
    }
    let mut body = pick("", new, Some(old), owned.as_ref()).unwrap_or_else(|| json!({}));
    for field in ["apiVersion", "kind"] {
        super::form::set(&mut body, &[], field, new.get(field).cloned());
    }
    for field in ["name", "namespace"] {
        super::form::set(&mut body, &["metadata"], field, new.pointer(&format!("/metadata/{field}")).cloned());
    }
    Said::Apply(body)
}

/// Returns Denshimon's applied fields.
fn owned_by_denshimon(live: &Value) -> Option<Value> {
    let entries = live.pointer("/metadata/managedFields")?.as_array()?;
    let ours = |entry: &&Value| {
        entry.get("manager").and_then(Value::as_str) == Some(MANAGER)
            && entry.get("operation").and_then(Value::as_str) == Some("Apply")
            && entry.get("subresource").is_none()
    };
    entries.iter().find(ours)?.get("fieldsV1").cloned()
}

/// Returns the fields of everybody else, and of Denshimon's own updates.
fn others(live: &Value) -> Vec<Value> {
    let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    let applied = |entry: &Value| {
        entry.get("manager").and_then(Value::as_str) == Some(MANAGER)
            && entry.get("operation").and_then(Value::as_str) == Some("Apply")
    };
    let entries = entries.into_iter().flatten().filter(|entry| !applied(entry));
    entries.filter_map(|entry| entry.get("fieldsV1").cloned()).collect()
}

/// Takes from a tree what differs from the old one or is owned.
fn pick(field: &str, new: &Value, old: Option<&Value>, owned: Option<&Value>) -> Option<Value> {
    match (new, keys_of(field)) {
        (Value::Object(map), _) => {
            let mut picked = Map::new();
            for (key, value) in map {
                let owned = owned.and_then(|owned| owned.get(format!("f:{key}")));
                if let Some(value) = pick(key, value, old.and_then(|old| old.get(key)), owned) {
                    picked.insert(key.clone(), value);
                }
            }
            let itself = old.is_none() || owned.is_some() || (map.is_empty() && old != Some(new));
            (itself || !picked.is_empty()).then_some(Value::Object(picked))
        }
        (Value::Array(items), Some(keys)) => {
            let mut picked = Vec::new();
            for item in items {
                let old = old.and_then(|old| find(old, item, keys));
                let owned = owned.and_then(|owned| owned_item(owned, item, keys));
                if let Some(Value::Object(mut map)) = pick("", item, old, owned) {
                    for key in keys {
                        if let Some(value) = item.get(key) {
                            map.insert((*key).to_owned(), value.clone());
                        }
                    }
                    picked.push(Value::Object(map));
                }
            }
            (!picked.is_empty() || old.is_none()).then_some(Value::Array(picked))
        }
        _ => (old != Some(new) || owned.is_some()).then(|| new.clone()),
    }
}

/// Lists the paths of what is taken out although somebody else owns it.
fn find_removals(path: &str, old: &Value, new: &Value, others: &[Value], found: &mut Vec<String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let field = path.rsplit('.').next().unwrap_or_default();
    match (old, new, keys_of(field)) {
        (Value::Object(old), Value::Object(new), _) => {
            for (key, value) in old {
                let others: Vec<Value> =
                    others.iter().filter_map(|owned| owned.get(format!("f:{key}")).cloned()).collect();
                match new.get(key) {
                    Some(new) => find_removals(&below(key), value, new, &others, found),
                    None if !others.is_empty() => found.push(below(key)),
                    None => {}
                }
            }
        }
        (Value::Array(items), new @ Value::Array(_), Some(keys)) => {
            for item in items {
                let others: Vec<Value> =
                    others.iter().filter_map(|owned| owned_item(owned, item, keys).cloned()).collect();
                let name = keys.first().and_then(|key| item.get(key));
                let name = name.map(|name| name.as_str().map_or_else(|| name.to_string(), ToOwned::to_owned));
                let path = format!("{path}[{}]", name.unwrap_or_default());
                match find(new, item, keys) {
                    // A bracket is no field: the item's own fields follow.
                    Some(new) => find_removals(&path, item, new, &others, found),
                    None if !others.is_empty() => found.push(path),
                    None => {}
                }
            }
        }
        _ => {}
    }
}

fn keys_of(field: &str) -> Option<&'static [&'static str]> {
    MERGE_KEYS.iter().find(|(name, _)| *name == field).map(|(_, keys)| *keys)
}

fn find<'a>(list: &'a Value, item: &Value, keys: &[&str]) -> Option<&'a Value> {
    list.as_array()?.iter().find(|other| keys.iter().all(|key| part(other, key) == part(item, key)))
}

/// A port's protocol may be left out and is TCP then.
fn part(item: &Value, key: &str) -> Option<Value> {
    item.get(key).cloned().or_else(|| (key == "protocol").then(|| "TCP".into()))
}

/// Finds the ownership of a list's item: `k:{"name":"api"}`.
fn owned_item<'a>(owned: &'a Value, item: &Value, keys: &[&str]) -> Option<&'a Value> {
    owned.as_object()?.iter().find_map(|(name, below)| {
        let named: Value = serde_json::from_str(name.strip_prefix("k:")?).ok()?;
        keys.iter().all(|key| named.get(key).cloned() == part(item, key)).then_some(below)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(managed: Value) -> Value {
        json!({ "metadata": { "managedFields": managed } })
    }

    fn tree(image: &str, env: Value) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "api", "namespace": "shop" },
            "spec": { "replicas": 3, "template": { "spec": { "containers": [{ "name": "app", "image": image, "env": env }] } } },
        })
    }

    #[test]
    fn an_edit_names_what_changes_and_what_is_owned_and_nothing_else() {
        let live = live(
            json!([{ "manager": "denshimon", "operation": "Apply", "fieldsV1": { "f:spec": { "f:replicas": {} } } }]),
        );
        let said = say(&live, &tree("a:1", json!([])), &tree("a:2", json!([])));
        let expected = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "api", "namespace": "shop" },
            "spec": { "replicas": 3, "template": { "spec": { "containers": [{ "name": "app", "image": "a:2" }] } } },
        });
        assert_eq!(said, Said::Apply(expected));
    }

    #[test]
    fn an_apply_cannot_take_out_what_others_own() {
        let fields = json!({ "f:spec": { "f:template": { "f:spec": { "f:containers": {
            "k:{\"name\":\"app\"}": { ".": {}, "f:env": { "k:{\"name\":\"A\"}": { ".": {} } } } } } } } });
        let live = live(json!([{ "manager": "kubectl", "operation": "Update", "fieldsV1": fields }]));
        let said = say(&live, &tree("a:1", json!([{ "name": "A", "value": "1" }])), &tree("a:1", json!([])));
        assert_eq!(said, Said::Removes(vec!["spec.template.spec.containers[app].env[A]".into()]));
    }
}
