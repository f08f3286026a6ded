//! Drops what nobody wrote: the server's defaults, what it allocated, what admission added.
//!
//! The API server notes for each field which client wrote it. A field that no client owns is a default, was allocated
//! after the write was noted, or came from admission; each comes back with the object. With a server-side apply that
//! leaves exactly what was applied. A create or update owns its defaults too, since they are filled in before the
//! write is noted: for `kubectl apply` the annotation tells them apart, for other clients they stay.
//! An object that does not tell (no `managedFields`, or in another version) is left as it is.
//!
//! One limit: a tool that takes another manager out of `managedFields` without taking over its fields makes them look
//! like nobody's.

use serde_json::{Map, Value};

use crate::mask::is_secret;
use crate::sanitize::evidence::{Evidence, Node};
use crate::tree::is_kind;

/// Fields that admission fills in with whatever is the cluster's choice at that moment: the choice stays, so that a
/// restored claim asks for the same class of storage.
const CHOICES: [(&str, &str, &str); 2] =
    [("", "PersistentVolumeClaim", "storageClassName"), ("networking.k8s.io", "Ingress", "ingressClassName")];

/// What is known about one field.
#[derive(Clone, Copy)]
struct Facts<'a> {
    /// What managers own of it.
    owned: Option<&'a Node>,
    /// The same with what a client-side apply wrote back: tells how the schema names a list's items.
    shape: Option<&'a Node>,
    /// What `kubectl apply` was given.
    applied: Option<&'a Value>,
}

impl<'a> Facts<'a> {
    fn field(self, name: &str) -> Self {
        let inner = |node: Option<&'a Node>| node.and_then(|node| node.fields.get(name));
        Self {
            owned: inner(self.owned),
            shape: inner(self.shape),
            applied: self.applied.and_then(|applied| applied.get(name)),
        }
    }

    /// Tells whether somebody set the field itself.
    fn is_set(self) -> bool {
        self.applied.is_some() || self.owned.is_some_and(|owned| owned.itself || owned.whole)
    }
}

/// Applies the rule.
pub(super) fn clean(tree: &mut Value, evidence: &Evidence) {
    let Some(owners) = &evidence.owners else { return };
    let facts = Facts { owned: Some(&owners.owned), shape: Some(&owners.shape), applied: evidence.applied.as_ref() };
    let secret = is_secret(tree);
    let choice = CHOICES.iter().find(|(group, kind, _)| is_kind(tree, group, kind)).and_then(|(_, _, field)| {
        let value = tree.get("spec")?.get(field)?.clone();
        Some((*field, value))
    });
    let Some(root) = tree.as_object_mut() else { return };
    root.retain(|field, value| match field.as_str() {
        "apiVersion" | "kind" => true,
        "metadata" => {
            clean_metadata(value, facts.field(field));
            true
        }
        // What was written as `stringData` is owned under that name.
        _ if secret => true,
        _ => keep(value, facts.field(field)),
    });
    if let Some((field, value)) = choice
        && let Some(spec) = tree.get_mut("spec").and_then(Value::as_object_mut)
    {
        spec.insert(field.to_owned(), value);
    }
}

/// Names belong to nobody in `managedFields`, and the rest of the metadata has rules of its own.
fn clean_metadata(metadata: &mut Value, facts: Facts<'_>) {
    let Some(metadata) = metadata.as_object_mut() else { return };
    metadata.retain(|field, value| match field.as_str() {
        "labels" | "annotations" | "finalizers" => keep(value, facts.field(field)),
        _ => true,
    });
}

/// Takes out of a value what nobody set, and tells whether anything is left of it.
fn keep(value: &mut Value, facts: Facts<'_>) -> bool {
    if facts.owned.is_some_and(|owned| owned.whole) {
        return true;
    }
    match value {
        Value::Object(map) => {
            map.retain(|field, value| keep(value, facts.field(field)));
            !map.is_empty() || facts.is_set()
        }
        // Where the schema gives a list's items owners of their own, an empty one has none: somebody wrote it, or it is
        // a default, which another rule knows.
        Value::Array(items) if items.is_empty() => true,
        Value::Array(items) => {
            keep_items(items, facts);
            !items.is_empty() || facts.is_set()
        }
        _ => facts.owned.is_some() || facts.applied.is_some(),
    }
}

fn keep_items(items: &mut Vec<Value>, facts: Facts<'_>) {
    let given = facts.applied.and_then(Value::as_array);
    let Some(shape) = facts.shape.filter(|shape| !shape.items.is_empty() || !shape.values.is_empty()) else {
        match given {
            Some(given) => keep_listed(items, given),
            None if facts.owned.is_some() => {}
            None => items.clear(),
        }
        return;
    };
    if !shape.values.is_empty() {
        let owned = |item: &Value| facts.owned.is_some_and(|owned| owned.values.contains(item));
        items.retain(|item| owned(item) || given.is_some_and(|given| given.contains(item)));
        return;
    }
    items.retain_mut(|item| {
        let find = |node: Option<&'_ Node>| -> Option<usize> {
            node?.items.iter().position(|(names, _)| is_named(item, names))
        };
        let Some((names, shape_item)) = find(Some(shape)).and_then(|index| shape.items.get(index)) else {
            return false;
        };
        let owned = find(facts.owned).and_then(|index| facts.owned?.items.get(index)).map(|(_, node)| node);
        let applied = given.and_then(|given| given_item(given, item, names));
        keep_item(item, names, Facts { owned, shape: Some(shape_item), applied })
    });
}

/// Takes out of one item what nobody set; what names it stays.
fn keep_item(item: &mut Value, names: &Map<String, Value>, facts: Facts<'_>) -> bool {
    if facts.owned.is_none() && facts.applied.is_none() {
        return false;
    }
    if facts.owned.is_some_and(|owned| owned.whole) {
        return true;
    }
    if let Value::Object(map) = item {
        map.retain(|field, value| keep(value, facts.field(field)) || names.contains_key(field));
    }
    true
}

/// Takes the defaults out of a list that the schema takes as one and `kubectl apply` wrote: it put its items there in
/// this order. Where another number of them is there, somebody else had a hand in it, and all stays.
fn keep_listed(items: &mut [Value], given: &[Value]) {
    if items.len() != given.len() {
        return;
    }
    for (item, given) in items.iter_mut().zip(given) {
        if let (Value::Object(map), Value::Object(_)) = (item, given) {
            let facts = Facts { owned: None, shape: None, applied: Some(given) };
            map.retain(|field, value| keep(value, facts.field(field)));
        }
    }
}

/// Tells whether an item has these names; one that lacks a name has the default, which cannot be known here.
pub(super) fn is_named(item: &Value, names: &Map<String, Value>) -> bool {
    names.iter().all(|(key, name)| item.get(key).is_none_or(|own| own == name))
}

/// Finds what `kubectl apply` was given for an item.
pub(super) fn given_item<'a>(given: &'a [Value], item: &Value, names: &Map<String, Value>) -> Option<&'a Value> {
    let exact = |given: &&Value| names.keys().all(|key| given.get(key) == item.get(key));
    let lenient =
        |given: &&Value| names.keys().all(|key| given.get(key).is_none_or(|name| Some(name) == item.get(key)));
    given.iter().find(exact).or_else(|| given.iter().find(lenient))
}
