//! Which parts of a Deployment are one value, and which lists have items with names of their own.
//!
//! Taken from the API server's OpenAPI description (`x-kubernetes-map-type`, `x-kubernetes-list-map-keys`) of
//! `apps/v1`, where these names mean the same wherever they stand.

use serde_json::Value;

/// The fields that name the items of a list, by the list's own name; other lists are one value.
const MERGE_KEYS: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("env", &["name"]),
    ("volumes", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("resourceClaims", &["name"]),
    ("claims", &["name"]),
    ("schedulingGates", &["name"]),
    ("ports", &["containerPort", "protocol"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
    ("hostAliases", &["ip"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
];

/// Objects that belong to one manager as a whole.
const ATOMIC: &[&str] = &[
    "selector",
    "labelSelector",
    "namespaceSelector",
    "nodeSelector",
    "preference",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "configMapKeyRef",
    "secretKeyRef",
    "fileKeyRef",
    "fieldRef",
    "resourceFieldRef",
    "secretRef",
    "nodePublishSecretRef",
    "dataSource",
];

/// Tells whether a field's object is one value.
pub(super) fn is_atomic(field: &str) -> bool {
    ATOMIC.contains(&field)
}

/// Returns the fields that name a list's items; `None` for a list that is one value.
pub(super) fn keys_of(field: &str) -> Option<&'static [&'static str]> {
    MERGE_KEYS.iter().find(|(name, _)| *name == field).map(|(_, keys)| *keys)
}

/// Finds the item of the same name in another list.
pub(super) fn find<'a>(list: &'a Value, item: &Value, keys: &[&str]) -> Option<&'a Value> {
    list.as_array()?.iter().find(|other| is_same(other, item, keys))
}

/// Tells whether two items have the same name.
pub(super) fn is_same(one: &Value, other: &Value, keys: &[&str]) -> bool {
    keys.iter().all(|key| part(one, key) == part(other, key))
}

/// A port's protocol may be left out and is TCP then.
pub(super) fn part(item: &Value, key: &str) -> Option<Value> {
    item.get(key).cloned().or_else(|| (key == "protocol").then(|| "TCP".into()))
}
