//! Which live objects have no record of their own, since something else makes them, and the reason in words.

use serde_json::Value;

use crate::tree::{at, is_kind, text};

/// Objects that something else makes, which are usually not recorded.
#[derive(Debug)]
pub struct MadeRule {
    /// Names it in settings and addresses.
    pub name: &'static str,
    /// Which objects, in words.
    pub what: &'static str,
    /// Why such an object has no record.
    pub reason: &'static str,
    fits: fn(&Value) -> bool,
}

/// All of them; the first that fits counts.
pub const MADE_RULES: [MadeRule; 12] = [
    MadeRule {
        name: "system-namespaces",
        what: "What is in kube-system, kube-public and kube-node-lease",
        reason: "Kubernetes keeps its own objects in this namespace.",
        fits: is_of_system,
    },
    MadeRule {
        name: "controlled",
        what: "What a controller owns, such as the Pods of a Deployment",
        reason: "Its controller makes it, and makes it again.",
        fits: has_controller,
    },
    MadeRule {
        name: "machine-secrets",
        what: "Secrets with tokens of service accounts and nodes, and what Helm keeps its releases in",
        reason: "A program keeps a token or its history in it.",
        fits: |live| is_secret_of_machines(live) || is_release_of_helm(live),
    },
    MadeRule {
        name: "certificates",
        what: "Secrets that cert-manager fills from a Certificate",
        reason: "cert-manager makes it from a Certificate, and renews it.",
        fits: is_certificate,
    },
    MadeRule {
        name: "made-by-kubernetes",
        what: "What a controller of Kubernetes makes, such as the claims of a StatefulSet",
        reason: "A controller of Kubernetes makes it, and makes it again.",
        fits: is_made_by_kubernetes,
    },
    MadeRule {
        name: "born-with-namespace",
        what: "kube-root-ca.crt and the service account “default” in each namespace, the Service kubernetes",
        reason: "Each namespace is born with one.",
        fits: is_born_with_namespace,
    },
    MadeRule {
        name: "traffic",
        what: "Endpoints and EndpointSlices that lead to the Pods of a Service",
        reason: "Kubernetes makes it from a Service and its pods.",
        fits: is_traffic,
    },
    MadeRule {
        name: "elections",
        what: "ConfigMaps and Endpoints that hold an election",
        reason: "An election renews it every few seconds.",
        fits: is_election,
    },
    MadeRule {
        name: "bootstrap-roles",
        what: "Roles and bindings that the API server begins with",
        reason: "The API server makes it when it starts, and puts it right again.",
        fits: is_bootstrap_role,
    },
    MadeRule {
        name: "bootstrap-priorities",
        what: "Flow schemas, priority levels and priority classes that the API server begins with",
        reason: "The API server makes it when it starts, and puts it right again.",
        fits: is_bootstrap_priority,
    },
    MadeRule {
        name: "provisioned-volumes",
        what: "Volumes that a storage driver made for a claim, and deletes with it",
        reason: "A storage driver makes it for a claim, and deletes it with the claim.",
        fits: is_provisioned,
    },
    MadeRule {
        name: "allocated",
        what: "Addresses and API services that Kubernetes registers by itself",
        reason: "Kubernetes allocates or registers it by itself.",
        fits: is_allocated,
    },
];

/// Says by which rule a live object is not a person's but what a controller or the server makes by itself; `None` for a
/// person's. `on` says by its name whether a rule counts.
pub fn made_by_itself(live: &Value, on: impl Fn(&str) -> bool) -> Option<&'static MadeRule> {
    const RULES: &[MadeRule] = &MADE_RULES;
    RULES.iter().find(|rule| (rule.fits)(live) && on(rule.name))
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

/// Helm can be told to keep its releases in ConfigMaps.
fn is_release_of_helm(live: &Value) -> bool {
    is_kind(live, "", "ConfigMap")
        && label(live, "owner") == Some("helm")
        && text(live, &["metadata", "name"]).starts_with("sh.helm.release.v1.")
}

/// A copy that somebody made with kubectl is that person's.
fn is_certificate(live: &Value) -> bool {
    is_kind(live, "", "Secret")
        && annotation(live, "cert-manager.io/certificate-name").is_some()
        && !writers(live).any(|manager| manager.starts_with("kubectl"))
}

/// Such as the claims of a StatefulSet, which have no owner, and whatever no other rule is about.
fn is_made_by_kubernetes(live: &Value) -> bool {
    let others = is_born_with_namespace(live) || is_endpoints(live) || is_election(live);
    !others && is_by_kubernetes(live)
}

fn is_by_kubernetes(live: &Value) -> bool {
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
            || label(live, "endpoints.kubernetes.io/managed-by").is_some()
            // Before 1.33 they did not sign Endpoints.
            || is_by_kubernetes(live))
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
