//! Finds out what became of writes whose answer was never heard.

use std::time::Duration;

use model::deployment::DeploymentRef;
use model::history::Verb;
use serde_json::Value;

use crate::ledger::{Operation, OperationResult};
use crate::{Engine, Error};

/// An answer may still come within this time.
const PATIENCE: Duration = Duration::from_secs(30);
/// What was on its way when an earlier run was killed has come by then: Kubernetes drops a request whose sender is gone,
/// but for what the database of the cluster is about to write.
const ON_ITS_WAY: Duration = Duration::from_secs(5);

/// Looks at each object that a write without an answer was about.
///
/// # Errors
/// The cluster or the database does not answer; it is tried again later.
pub(crate) async fn recover_operations(engine: &Engine) -> Result<(), Error> {
    for (operation, waited) in engine.parts.ledger.overdue_operations(PATIENCE, ON_ITS_WAY).await {
        let Some(namespace) = operation.resource.namespace.clone() else { continue };
        let target = DeploymentRef::new(namespace, operation.resource.name.clone());
        let result = match engine.live_deployment(&target).await {
            Ok(live) => match judge(engine, &live, &operation, waited).await? {
                Some(result) => result,
                None => continue,
            },
            Err(Error::NotFound { .. }) if operation.verb == Verb::Delete => {
                // Gone as asked. While there is a record the recorder has not swept it yet and finds its operation by name.
                match engine.record_of(&operation.resource, None).path {
                    Some(_) => OperationResult::Applied { uid: String::new(), resource_version: None },
                    None => OperationResult::Unchanged,
                }
            }
            Err(Error::NotFound { .. }) => OperationResult::Interrupted,
            Err(error) => return Err(error),
        };
        let has_arrived = matches!(result, OperationResult::Applied { .. });
        let is_news = engine.parts.ledger.conclude_operation(&operation.id, result).await?;
        if is_news && has_arrived {
            // The recorder may have seen the object before this was known.
            engine.parts.cluster.lister().read_again([operation.resource.kind]);
        }
    }
    Ok(())
}

/// Says what became of a write, as far as an object shows it and nobody else's does; `None` while that is the recorder's
/// to say, which finds its commit, too.
async fn judge(
    engine: &Engine,
    live: &Value,
    operation: &Operation,
    waited: Duration,
) -> Result<Option<OperationResult>, Error> {
    let verb = operation.verb;
    let has_arrived = operation.baseline.shows_arrival(verb, Some(live));
    if !has_arrived || verb != Verb::Delete && engine.parts.ledger.is_explained(operation).await? {
        return Ok(Some(OperationResult::Interrupted));
    }
    Ok((waited >= PATIENCE).then(|| operation.baseline.result(verb, Some(live))))
}
