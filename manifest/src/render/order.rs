//! The order of keys, as Kubernetes' own documents have it.
//!
//! A change here rewrites every record once: add to it only with a reason that is worth that commit.

use serde_json::Value;

const ROOT: &[&str] = &["apiVersion", "kind", "metadata", "type", "immutable", "spec", "data", "stringData"];
const METADATA: &[&str] = &["name", "generateName", "namespace", "labels", "annotations"];
const CONTAINER: &[&str] = &[
    "name",
    "image",
    "imagePullPolicy",
    "command",
    "args",
    "workingDir",
    "ports",
    "envFrom",
    "env",
    "resources",
    "volumeMounts",
    "volumeDevices",
    "startupProbe",
    "livenessProbe",
    "readinessProbe",
    "lifecycle",
    "securityContext",
];
const SPEC: &[&str] = &[
    "type",
    "schedule",
    "timeZone",
    "suspend",
    "replicas",
    "paused",
    "serviceName",
    "scaleTargetRef",
    "minReplicas",
    "maxReplicas",
    "podSelector",
    "policyTypes",
    "clusterIP",
    "clusterIPs",
    "selector",
    "ports",
    "strategy",
    "updateStrategy",
    "ingressClassName",
    "defaultBackend",
    "tls",
    "rules",
    "accessModes",
    "storageClassName",
    "resources",
    "serviceAccountName",
    "initContainers",
    "containers",
    "volumes",
    "group",
    "names",
    "scope",
    "versions",
];
/// What comes after all others: templates are long.
const LAST: &[&str] = &["jobTemplate", "template", "volumeClaimTemplates", "status"];
const PORT: &[&str] = &["name", "containerPort", "port", "targetPort", "nodePort", "protocol"];
const ENV: &[&str] = &["name", "value", "valueFrom"];
const VOLUME_MOUNT: &[&str] = &["name", "mountPath", "subPath", "readOnly"];
const RULE: &[&str] = &[
    "apiGroups",
    "apiVersions",
    "operations",
    "resources",
    "resourceNames",
    "nonResourceURLs",
    "verbs",
    "host",
    "http",
];
const REFERENCE: &[&str] = &["apiVersion", "apiGroup", "kind", "namespace", "name"];
const RESOURCES: &[&str] = &["requests", "limits"];
const OTHER: &[&str] = &["name", "key", "operator", "type"];
/// Their keys are names, not fields: they have no order but the alphabet's.
const NAMES: &[&str] = &[
    "labels",
    "annotations",
    "matchLabels",
    "nodeSelector",
    "data",
    "stringData",
    "binaryData",
    "requests",
    "limits",
    "parameters",
    "properties",
    "hard",
];

/// Returns a map's entries in the order they are written; `parent` is the key that the map, or its list, stands at.
pub(crate) fn entries<'a>(map: &'a Value, parent: &str) -> Vec<(&'a str, &'a Value)> {
    let Value::Object(map) = map else { return Vec::new() };
    let order: &[&str] = match parent {
        "" => ROOT,
        "metadata" => METADATA,
        "containers" | "initContainers" | "ephemeralContainers" => CONTAINER,
        "spec" => SPEC,
        "ports" => PORT,
        "env" => ENV,
        "volumeMounts" => VOLUME_MOUNT,
        "rules" => RULE,
        "roleRef" | "subjects" | "scaleTargetRef" | "claimRef" | "targetRef" | "involvedObject" => REFERENCE,
        "resources" => RESOURCES,
        name if NAMES.contains(&name) => &[],
        _ => OTHER,
    };
    let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let named = NAMES.contains(&parent);
    let rank = |key: &str| match order.iter().position(|known| *known == key) {
        Some(index) => index,
        None if named => order.len(),
        None => order.len() + LAST.iter().position(|last| *last == key).map_or(0, |index| index + 1),
    };
    entries.sort_unstable_by(|(left, _), (right, _)| rank(left).cmp(&rank(right)).then_with(|| left.cmp(right)));
    entries
}
