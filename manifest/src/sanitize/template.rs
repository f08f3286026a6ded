//! What the server and kubectl leave in the templates of pods, jobs and claims.

use serde_json::Value;

use crate::tree::prune;

/// Written by each restart: with them a restart would be a commit, and restoring one would be a restart.
const RESTARTS: [&str; 2] = ["kubectl.kubernetes.io/restartedAt", "cattle.io/timestamp"];

const TEMPLATES: [&[&str]; 3] =
    [&["spec", "template"], &["spec", "jobTemplate"], &["spec", "jobTemplate", "spec", "template"]];

/// Applies the rule.
pub(super) fn clean(tree: &mut Value) {
    for template in TEMPLATES {
        let metadata: Vec<&str> = template.iter().copied().chain(["metadata"]).collect();
        for name in RESTARTS {
            let path: Vec<&str> = metadata.iter().copied().chain(["annotations", name]).collect();
            prune(tree, &path);
        }
        clean_created(tree, &metadata);
    }
    let claims = tree.get_mut("spec").and_then(|spec| spec.get_mut("volumeClaimTemplates"));
    for claim in claims.and_then(Value::as_array_mut).into_iter().flatten() {
        // A claim's template gets the status of a claim that is not there.
        if let Some(claim) = claim.as_object_mut() {
            claim.remove("status");
        }
        clean_created(claim, &["metadata"]);
    }
}

/// Old clients and servers write `creationTimestamp: null` where no object was created yet.
fn clean_created(tree: &mut Value, metadata: &[&str]) {
    let path: Vec<&str> = metadata.iter().copied().chain(["creationTimestamp"]).collect();
    if crate::tree::at(tree, &path).is_some_and(Value::is_null) {
        prune(tree, &path);
    }
}
