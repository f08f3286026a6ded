//! What a person's document says already, in other words than Denshimon's.
//!
//! The API server writes quantities in its own way, fills in what a person may have written out, and drops what says
//! nothing; and what a rule leaves out of records is the person's. None of that is a difference between a document and
//! the live object, so it stays as it was written, and only the rest follows the cluster.

use serde_json::{Map, Value};

use crate::compare::keys;
use crate::quantity::{is_quantity, same_quantity};
use crate::tree::text;

/// Maps of names, of which an empty one says the same as none.
const NAMES: [&str; 9] =
    ["annotations", "labels", "matchLabels", "nodeSelector", "limits", "requests", "parameters", "data", "stringData"];
/// Fields that the API server drops where they are `false`, 0 or an empty text, since that is what silence says.
const SILENT: [&str; 12] = [
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "minReadySeconds",
    "paused",
    "publishNotReadyAddresses",
    "readOnly",
    "stdin",
    "stdinOnce",
    "subPath",
    "tty",
    "value",
];

/// What else is known of a place in a document.
#[derive(Clone, Copy)]
struct Beside<'a> {
    /// The document's, unless a rule leaves it out.
    followed: Option<&'a Value>,
    wanted: Option<&'a Value>,
    live: Option<&'a Value>,
}

/// Where in a document one is.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// One of Kubernetes' own kinds, whose fields are known.
    built_in: bool,
    /// The field that the map around it stands at; empty for the root and an item of a list.
    map: &'a str,
    /// Its own; empty in the same way.
    field: &'a str,
}

/// Returns what a person's document is to say so that it says what is wanted: the document itself where nothing differs.
///
/// `followed` is the document without what rules leave out, `live` the object as the API server shows it.
pub fn keep_wording(document: &Value, followed: &Value, wanted: &Value, live: &Value) -> Value {
    let api_version = text(document, &["apiVersion"]);
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let built_in = !group.contains('.') || group.ends_with(".k8s.io");
    let place = Place { built_in, map: "", field: "" };
    let beside = Beside { followed: Some(followed), wanted: Some(wanted), live: Some(live) };
    let Some(mut said) = said(document, beside, place) else { return wanted.clone() };
    if api_version != text(wanted, &["apiVersion"]) {
        // A document is in one version, so that what differs cannot be taken over field by field.
        if let (Some(map), Some(own)) = (said.as_object_mut(), document.get("apiVersion")) {
            map.insert("apiVersion".into(), own.clone());
        }
        return if said == *document { said } else { wanted.clone() };
    }
    said
}

impl<'a> Beside<'a> {
    fn each(self, find: impl Fn(&'a Value) -> Option<&'a Value>) -> Self {
        Self {
            followed: self.followed.and_then(&find),
            wanted: self.wanted.and_then(&find),
            live: self.live.and_then(&find),
        }
    }
}

impl<'a> Place<'a> {
    fn below(self, field: &'a str) -> Self {
        Self { map: self.field, field, ..self }
    }

    fn is_silent(self) -> bool {
        self.built_in && SILENT.contains(&self.field) && !NAMES.contains(&self.map)
    }

    fn is_same(self, one: &Value, other: &Value) -> bool {
        one == other || (self.built_in && is_quantity(self.map, self.field) && same_quantity(one, other))
    }
}

/// Returns what is to be said at a place where the document says something; `None` for nothing.
fn said(document: &Value, beside: Beside<'_>, place: Place<'_>) -> Option<Value> {
    match (document, beside.wanted) {
        // A rule leaves it to the person.
        (document, None) if beside.followed.is_none() => Some(document.clone()),
        (Value::Null, None) => Some(Value::Null),
        (Value::Object(map), Some(Value::Object(wanted))) => {
            Some(Value::Object(said_in_map(map, wanted, beside, place)))
        }
        (Value::Object(map), None) => {
            let rest = said_in_map(map, &Map::new(), beside, place);
            let says_nothing = map.is_empty() && (beside.live.is_some() || NAMES.contains(&place.field));
            (!rest.is_empty() || says_nothing).then_some(Value::Object(rest))
        }
        (Value::Array(items), Some(Value::Array(wanted))) => {
            Some(Value::Array(said_in_list(items, wanted, beside, place)))
        }
        (Value::Array(items), None) => {
            let rest = said_in_list(items, &[], beside, place);
            (!rest.is_empty() || items.is_empty()).then_some(Value::Array(rest))
        }
        (document, Some(wanted)) if place.is_same(document, wanted) => Some(document.clone()),
        (_, Some(wanted)) => Some(wanted.clone()),
        (document, None) => {
            let stays = match beside.live {
                Some(live) => place.is_same(document, live),
                None => place.is_silent() && is_zero(document),
            };
            stays.then(|| document.clone())
        }
    }
}

fn said_in_map(
    map: &Map<String, Value>,
    wanted: &Map<String, Value>,
    beside: Beside<'_>,
    place: Place<'_>,
) -> Map<String, Value> {
    let kept = map.iter().filter_map(|(field, value)| {
        let value = said(value, beside.each(|value| value.get(field)), place.below(field))?;
        Some((field.clone(), value))
    });
    let says_silence = |field: &str, value: &Value| place.built_in && is_implied(place.field, field, value, wanted);
    let new = wanted.iter().filter(|(field, value)| !map.contains_key(*field) && !says_silence(field, value));
    kept.chain(new.map(|(field, value)| (field.clone(), value.clone()))).collect()
}

/// Takes the items that are wanted in their order, and behind the one before it each that only the document names and
/// that stays.
fn said_in_list(items: &[Value], wanted: &[Value], beside: Beside<'_>, place: Place<'_>) -> Vec<Value> {
    let (followed, live) = (items_of(beside.followed), items_of(beside.live));
    let each = place.below("");
    let Some(keys) = keys(place.field, items, if wanted.is_empty() { items } else { wanted }) else {
        return said_in_turn(items, wanted, (followed, live), each);
    };
    let named = |list: &[Value], item: &Value| list.iter().position(|other| name(other, keys) == name(item, keys));
    let said_of = |item: &Value| {
        let find = |list| named(list, item).and_then(|index| list.get(index));
        said(item, Beside { followed: find(followed), wanted: find(wanted), live: find(live) }, each)
    };
    let settled = |new: &Value| named(items, new).and_then(|index| said_of(items.get(index)?));
    let mut list: Vec<Value> = wanted.iter().map(|item| settled(item).unwrap_or_else(|| item.clone())).collect();
    let mut at = 0;
    for item in items {
        if let Some(index) = named(&list, item) {
            at = index + 1;
        } else if let Some(item) = said_of(item) {
            list.insert(at, item);
            at += 1;
        }
    }
    list
}

/// The same for items without names: they are joined by their places where there are as many.
fn said_in_turn(
    items: &[Value],
    wanted: &[Value],
    (followed, live): (&[Value], &[Value]),
    place: Place<'_>,
) -> Vec<Value> {
    // A rule takes some of them out, and the others are as they should be.
    if followed.len() < items.len() && wanted == followed {
        return items.to_vec();
    }
    let unspoken = wanted.is_empty() && live.len() == items.len();
    if wanted.len() != items.len() && !unspoken {
        return wanted.to_vec();
    }
    let same_count = |list: &[Value]| list.len() == items.len();
    let turn = |(index, item): (usize, &Value)| {
        let beside = Beside {
            followed: if same_count(followed) { followed.get(index) } else { Some(item) },
            wanted: wanted.get(index),
            live: if same_count(live) { live.get(index) } else { None },
        };
        said(item, beside, place)
    };
    let list: Option<Vec<Value>> = items.iter().enumerate().map(turn).collect();
    list.unwrap_or_default()
}

fn items_of(list: Option<&Value>) -> &[Value] {
    list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Names an item as the API server would, with the default of what it leaves out.
fn name(item: &Value, keys: &[&str]) -> Vec<Value> {
    let part = |key: &&str| match item.get(*key) {
        None if *key == "protocol" => Value::from("TCP"),
        part => part.cloned().unwrap_or_default(),
    };
    keys.iter().map(part).collect()
}

/// Tells whether a field of a map is what Kubernetes takes silence for. The table of defaults lacks these: they hang on
/// what is beside them or above.
fn is_implied(map: &str, field: &str, value: &Value, beside: &Map<String, Value>) -> bool {
    match (map, field) {
        ("spec", "replicas" | "completions" | "parallelism") => *value == 1,
        ("spec", "backoffLimit") => *value == 6,
        ("spec", "completionMode") => *value == "NonIndexed",
        ("spec", "suspend") => *value == false,
        ("spec", "type") => *value == "ClusterIP",
        ("spec", "sessionAffinity") => *value == "None",
        ("spec", "internalTrafficPolicy") => *value == "Cluster",
        ("spec", "serviceAccount") => Some(value) == beside.get("serviceAccountName"),
        ("strategy" | "updateStrategy", "type") => *value == "RollingUpdate",
        ("httpGet", "scheme") => *value == "HTTP",
        ("", "type") => *value == "Opaque",
        ("", "protocol") => *value == "TCP",
        ("", "targetPort") => Some(value) == beside.get("port"),
        ("", "imagePullPolicy") => {
            let image = beside.get("image").and_then(Value::as_str).unwrap_or_default();
            let name = image.rsplit('/').next().unwrap_or_default();
            *value == if !name.contains([':', '@']) || name.ends_with(":latest") { "Always" } else { "IfNotPresent" }
        }
        (probe, "failureThreshold") if probe.ends_with("Probe") => *value == 3,
        (probe, "periodSeconds") if probe.ends_with("Probe") => *value == 10,
        (probe, "successThreshold" | "timeoutSeconds") if probe.ends_with("Probe") => *value == 1,
        _ => false,
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
