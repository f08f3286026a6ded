//! The token secrets that controllers list at a ServiceAccount.

use serde_json::Value;

use crate::tree::{is_kind, text};

/// Applies the rule: generated names go, secrets and pull secrets that a person listed stay.
pub(super) fn clean(tree: &mut Value) {
    if !is_kind(tree, "", "ServiceAccount") {
        return;
    }
    let account = text(tree, &["metadata", "name"]).to_owned();
    let Some(root) = tree.as_object_mut() else { return };
    for list in ["secrets", "imagePullSecrets"] {
        let Some(Value::Array(items)) = root.get_mut(list) else { continue };
        let before = items.len();
        items.retain(|item| !is_generated(text(item, &["name"]), &account));
        if before > 0 && items.is_empty() {
            root.remove(list);
        }
    }
}

/// `default-token-x7k2p`, and OpenShift's `default-dockercfg-x7k2p`.
fn is_generated(secret: &str, account: &str) -> bool {
    let Some(rest) = secret.strip_prefix(account) else { return false };
    let suffix = rest.strip_prefix("-token-").or_else(|| rest.strip_prefix("-dockercfg-"));
    // The alphabet of generated names: no vowels, no digits that look like letters.
    suffix.is_some_and(|suffix| suffix.len() == 5 && suffix.chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c)))
}
