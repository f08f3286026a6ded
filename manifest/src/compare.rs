//! Compares two trees field by field, lists by what names their items.

mod keys;

use serde_json::{Map, Value};

pub(crate) use keys::{keys, names};

/// One field that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// `spec.template.spec.containers[api].image`, `metadata.labels["example.com/team"]`; empty for a whole document.
    pub path: String,
    /// `None` where the field is new.
    pub old: Option<Value>,
    /// `None` where the field is gone.
    pub new: Option<Value>,
}

/// Lists the fields that differ, in the alphabet's order; none exactly when both are the same.
///
/// Lists of maps are joined by what names their items (`name`, `containerPort`, ...); where only the order of such a
/// list differs, the change holds the names in order. A list of plain values is one field.
pub fn compare(old: Option<&Value>, new: Option<&Value>) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    compare_field(&mut changes, String::new(), "", old, new);
    changes
}

fn compare_field(changes: &mut Vec<FieldChange>, path: String, field: &str, old: Option<&Value>, new: Option<&Value>) {
    match (old, new) {
        (Some(old), Some(new)) if old == new => {}
        (None, None) => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => compare_maps(changes, &path, old, new),
        (Some(Value::Array(old)), Some(Value::Array(new))) => compare_lists(changes, path, field, old, new),
        (old, new) => changes.push(FieldChange { path, old: old.cloned(), new: new.cloned() }),
    }
}

fn compare_maps(changes: &mut Vec<FieldChange>, path: &str, old: &Map<String, Value>, new: &Map<String, Value>) {
    let mut fields: Vec<&String> = old.keys().chain(new.keys()).collect();
    fields.sort_unstable();
    fields.dedup();
    for field in fields {
        compare_field(changes, join(path, field), field, old.get(field), new.get(field));
    }
}

fn compare_lists(changes: &mut Vec<FieldChange>, path: String, field: &str, old: &[Value], new: &[Value]) {
    let Some((old_names, new_names)) = names(field, old, new) else {
        let of_maps = |items: &[Value]| items.iter().all(Value::is_object);
        if of_maps(old) && of_maps(new) && old.len() == new.len() {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare_field(changes, format!("{path}[{index}]"), field, Some(old), Some(new));
            }
        } else {
            let list = |items: &[Value]| Some(Value::Array(items.to_vec()));
            changes.push(FieldChange { path, old: list(old), new: list(new) });
        }
        return;
    };
    let before = changes.len();
    let find = |names: &[String], items: &'_ [Value], name: &String| -> Option<Value> {
        let index = names.iter().position(|other| other == name)?;
        items.get(index).cloned()
    };
    for (name, item) in old_names.iter().zip(old) {
        let other = find(&new_names, new, name);
        compare_field(changes, format!("{path}[{name}]"), field, Some(item), other.as_ref());
    }
    for (name, item) in new_names.iter().zip(new) {
        if !old_names.contains(name) {
            compare_field(changes, format!("{path}[{name}]"), field, None, Some(item));
        }
    }
    if changes.len() == before {
        let order = |names: Vec<String>| Some(Value::Array(names.into_iter().map(Value::String).collect()));
        changes.push(FieldChange { path, old: order(old_names), new: order(new_names) });
    }
}

fn join(path: &str, field: &str) -> String {
    let plain = !field.is_empty() && field.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    match (path.is_empty(), plain) {
        (_, false) => format!("{path}[{}]", Value::String(field.to_owned())),
        (true, true) => field.to_owned(),
        (false, true) => format!("{path}.{field}"),
    }
}

#[cfg(test)]
mod tests;
