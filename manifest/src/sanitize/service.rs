//! What the server allocates for a Service: addresses, ports of the nodes, families.

use serde_json::Value;

use crate::sanitize::evidence::{Asked, Evidence};
use crate::tree::{at, is_kind, map_mut, text};

/// Applies the rule: an address stays if somebody asked for it, `clusterIP: None` always.
pub(super) fn clean(tree: &mut Value, evidence: &Evidence) {
    if !is_kind(tree, "", "Service") {
        return;
    }
    let headless = text(tree, &["spec", "clusterIP"]) == "None";
    let one_family = text(tree, &["spec", "ipFamilyPolicy"]) == "SingleStack"
        && at(tree, &["spec", "ipFamilies"]).is_none_or(|families| *families == serde_json::json!(["IPv4"]));
    let Some(spec) = map_mut(tree, &["spec"]) else { return };
    let mut remove = |field: &str, without_facts: bool| {
        let allocated = match evidence.asked(&["spec", field]) {
            Asked::Yes => false,
            Asked::No => true,
            // A document without a uid was typed by somebody.
            Asked::Unknown => evidence.live && without_facts,
        };
        if allocated {
            spec.remove(field);
        }
    };
    if !headless {
        remove("clusterIP", true);
    }
    remove("clusterIPs", true);
    remove("healthCheckNodePort", true);
    // Without facts only what a cluster of one family puts back for certain.
    remove("ipFamilies", one_family);
    remove("ipFamilyPolicy", one_family);
    if headless && spec.get("clusterIPs").is_some_and(|addresses| *addresses == serde_json::json!(["None"])) {
        spec.remove("clusterIPs");
    }
}
