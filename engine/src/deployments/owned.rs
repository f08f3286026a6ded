//! What a server-side apply must say: the fields Denshimon owns already, and those that change.
//!
//! Leaving a field out of an apply gives it up, and naming one takes it; so an edit names just these two sets, and
//! everything else stays with its managers. The form of `fieldsV1` is that of structured-merge-diff: `f:name` for a
//! field, `k:{...}` for a list's item by its keys, `.` for the item itself, and nothing below what is one value.

use model::deployment::FieldConflict;
use serde_json::{Map, Value, json};

use super::MANAGER;
use super::form::set;
use super::schema::{find, is_atomic, is_same, keys_of, part};

/// How an edit can be said.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// The body of an apply.
    Apply(Value),
    /// An apply cannot say it: it takes out fields that another manager owns too, changes the order of a list, or
    /// leaves defaults behind that do not fit. The fields of others that it changes or takes out come along.
    Replace(Vec<FieldConflict>),
}

/// Words the change from one manifest to another of a live object.
pub(super) fn say(live: &Value, old: &Value, new: &Value) -> Said {
    let mut changes = Changes::default();
    let others = others(live);
    let others: Vec<(&str, &Value)> = others.iter().map(|(manager, fields)| (manager.as_str(), fields)).collect();
    changes.walk("", "", old, new, &others);
    // The server would keep the old strategy's defaults beside the new one, and then refuse the two together.
    let strategy = |tree: &Value| tree.pointer("/spec/strategy/type").cloned();
    if changes.beyond_apply || strategy(old) != strategy(new) {
        return Said::Replace(changes.foreign);
    }
    let mut body = pick("", new, Some(old), owned_by_denshimon(live)).unwrap_or_else(|| json!({}));
    for field in ["apiVersion", "kind"] {
        set(&mut body, &[], field, new.get(field).cloned());
    }
    for field in ["name", "namespace"] {
        set(&mut body, &["metadata"], field, new.pointer(&format!("/metadata/{field}")).cloned());
    }
    Said::Apply(body)
}

/// Finds the fields that a change of one word (scale, pause, restart, undo) takes from those who declare them by
/// server-side apply. Who merely updated them is not asked, as kubectl's same words ask nobody.
pub(super) fn declared_by_others(live: &Value, old: &Value, new: &Value) -> Vec<FieldConflict> {
    let declared = |entry: &&Value| entry.get("operation").and_then(Value::as_str) == Some("Apply");
    let others: Vec<(&str, &Value)> = entries(live)
        .filter(declared)
        .filter_map(|entry| Some((entry.get("manager")?.as_str()?, entry.get("fieldsV1")?)))
        .collect();
    let mut changes = Changes::default();
    changes.walk("", "", old, new, &others);
    changes.foreign
}

/// Tells whether an entry is what Denshimon has applied.
fn is_applied(entry: &Value) -> bool {
    entry.get("manager").and_then(Value::as_str) == Some(MANAGER)
        && entry.get("operation").and_then(Value::as_str) == Some("Apply")
        && entry.get("subresource").is_none()
}

fn entries(live: &Value) -> impl Iterator<Item = &Value> {
    live.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten()
}

/// Returns Denshimon's applied fields.
fn owned_by_denshimon(live: &Value) -> Option<&Value> {
    entries(live).find(|entry| is_applied(entry))?.get("fieldsV1")
}

/// Returns the fields of everybody else, and of Denshimon's own updates, with their manager.
fn others(live: &Value) -> Vec<(String, Value)> {
    let others = entries(live).filter(|entry| !is_applied(entry));
    others
        .filter_map(|entry| {
            Some((entry.get("manager")?.as_str().unwrap_or_default().to_owned(), entry.get("fieldsV1")?.clone()))
        })
        .collect()
}

/// Takes from a tree what differs from the old one or is owned.
fn pick(field: &str, new: &Value, old: Option<&Value>, owned: Option<&Value>) -> Option<Value> {
    let whole = is_atomic(field) || owned.is_some_and(is_leaf);
    match (new, keys_of(field)) {
        (Value::Object(map), _) if !whole => {
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
        (Value::Array(items), Some(keys)) if !whole => {
            let mut picked = Vec::new();
            for item in items {
                let old = old.and_then(|old| find(old, item, keys));
                let owned = owned.and_then(|owned| owned_item(owned, item, keys));
                if let Some(Value::Object(mut map)) = pick("", item, old, owned) {
                    for key in keys {
                        if let Some(value) = part(item, key) {
                            map.insert((*key).to_owned(), value);
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

/// What differs and whose it is.
#[derive(Default)]
struct Changes {
    /// Something cannot be said with an apply.
    beyond_apply: bool,
    foreign: Vec<FieldConflict>,
}

impl Changes {
    /// Looks at one field of both trees; `others` are the entries of those who own something at or below it.
    fn walk(&mut self, path: &str, field: &str, old: &Value, new: &Value, others: &[(&str, &Value)]) {
        match (old, new, keys_of(field)) {
            (Value::Object(old), Value::Object(new), _) if !is_atomic(field) => {
                // What somebody set to nothing is not there and theirs all the same.
                let added = new.keys().filter(|key| !old.contains_key(*key));
                for key in old.keys().chain(added) {
                    let others = below(others, |owned| owned.get(format!("f:{key}")));
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    match old.get(key) {
                        Some(value) => self.walk_or_remove(&path, key, value, new.get(key), &others),
                        None => self.blame(&path, &others),
                    }
                }
            }
            (Value::Array(items), Value::Array(_), Some(keys)) => {
                for item in items {
                    let others = below(others, |owned| owned_item(owned, item, keys));
                    let name = keys.first().and_then(|key| item.get(key));
                    let name = name.map(|name| name.as_str().map_or_else(|| name.to_string(), ToOwned::to_owned));
                    let path = format!("{path}[{}]", name.unwrap_or_default());
                    self.walk_or_remove(&path, "", item, find(new, item, keys), &others);
                }
                self.beyond_apply |= !is_in_order(items, new, keys);
            }
            _ if old != new => self.blame(path, others),
            _ => {}
        }
    }

    fn walk_or_remove(&mut self, path: &str, field: &str, old: &Value, new: Option<&Value>, others: &[(&str, &Value)]) {
        match (old, new) {
            (_, Some(new)) => self.walk(path, field, old, new, others),
            // Each owner of something in it is named with what it owns.
            (Value::Object(map), None) if !map.is_empty() && !is_atomic(field) => {
                self.walk(path, field, old, &json!({}), others);
            }
            (Value::Array(_), None) if keys_of(field).is_some() => self.walk(path, field, old, &json!([]), others),
            (_, None) => {
                self.beyond_apply |= !others.is_empty();
                self.blame(path, others);
            }
        }
    }

    fn blame(&mut self, path: &str, others: &[(&str, &Value)]) {
        for (manager, _) in others.iter().filter(|(manager, _)| *manager != MANAGER) {
            match self.foreign.iter_mut().find(|conflict| conflict.manager == *manager) {
                Some(conflict) => conflict.fields.push(path.to_owned()),
                None => {
                    self.foreign.push(FieldConflict { manager: (*manager).to_owned(), fields: vec![path.to_owned()] })
                }
            }
        }
    }
}

/// Goes one step down in each entry; who owns a whole value owns all that is in it.
fn below<'a>(
    others: &[(&'a str, &'a Value)],
    step: impl Fn(&'a Value) -> Option<&'a Value>,
) -> Vec<(&'a str, &'a Value)> {
    let down = |owned: &'a Value| if is_leaf(owned) { Some(owned) } else { step(owned) };
    others.iter().filter_map(|(manager, owned)| Some((*manager, down(owned)?))).collect()
}

/// Nothing is said of what lies below.
fn is_leaf(owned: &Value) -> bool {
    owned.as_object().is_some_and(Map::is_empty)
}

/// Tells whether the items that both lists have stand in the same order.
fn is_in_order(old: &[Value], new: &Value, keys: &[&str]) -> bool {
    let new: Vec<&Value> = new.as_array().into_iter().flatten().collect();
    let places = old.iter().filter_map(|item| new.iter().position(|other| is_same(other, item, keys)));
    places.is_sorted()
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

    fn live(manager: &str, operation: &str, fields: Value) -> Value {
        json!({ "metadata": { "managedFields": [{ "manager": manager, "operation": operation, "fieldsV1": fields }] } })
    }

    fn env(fields: Value) -> Value {
        json!({ "f:spec": { "f:template": { "f:spec": { "f:containers": {
            "k:{\"name\":\"app\"}": { ".": {}, "f:env": fields } } } } } })
    }

    fn tree(image: &str, env: Value) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "api", "namespace": "shop" },
            "spec": {
                "replicas": 3,
                "selector": { "matchLabels": { "app": "api" } },
                "template": { "spec": { "containers": [{ "name": "app", "image": image, "env": env }] } },
            },
        })
    }

    fn conflict(manager: &str, field: &str) -> FieldConflict {
        FieldConflict { manager: manager.into(), fields: vec![field.into()] }
    }

    #[test]
    fn an_edit_names_what_changes_and_what_is_owned_and_nothing_else() {
        // The selector is one value: half of it would be another one.
        let owned = json!({ "f:spec": { "f:replicas": {}, "f:selector": {} } });
        let said = say(&live("denshimon", "Apply", owned), &tree("a:1", json!([])), &tree("a:2", json!([])));
        let expected = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "api", "namespace": "shop" },
            "spec": {
                "replicas": 3,
                "selector": { "matchLabels": { "app": "api" } },
                "template": { "spec": { "containers": [{ "name": "app", "image": "a:2" }] } },
            },
        });
        assert_eq!(said, Said::Apply(expected));
    }

    #[test]
    fn an_apply_cannot_take_out_what_others_own() {
        let old = tree("a:1", json!([{ "name": "A", "value": "1" }]));
        let new = tree("a:1", json!([]));
        let fields = env(json!({ ".": {}, "k:{\"name\":\"A\"}": { ".": {}, "f:name": {}, "f:value": {} } }));
        let Said::Replace(foreign) = say(&live("kubectl", "Update", fields.clone()), &old, &new) else {
            panic!("it was said with an apply")
        };
        let path = "spec.template.spec.containers[app].env[A]";
        assert_eq!(foreign.len(), 1);
        assert!(foreign.iter().all(|one| one.manager == "kubectl" && one.fields.iter().all(|f| f.starts_with(path))));
        // An earlier update of Denshimon's own is in the way of an apply, but nobody else's.
        assert_eq!(say(&live("denshimon", "Update", fields), &old, &new), Said::Replace(Vec::new()));
    }

    #[test]
    fn who_owns_a_whole_value_owns_what_is_in_it() {
        let place = |selector: Value| json!({ "spec": { "template": { "spec": { "nodeSelector": selector } } } });
        let fields = json!({ "f:spec": { "f:template": { "f:spec": { "f:nodeSelector": {} } } } });
        let live = live("kubectl", "Update", fields);
        let (old, new) = (place(json!({ "disk": "ssd", "zone": "a" })), place(json!({ "disk": "ssd" })));
        let Said::Apply(body) = say(&live, &old, &new) else { panic!("a smaller value is a change of it") };
        assert_eq!(body.pointer("/spec/template/spec/nodeSelector"), Some(&json!({ "disk": "ssd" })));
        let gone = json!({ "spec": { "template": { "spec": {} } } });
        let expected = vec![conflict("kubectl", "spec.template.spec.nodeSelector")];
        assert_eq!(say(&live, &old, &gone), Said::Replace(expected));
    }

    #[test]
    fn an_apply_knows_no_order_and_keeps_the_old_strategy_s_defaults() {
        let (a, b) = (json!({ "name": "A", "value": "1" }), json!({ "name": "B", "value": "$(A)" }));
        let (old, new) = (tree("a:1", json!([b, a])), tree("a:1", json!([a, b])));
        assert_eq!(say(&json!({}), &old, &new), Said::Replace(Vec::new()));
        let recreate = json!({ "spec": { "strategy": { "type": "Recreate" } } });
        assert_eq!(say(&json!({}), &json!({ "spec": {} }), &recreate), Said::Replace(Vec::new()));
    }
}
