//! What admission adds to a Pod that nobody's controller made: a token, tolerations, requests and limits; and what
//! people add to look into it.

use serde_json::Value;

use crate::sanitize::evidence::{Evidence, Node};
use crate::tree::{at, is_kind, map_mut, text};

/// Until when a Pod stays on a node that is gone; see
/// <https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaulttolerationseconds>.
const AWAY: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
const AWAY_SECONDS: u64 = 300;

const CONTAINERS: [&str; 2] = ["containers", "initContainers"];

/// Reads `resources` that somebody owns and nothing in it as written empty: a LimitRange fills in the rest, and that
/// comes back from the LimitRange.
pub(super) fn read(live: &Value, evidence: &mut Evidence) {
    if !is_kind(live, "", "Pod") {
        return;
    }
    for owners in evidence.owners.iter_mut().flat_map(|owners| [&mut owners.owned, &mut owners.asked]) {
        let Some(spec) = owners.fields.get_mut("spec") else { continue };
        for list in CONTAINERS {
            for (_, container) in spec.fields.get_mut(list).into_iter().flat_map(|containers| &mut containers.items) {
                container.fields.get_mut("resources").into_iter().for_each(Node::take_apart);
            }
        }
    }
}

/// Applies the rule.
pub(super) fn clean(tree: &mut Value, evidence: &Evidence) {
    if !evidence.live || !is_kind(tree, "", "Pod") {
        return;
    }
    let given = evidence.applied.as_ref().and_then(|applied| at(applied, &["spec", "tolerations"])?.as_array());
    let is_given = |toleration: &Value| given.is_some_and(|given| given.contains(toleration));
    let Some(spec) = map_mut(tree, &["spec"]) else { return };
    // `kubectl debug` puts them there through a subresource, and no Pod can be made with them.
    spec.remove("ephemeralContainers");
    retain(spec, "tolerations", |toleration| is_given(toleration) || !is_injected(toleration));
    // The rest is nobody's, where an object tells.
    if evidence.owners.is_some() {
        return;
    }
    retain(spec, "volumes", |volume| !is_token(volume));
    for list in CONTAINERS {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(container) = container.as_object_mut() {
                retain(container, "volumeMounts", |mount| !is_token(mount));
            }
        }
    }
    for account in ["serviceAccountName", "serviceAccount"] {
        if spec.get(account).is_some_and(|name| name == "default") {
            spec.remove(account);
        }
    }
}

/// Takes items out of a list, and the list where nothing else was in it.
fn retain(map: &mut serde_json::Map<String, Value>, list: &str, keeps: impl Fn(&Value) -> bool) {
    let Some(Value::Array(items)) = map.get_mut(list) else { return };
    let before = items.len();
    items.retain(keeps);
    if before > 0 && items.is_empty() {
        map.remove(list);
    }
}

/// Tells whether admission may have added a toleration. A list of them is owned as one, so that beside others only
/// `kubectl apply` tells that a person wrote it; in either case it comes back.
fn is_injected(toleration: &Value) -> bool {
    AWAY.contains(&text(toleration, &["key"]))
        && text(toleration, &["operator"]) == "Exists"
        && text(toleration, &["effect"]) == "NoExecute"
        && toleration.get("tolerationSeconds").and_then(Value::as_u64) == Some(AWAY_SECONDS)
}

/// `kube-api-access-x7k2p`, the volume with the account's token.
fn is_token(volume: &Value) -> bool {
    text(volume, &["name"]).strip_prefix("kube-api-access-").is_some_and(|random| random.len() == 5)
}
