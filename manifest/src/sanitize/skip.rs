//! Which live objects have no record of their own, since something else makes them, and the reason in words.

use serde_json::Value;

use crate::tree::{at, is_kind, text};

/// One reason and its test.
type Rule = (fn(&Value) -> bool, &'static str);

/// The first that fits counts.
const RULES: [Rule; 12] = [
    (is_of_system, "Kubernetes keeps its own objects in this namespace."),
    (has_controller, "Its controller makes it, and makes it again."),
    (is_secret_of_machines, "A program keeps a token or its history in it."),
    (is_certificate, "cert-manager makes it from a Certificate, and renews it."),
    (is_made_by_kubernetes, "A controller of Kubernetes makes it, and makes it again."),
    (is_born_with_namespace, "Each namespace is born with one."),
    (is_traffic, "Kubernetes makes it from a Service and its pods."),
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

/// A copy that somebody made with kubectl is that person's.
fn is_certificate(live: &Value) -> bool {
    is_kind(live, "", "Secret")
        && annotation(live, "cert-manager.io/certificate-name").is_some()
        && !writers(live).any(|manager| manager.starts_with("kubectl"))
}

/// Such as the claims of a StatefulSet, which have no owner, and Endpoints before 1.33.
fn is_made_by_kubernetes(live: &Value) -> bool {
    const PARTS: [&str; 3] = ["kube-controller-manager", "kube-scheduler", "kubelet"];
    writers(live).any(|manager| manager == "kube-controller-manager")
        && writers(live).all(|manager| PARTS.contains(&manager))
}

/// The field managers of all but the status.
fn writers(live: &Value) -> impl Iterator<Item = &str> {
    let entries = at(live, &["metadata", "managedFields"]).and_then(Value::as_array).into_iter().flatten();
    entries.filter(|entry| text(entry, &["subresource"]) != "status").map(|entry| text(entry, &["manager"]))
}

fn is_born_with_namespace(live: &Value) -> bool {
    let name = text(live, &["metadata", "name"]);
    let namespace = text(live, &["metadata", "namespace"]);
    let bare = ["imagePullSecrets", "automountServiceAccountToken"].iter().all(|field| live.get(field).is_none())
        && at(live, &["metadata", "annotations"]).is_none()
        && at(live, &["metadata", "labels"]).is_none();
    (is_kind(live, "", "ConfigMap") && matches!(name, "kube-root-ca.crt" | "openshift-service-ca.crt"))
        || (is_kind(live, "", "ServiceAccount") && name == "default" && bare)
        || (name == "kubernetes" && namespace == "default" && (is_kind(live, "", "Service") || is_endpoints(live)))
}

/// Where a Service's traffic goes, unless a person wrote it: controllers sign what they make.
fn is_traffic(live: &Value) -> bool {
    is_endpoints(live)
        && (label(live, "endpointslice.kubernetes.io/managed-by").is_some_and(|by| by.ends_with(".k8s.io"))
            || label(live, "endpoints.kubernetes.io/managed-by").is_some())
}

fn is_endpoints(live: &Value) -> bool {
    is_kind(live, "", "Endpoints") || is_kind(live, "discovery.k8s.io", "EndpointSlice")
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
