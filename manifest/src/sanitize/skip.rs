//! Which live objects have no record of their own, since something else makes them.

use serde_json::Value;

use crate::tree::{at, is_kind, text};

/// Tells whether a live object is a person's, and not one that a controller or the server makes by itself: what a
/// controller owns, tokens, leader elections, Helm's history, what each namespace or cluster is born with.
pub fn recordable(live: &Value) -> bool {
    !(has_controller(live)
        || is_secret_of_machines(live)
        || is_born_with_namespace(live)
        || is_election(live)
        || is_bootstrap_role(live))
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

/// They change every two seconds.
fn is_election(live: &Value) -> bool {
    is_kind(live, "coordination.k8s.io", "Lease")
        || at(live, &["metadata", "annotations"])
            .is_some_and(|names| names.get("control-plane.alpha.kubernetes.io/leader").is_some())
}

/// The server makes them when it starts, and puts them right again.
fn is_bootstrap_role(live: &Value) -> bool {
    let updated = at(live, &["metadata", "annotations"])
        .is_some_and(|names| text(names, &["rbac.authorization.kubernetes.io/autoupdate"]) == "true");
    let labelled = at(live, &["metadata", "labels"])
        .is_some_and(|names| text(names, &["kubernetes.io/bootstrapping"]) == "rbac-defaults");
    updated && labelled
}
