//! Paths of fields: `spec.template.spec.containers[name=app].image`.
//!
//! Keys stand between dots, `["example.org/note"]` is a key with dots in it, `[name=app]` the items of a list that have
//! this field, and `*` or `[*]` all of a map or list.

use std::fmt;

use serde_json::Value;

/// Where a field is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    /// Items of a list in which a field has this value.
    Items {
        field: String,
        value: String,
    },
    All,
}

impl FieldPath {
    /// Reads one.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!(
                "{text:?} is no path of a field: {why}. Write spec.replicas, spec.containers[name=app].image, \
                     metadata.annotations[\"example.org/note\"], or * for all of a map or list."
            )
        };
        let mut steps = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix("[\"") {
                let (key, after) = inner.split_once("\"]").ok_or_else(|| wrong("a [\" is not closed by \"]"))?;
                steps.push(Step::Key(key.to_owned()));
                rest = after;
            } else if let Some(inner) = rest.strip_prefix('[') {
                let (item, after) = inner.split_once(']').ok_or_else(|| wrong("a [ is not closed by ]"))?;
                steps.push(match item.split_once('=') {
                    _ if item == "*" => Step::All,
                    Some((field, value)) if !field.is_empty() => {
                        Step::Items { field: field.to_owned(), value: value.to_owned() }
                    }
                    _ => return Err(wrong("an item of a list is named by a field, since its place may change")),
                });
                rest = after;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (key, after) = rest.split_at(end);
                if key.is_empty() {
                    return Err(wrong("there is nothing between two dots"));
                }
                steps.push(if key == "*" { Step::All } else { Step::Key(key.to_owned()) });
                rest = after;
            }
            rest = match rest.strip_prefix('.') {
                Some("") => return Err(wrong("it ends in a dot")),
                Some(more) => more,
                None if rest.is_empty() || rest.starts_with('[') => rest,
                None => return Err(wrong("a dot or [ follows a ]")),
            };
        }
        if names_resource(&steps) {
            return Err(format!(
                "{text:?} holds what names the resource, which is always recorded: name the fields below it."
            ));
        }
        Ok(Self { text: text.trim().to_owned(), steps })
    }

    /// Takes the field out, and what is empty because of that; tells whether there was one.
    pub(super) fn remove(&self, tree: &mut Value) -> bool {
        remove(tree, &self.steps)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Tells whether a path holds, or may hold, `apiVersion`, `kind`, `metadata.name` or `metadata.namespace`.
fn names_resource(steps: &[Step]) -> bool {
    let may_be = |step: &Step, names: &[&str]| match step {
        Step::Key(key) => names.contains(&key.as_str()),
        Step::All => true,
        Step::Items { .. } => false,
    };
    match steps {
        [] => true,
        [only] => may_be(only, &["apiVersion", "kind", "metadata"]),
        [first, second, ..] => {
            may_be(first, &["apiVersion", "kind"])
                || (may_be(first, &["metadata"]) && may_be(second, &["name", "namespace"]))
        }
    }
}

fn remove(value: &mut Value, steps: &[Step]) -> bool {
    let Some((step, below)) = steps.split_first() else { return false };
    match (value, step) {
        (Value::Object(map), Step::Key(key)) => {
            if below.is_empty() {
                return map.remove(key).is_some();
            }
            let Some(inner) = map.get_mut(key) else { return false };
            let removed = remove(inner, below);
            if removed && is_empty(inner) {
                map.remove(key);
            }
            removed
        }
        (Value::Object(map), Step::All) => {
            let mut removed = false;
            map.retain(|_, inner| {
                let here = below.is_empty() || remove(inner, below);
                removed |= here;
                !(here && (below.is_empty() || is_empty(inner)))
            });
            removed
        }
        (Value::Array(items), Step::All | Step::Items { .. }) => {
            let mut removed = false;
            items.retain_mut(|item| {
                let here = is_meant(item, step) && (below.is_empty() || remove(item, below));
                removed |= here;
                !(here && below.is_empty())
            });
            removed
        }
        _ => false,
    }
}

fn is_meant(item: &Value, step: &Step) -> bool {
    match step {
        Step::Items { field, value } => match item.get(field) {
            Some(Value::String(text)) => text == value,
            Some(other) => serde_json::from_str::<Value>(value).is_ok_and(|value| value == *other),
            None => false,
        },
        Step::All => true,
        Step::Key(_) => false,
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(serde_json::Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}
