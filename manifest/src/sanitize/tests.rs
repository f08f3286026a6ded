//! Each rule, by what goes in and what stays.

use serde_json::json;

use super::*;

fn check(live: Value, expect: Value) {
    let manifest = sanitize(&live);
    assert_eq!(*manifest.tree(), expect);
    assert_eq!(sanitize(manifest.tree()).tree(), manifest.tree(), "again changes nothing");
}

#[test]
fn a_document_stays_as_it_is() {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"},
        "spec": {"clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"], "ports": [{"port": 53, "nodePort": 30053}]}});
    check(service.clone(), service);
}
