//! Drops what the API server would put back, where the object does not tell who asked for it.
//!
//! A create or update owns the defaults that were filled in with it, so ownership cannot tell them from what was
//! asked for. `kubectl apply` and server-side apply do tell: what was applied stays, though it equals a default. What
//! else is there, such as a container that `kubectl edit` added, is told by nobody.

use serde_json::{Map, Value};

use crate::defaults::{Defaults, SchemaDefaults};
use crate::sanitize::evidence::{Evidence, Node};
use crate::sanitize::ownership::{given_item, is_named};
use crate::tree::text;

/// What was asked for at one place.
#[derive(Clone, Copy, Default)]
struct Asked<'a> {
    /// By a server-side apply.
    owned: Option<&'a Node>,
    /// Who owns what there: tells how the schema names a list's items.
    shape: Option<&'a Node>,
    /// By `kubectl apply`.
    applied: Option<&'a Value>,
}

impl<'a> Asked<'a> {
    fn field(self, name: &str) -> Self {
        let inner = |node: Option<&'a Node>| node.and_then(|node| node.fields.get(name));
        let applied = self.applied.and_then(|applied| applied.get(name));
        Self { owned: inner(self.owned), shape: inner(self.shape), applied }
    }

    /// `None` where it cannot be told which item this was.
    fn item(self, item: &Value, index: usize, of: usize) -> Option<Self> {
        let find = |node: Option<&'a Node>| node?.items.iter().find(|(names, _)| is_named(item, names));
        let (owned, shape) = (find(self.owned), find(self.shape));
        let applied = match (self.applied.and_then(Value::as_array), shape) {
            (None, _) => None,
            (Some(given), Some((names, _))) => given_item(given, item, names),
            // Where items have no names, or nobody tells them, an apply put them there in this order.
            (Some(given), None) if given.len() == of => given.get(index),
            (Some(_), None) => return None,
        };
        Some(Self { owned: owned.map(|(_, node)| node), shape: shape.map(|(_, node)| node), applied })
    }
}

/// Applies the rule.
pub(super) fn clean(tree: &mut Value, evidence: &Evidence, schemas: &SchemaDefaults) {
    // In a document somebody typed it.
    if !evidence.live {
        return;
    }
    let (api_version, kind) = (text(tree, &["apiVersion"]), text(tree, &["kind"]));
    let Some(defaults) = Defaults::of(api_version, kind).or_else(|| schemas.of(api_version, kind)) else { return };
    let owners = evidence.owners.as_ref();
    let (owned, shape) = (owners.map(|owners| &owners.asked), owners.map(|owners| &owners.shape));
    clean_value(tree, defaults, Asked { owned, shape, applied: evidence.applied.as_ref() });
}

fn clean_value(value: &mut Value, defaults: &Defaults, asked: Asked<'_>) {
    if asked.owned.is_some_and(|owned| owned.whole) {
        return;
    }
    match value {
        Value::Object(map) => clean_map(map, defaults, asked),
        Value::Array(items) => {
            let Some(defaults) = defaults.field("*") else { return };
            let of = items.len();
            for (index, item) in items.iter_mut().enumerate() {
                if let Some(asked) = asked.item(item, index, of) {
                    clean_value(item, defaults, asked);
                }
            }
        }
        _ => {}
    }
}

fn clean_map(map: &mut Map<String, Value>, defaults: &Defaults, asked: Asked<'_>) {
    let beside = map.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    map.retain(|name, value| {
        let Some(known) = defaults.field(name) else { return true };
        let asked = asked.field(name);
        if asked.owned.is_none() && asked.applied.is_none() && known.restores(value, &beside) {
            return false;
        }
        let empty = asked.applied.is_some_and(|applied| applied.as_object().is_some_and(Map::is_empty));
        if (asked.owned.is_some_and(Node::is_leaf) || empty) && is_filled(value, known) {
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
    clean_value(&mut rest, defaults, Asked::default());
    value.is_object() && (defaults.fills(value) || rest.as_object().is_some_and(Map::is_empty))
}
