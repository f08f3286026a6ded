//! What names the items of a list, as the API's schemas say (`x-kubernetes-list-map-keys`).

use serde_json::Value;

/// Lists whose items are not named by `name`. Where a field has several rows, the first that fits counts.
const KEYS: [(&str, &[&str]); 13] = [
    ("ports", &["containerPort", "protocol"]),
    ("ports", &["port", "protocol"]),
    ("ports", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
    ("hostAliases", &["ip"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    ("conditions", &["type"]),
    ("resizePolicy", &["resourceName"]),
    ("paths", &["path", "pathType"]),
    ("matchExpressions", &["key", "operator"]),
    ("taints", &["key", "effect"]),
    ("subjects", &["kind", "namespace", "name"]),
];

/// Returns the fields that name the items on both sides; `None` where they have no names, or the same name twice.
pub(crate) fn keys(field: &str, old: &[Value], new: &[Value]) -> Option<&'static [&'static str]> {
    rows(field).find(|keys| named(old, keys).is_some() && named(new, keys).is_some())
}

/// Names the items on both sides; `None` where they have no names, or the same name twice.
pub(crate) fn names(field: &str, old: &[Value], new: &[Value]) -> Option<(Vec<String>, Vec<String>)> {
    rows(field).find_map(|keys| Some((named(old, keys)?, named(new, keys)?)))
}

fn rows(field: &str) -> impl Iterator<Item = &'static [&'static str]> {
    let rows = KEYS.iter().filter(move |(name, _)| *name == field).map(|(_, keys)| *keys);
    rows.chain([["name"].as_slice()])
}

fn named(items: &[Value], keys: &[&str]) -> Option<Vec<String>> {
    let mut names = Vec::with_capacity(items.len());
    for item in items {
        // The first key must be there; the others have defaults.
        item.get(*keys.first()?)?;
        let parts: Vec<String> = keys.iter().filter_map(|key| word(item.get(*key)?)).collect();
        names.push(parts.join("/"));
    }
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair.first() != pair.last()).then_some(names)
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
