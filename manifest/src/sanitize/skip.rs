//! Which live objects have no record of their own, since something else makes them, and the reason in words.

use serde_json::Value;

use crate::tree::{at, is_kind, text};

/// One reason and its test.
type Rule = (fn(&Value) -> bool, &'static str);

/// The first that fits counts.
const RULES: [Rule; 9] = [
    (is_of_system, "Kubernetes keeps its own objects in this namespace."),
    (has_controller, "Its controller makes it, and makes it again."),
    (is_secret_of_machines, "A program keeps a token or its history in it."),
    (is_born_with_namespace, "Each namespace is born with one."),
    (is_election, "An election renews it every few seconds."),
    (is_bootstrap_role, "The API server makes it when it starts, and puts it right again."),
    (is_bootstrap_priority, "The API server makes it when it starts, and puts it right again."),
    (is_provisioned, "A storage driver makes it for a claim, and deletes it with the claim."),
    (is_allocated, "Kubernetes allocates or registers it by itself."),
];

/// Says why a live object is not a person's but what a controller or the server makes by itself; `None` for a
/// person's: what a controller owns, tokens, leader elections, Helm's history, what each namespace or cluster is born
/// with.
pub fn left_out(live: &Value) -> Option<&'static str> {
    RULES.iter().find(|(fits, _)| fits(live)).map(|(_, reason)| *reason)
}

/// Kubernetes makes these namespaces and what is in them by itself, each cluster its own.
fn is_of_system(live: &Value) -> bool {
    const NAMESPACES: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];
    let field = if is_kind(live, "", "Namespace") { "name" } else { "namespace" };
    NAMESPACES.contains(&text(live, &["metadata", field]))
}

fn has_controller(live: &Value) -> bool {
    at(live, &["metadata", "ownerReferences"])
        .and_then(Value::as_array)
        .is_some_and(|owners| owners.iter().any(|owner| owner.get("controller") == Some(&Value::Bool(true))))
}

fn is_secret_of_machines(live: &Value) -> bool {
    is_kind(live, "", "Secret")
        && matches!(
            text(live, &["type"]),
            "kubernetes.io/service-account-token" | "bootstrap.kubernetes.io/token" | "helm.sh/release.v1"
        )
}

fn is_born_with_namespace(live: &Value) -> bool {
    let name = text(live, &["metadata", "name"]);
    let namespace = text(live, &["metadata", "namespace"]);
    let bare = ["imagePullSecrets", "automountServiceAccountToken"].iter().all(|field| live.get(field).is_none())
        && at(live, &["metadata", "annotations"]).is_none()
        && at(live, &["metadata", "labels"]).is_none();
    (is_kind(live, "", "ConfigMap") && matches!(name, "kube-root-ca.crt" | "openshift-service-ca.crt"))
        || (is_kind(live, "", "ServiceAccount") && name == "default" && bare)
        || (is_kind(live, "", "Service") && name == "kubernetes" && namespace == "default")
}

/// client-go kept elections in an annotation of ConfigMaps and Endpoints before there were Leases.
fn is_election(live: &Value) -> bool {
    annotation(live, "control-plane.alpha.kubernetes.io/leader").is_some()
}

/// See <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#auto-reconciliation>.
fn is_bootstrap_role(live: &Value) -> bool {
    annotation(live, "rbac.authorization.kubernetes.io/autoupdate") == Some("true")
        && label(live, "kubernetes.io/bootstrapping") == Some("rbac-defaults")
}

/// Default FlowSchemas and PriorityLevelConfigurations, as long as nobody has taken them over, and the two
/// PriorityClasses of the system, whose prefix the API server keeps for itself.
fn is_bootstrap_priority(live: &Value) -> bool {
    annotation(live, "apf.kubernetes.io/autoupdate-spec") == Some("true")
        || (is_kind(live, "scheduling.k8s.io", "PriorityClass")
            && text(live, &["metadata", "name"]).starts_with("system-"))
}

/// Restored before its claim, it would bind the new claim to the old disk.
fn is_provisioned(live: &Value) -> bool {
    is_kind(live, "", "PersistentVolume")
        && annotation(live, "pv.kubernetes.io/provisioned-by").is_some()
        && text(live, &["spec", "persistentVolumeReclaimPolicy"]) == "Delete"
}

fn is_allocated(live: &Value) -> bool {
    label(live, "kube-aggregator.kubernetes.io/automanaged").is_some()
        || label(live, "ipaddress.kubernetes.io/managed-by").is_some()
        || (is_kind(live, "networking.k8s.io", "ServiceCIDR") && text(live, &["metadata", "name"]) == "kubernetes")
}

fn annotation<'a>(live: &'a Value, name: &str) -> Option<&'a str> {
    at(live, &["metadata", "annotations"])?.get(name)?.as_str()
}

fn label<'a>(live: &'a Value, name: &str) -> Option<&'a str> {
    at(live, &["metadata", "labels"])?.get(name)?.as_str()
}
