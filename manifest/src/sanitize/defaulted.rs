//! Drops what the API server would put back, where the object does not tell who asked for it.
//!
//! A create or update owns the defaults that were filled in with it, so ownership cannot tell them from what was
//! asked for. `kubectl apply` and server-side apply do tell: what was applied stays, though it equals a default.

use serde_json::{Map, Value};

use crate::defaults::{Defaults, SchemaDefaults};
use crate::sanitize::evidence::{Evidence, Node};
use crate::sanitize::ownership::is_named;
use crate::tree::text;

/// Applies the rule.
pub(super) fn clean(tree: &mut Value, evidence: &Evidence, schemas: &SchemaDefaults) {
    // In a document somebody typed it, and `kubectl apply` has told what it was given.
    if !evidence.live || evidence.applied.is_some() {
        return;
    }
    let (api_version, kind) = (text(tree, &["apiVersion"]), text(tree, &["kind"]));
    let Some(defaults) = Defaults::of(api_version, kind).or_else(|| schemas.of(api_version, kind)) else { return };
    let asked = evidence.owners.as_ref().map(|owners| &owners.asked);
    clean_value(tree, defaults, asked);
}

fn clean_value(value: &mut Value, defaults: &Defaults, asked: Option<&Node>) {
    if asked.is_some_and(|asked| asked.whole) {
        return;
    }
    match value {
        Value::Object(map) => clean_map(map, defaults, asked),
        Value::Array(items) => {
            let Some(defaults) = defaults.field("*") else { return };
            for item in items {
                let asked = asked.and_then(|asked| {
                    asked.items.iter().find(|(names, _)| is_named(item, names)).map(|(_, node)| node)
                });
                clean_value(item, defaults, asked);
            }
        }
        _ => {}
    }
}

fn clean_map(map: &mut Map<String, Value>, defaults: &Defaults, asked: Option<&Node>) {
    let beside = map.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    map.retain(|name, value| {
        let Some(known) = defaults.field(name) else { return true };
        let asked = asked.and_then(|asked| asked.fields.get(name));
        if asked.is_none() && known.restores(value, &beside) {
            return false;
        }
        if asked.is_some_and(Node::is_leaf) && is_filled(value, known) {
            *value = Value::Object(Map::new());
        }
        clean_value(value, known, asked);
        true
    });
}

/// Tells whether the server filled a map with all that is in it: it was applied empty, as in `strategy: {}`, since who
/// sets a field of a map owns that field, and a map that is owned as one has more to say than defaults.
fn is_filled(value: &Value, defaults: &Defaults) -> bool {
    let mut rest = value.clone();
    clean_value(&mut rest, defaults, None);
    value.is_object() && (defaults.fills(value) || rest.as_object().is_some_and(Map::is_empty))
}
