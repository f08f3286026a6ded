//! Who set which field, as far as the object itself tells.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::tree::{at, text};

/// Where `kubectl apply` keeps what it was given.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What is known about who set what.
pub(super) struct Evidence {
    /// A live object, not a document.
    pub(super) live: bool,
    /// `None` where the object does not tell.
    pub(super) owners: Option<Owners>,
    /// What `kubectl apply` was given last, if that was in the object's version.
    pub(super) applied: Option<Value>,
}

/// What the field managers of an object own.
#[derive(Default)]
pub(super) struct Owners {
    /// Without what is only owned because `kubectl apply` wrote back the server's defaults.
    pub(super) owned: Node,
    /// What was asked for by a server-side apply, which names nothing else.
    pub(super) asked: Node,
    /// The same as `owned`, and without what a manager was only given because nobody knew (`before-first-apply`).
    firm: Node,
    /// What anybody owns.
    pub(super) shape: Node,
}

/// A set of field paths, in the shape of the tree: the decoded form of `fieldsV1`.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The field is owned with all that is in it: a leaf, or a list or map that the schema takes as one.
    pub(super) whole: bool,
    /// The field itself is owned, and some of what is in it.
    pub(super) itself: bool,
    pub(super) fields: BTreeMap<String, Node>,
    /// Items of a list, by the fields that name them.
    pub(super) items: Vec<(Map<String, Value>, Node)>,
    /// Items of a list of plain values.
    pub(super) values: Vec<Value>,
}

/// The answer to "did a person ask for this?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Yes,
    No,
    Unknown,
}

impl Evidence {
    /// Reads what an object tells.
    pub(super) fn of(object: &Value) -> Self {
        let live = !text(object, &["metadata", "uid"]).is_empty();
        let applied = last_applied(object);
        let owners = read_owners(object, applied.is_some());
        Self { live, owners, applied }
    }

    /// Tells whether a person asked for a field.
    pub(super) fn asked(&self, path: &[&str]) -> Asked {
        if self.applied.as_ref().is_some_and(|applied| at(applied, path).is_some()) {
            return Asked::Yes;
        }
        let Some(owners) = &self.owners else { return Asked::Unknown };
        let mut node = &owners.firm;
        for key in path {
            match node.fields.get(*key) {
                Some(next) if next.whole => return Asked::Yes,
                Some(next) => node = next,
                None => return Asked::No,
            }
        }
        Asked::Yes
    }
}

impl Node {
    /// Tells whether the field is owned, and nothing in it by itself.
    pub(super) fn is_leaf(&self) -> bool {
        self.whole && self.fields.is_empty() && self.items.is_empty()
    }

    /// Takes a field whose parts have owners of their own for owned alone, without them.
    pub(super) fn take_apart(&mut self) {
        self.itself |= self.whole;
        self.whole = false;
    }

    /// Adds the paths of one `fieldsV1`.
    fn add(&mut self, fields: &Value) {
        let Some(map) = fields.as_object() else { return };
        if map.keys().all(|key| key == ".") {
            self.whole = true;
            return;
        }
        for (key, inner) in map {
            match key.split_once(':') {
                None if key == "." => self.itself = true,
                Some(("f", name)) => self.fields.entry(name.to_owned()).or_default().add(inner),
                Some(("k", names)) => self.add_item(names, inner),
                Some(("v", value)) => match serde_json::from_str(value) {
                    Ok(value) => self.values.push(value),
                    Err(_) => self.whole = true,
                },
                // An index, or a form that is not known: nothing in here is taken out.
                _ => self.whole = true,
            }
        }
    }

    fn add_item(&mut self, names: &str, inner: &Value) {
        let Ok(Value::Object(names)) = serde_json::from_str(names) else {
            self.whole = true;
            return;
        };
        if let Some((_, item)) = self.items.iter_mut().find(|(other, _)| *other == names) {
            item.add(inner);
            return;
        }
        let mut item = Self::default();
        item.add(inner);
        self.items.push((names, item));
    }
}

/// Joins what the managers own; `None` where the object does not tell, or tells it in another version's fields.
fn read_owners(object: &Value, applied: bool) -> Option<Owners> {
    let entries = at(object, &["metadata", "managedFields"])?.as_array().filter(|entries| !entries.is_empty())?;
    let api_version = text(object, &["apiVersion"]);
    let mut owners = Owners::default();
    for entry in entries {
        let fields = entry.get("fieldsV1").filter(|fields| fields.is_object());
        let status = text(entry, &["subresource"]) == "status";
        if text(entry, &["apiVersion"]) != api_version || fields.is_none() {
            // The fields of another version have other names, so nothing can be said about this one's.
            if status {
                continue;
            }
            return None;
        }
        let fields = fields?;
        let manager = text(entry, &["manager"]);
        let update = text(entry, &["operation"]) == "Update";
        owners.shape.add(fields);
        // With a client-side apply the defaults that the server filled in count as the client's: what it was given
        // stands in the annotation. See https://kubernetes.io/docs/reference/using-api/server-side-apply/
        // Argo CD and `kubectl apply --field-manager` do the same under other names: who writes the annotation has
        // applied what it says.
        let applies = manager == "kubectl-client-side-apply" || owns_annotation(fields);
        let writes_back = applied && update && applies;
        if writes_back || (update && injects_authority(fields)) {
            continue;
        }
        let wishes = if status || is_report(fields, manager) { &without_status(fields) } else { fields };
        owners.owned.add(wishes);
        if !update {
            owners.asked.add(wishes);
        }
        if manager != "before-first-apply" {
            owners.firm.add(wishes);
        }
    }
    let tells = applied || owners.owned.fields.keys().any(|field| field != "status");
    tells.then_some(owners)
}

fn owns_annotation(fields: &Value) -> bool {
    let annotations = at(fields, &["f:metadata", "f:annotations"]);
    annotations.is_some_and(|annotations| annotations.get(format!("f:{LAST_APPLIED}")).is_some())
}

/// Tells whether a manager owns certificate authorities and nothing else: such a one puts them in again.
fn injects_authority(fields: &Value) -> bool {
    fn only_authority(value: &Value, key: &str) -> bool {
        match value.as_object() {
            Some(map) if map.is_empty() => key == "f:caBundle",
            Some(map) => map.iter().all(|(key, value)| key == "." || only_authority(value, key)),
            None => false,
        }
    }
    fields.as_object().is_some_and(|map| !map.is_empty()) && only_authority(fields, "")
}

/// Tells whether a manager is a controller that says how things are: it writes the status and no wish, and is no
/// person at kubectl. Only a custom kind without the subresource has a status of both.
fn is_report(fields: &Value, manager: &str) -> bool {
    let only_status = |map: &Map<String, Value>| map.keys().all(|key| key == "f:status" || key == "f:metadata");
    !manager.starts_with("kubectl") && fields.get("f:status").is_some() && fields.as_object().is_some_and(only_status)
}

fn without_status(fields: &Value) -> Value {
    let mut fields = fields.clone();
    if let Some(map) = fields.as_object_mut() {
        map.remove("f:status");
    }
    fields
}

/// Reads the annotation of `kubectl apply`, if it is in the object's own version, and not another object's that was
/// copied with its annotations.
fn last_applied(object: &Value) -> Option<Value> {
    let annotation = at(object, &["metadata", "annotations"])?.get(LAST_APPLIED)?.as_str()?;
    let applied: Value = serde_json::from_str(annotation).ok()?;
    let is_same = |path: &[&str]| at(&applied, path) == at(object, path);
    let is_own = ["name", "namespace"]
        .into_iter()
        .all(|field| text(&applied, &["metadata", field]).is_empty() || is_same(&["metadata", field]));
    (is_same(&["apiVersion"]) && is_same(&["kind"]) && is_own).then_some(applied)
}
