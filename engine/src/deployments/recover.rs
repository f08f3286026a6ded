//! Finds out what became of writes whose answer was never heard.

use std::time::Duration;

use model::deployment::DeploymentRef;
use serde_json::Value;

use super::MANAGER;
use crate::ledger::{Operation, OperationResult};
use crate::{Engine, Error};

/// An answer may still come within this time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Looks at each object that a write without an answer was about. The newest entry of Denshimon in its managed fields
/// tells whether the write arrived; times there are whole seconds.
///
/// # Errors
/// The cluster or the database does not answer; it is tried again later.
pub(crate) async fn recover_operations(engine: &Engine) -> Result<(), Error> {
    let now = engine.parts.config.clock.now();
    for operation in engine.parts.ledger.started_operations().await {
        let age = Duration::try_from(now.duration_since(operation.started_at)).unwrap_or_default();
        if age < PATIENCE && operation.started_at >= engine.parts.started_at {
            continue;
        }
        let Some(namespace) = operation.resource.namespace.clone() else { continue };
        let target = DeploymentRef::new(namespace, operation.resource.name.clone());
        let result = match engine.live_deployment(&target).await {
            Ok(live) => judge(&live, &operation),
            Err(Error::NotFound { .. }) if operation.verb == model::history::Verb::Delete => {
                // Gone as asked. While there is a record the recorder has not swept it yet and finds its operation by name.
                match engine.record_of(&operation.resource, None).path {
                    Some(_) => OperationResult::Applied { uid: String::new(), resource_version: None },
                    None => OperationResult::Unchanged,
                }
            }
            Err(Error::NotFound { .. }) => OperationResult::Interrupted,
            Err(error) => return Err(error),
        };
        engine.parts.ledger.finish_operation(&operation.id, result).await?;
    }
    Ok(())
}

fn judge(live: &Value, operation: &Operation) -> OperationResult {
    let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    let ours = |entry: &&Value| entry.get("manager").and_then(Value::as_str) == Some(MANAGER);
    let times = entries.into_iter().flatten().filter(ours).filter_map(|entry| entry.get("time")?.as_str());
    let newest = times.filter_map(|time| time.parse::<model::Timestamp>().ok()).max();
    let arrived = newest.is_some_and(|newest| newest.as_second() >= operation.started_at.as_second());
    if !arrived || operation.verb == model::history::Verb::Delete {
        return OperationResult::Interrupted;
    }
    let text = |pointer: &str| live.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    OperationResult::Applied { uid: text("/metadata/uid"), resource_version: Some(text("/metadata/resourceVersion")) }
}

#[cfg(test)]
mod tests {
    use model::history::{Actor, Verb};
    use model::{Kind, ResourceRef};
    use serde_json::json;

    use super::*;

    fn check(verb: Verb, manager: &str, second: &str, expect: bool) {
        let operation = Operation {
            id: "1".into(),
            actor: Actor::Unresolved,
            email: None,
            verb,
            resource: ResourceRef {
                cluster: "c".parse().unwrap(),
                kind: Kind::deployment(),
                namespace: None,
                name: "api".parse().unwrap(),
            },
            summary: String::new(),
            reason: String::new(),
            started_at: "2026-01-01T00:00:05.9Z".parse().unwrap(),
            uid: None,
            resource_version: None,
        };
        let live = json!({ "metadata": {
            "uid": "u", "resourceVersion": "7",
            "managedFields": [{ "manager": manager, "time": format!("2026-01-01T00:00:{second}Z") }],
        } });
        let arrived = matches!(judge(&live, &operation), OperationResult::Applied { .. });
        assert_eq!(arrived, expect, "{verb:?} {manager} {second}");
    }

    #[test]
    fn a_write_has_arrived_when_the_object_shows_it() {
        check(Verb::Edit, "denshimon", "05", true);
        check(Verb::Edit, "denshimon", "06", true);
        check(Verb::Edit, "denshimon", "04", false);
        check(Verb::Edit, "kubectl-edit", "06", false);
        check(Verb::Delete, "denshimon", "06", false);
    }
}
