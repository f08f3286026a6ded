//! What the recorder asks of the ledger and tells it.

use model::git::CommitId;
use model::history::{Actor, Recorded, Verb};
use model::{ResourceRef, Timestamp};
use serde_json::Value;

use super::attribute::{Cause, metadata};
use super::trailers::Found;
use crate::Error;
use crate::ledger::{Change, Ledger, Operation};
use crate::repository::Rewrites;

/// The ledger as the recorder sees it; cheap to clone.
#[derive(Clone)]
pub(super) struct Journal {
    ledger: Ledger,
}

/// A change that is done with: committed, or no change to the record at all.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) resource: ResourceRef,
    pub(super) resource_version: String,
    pub(super) actor: Actor,
    pub(super) verb: Verb,
    pub(super) summary: String,
    pub(super) at: Timestamp,
    pub(super) operations: Vec<String>,
    /// `None`: the record says the same before and after.
    pub(super) commit: Option<CommitId>,
}

impl Journal {
    pub(super) fn new(ledger: Ledger) -> Self {
        Self { ledger }
    }

    /// Tells whether a write on a resource waits for its answer.
    pub(super) fn is_in_flight(&self, resource: &ResourceRef) -> bool {
        self.ledger.is_in_flight(resource)
    }

    /// Waits until no write on a resource is under way, for a bounded time.
    pub(super) async fn settled(&self, resource: &ResourceRef) {
        if !self.ledger.settled(resource).await {
            tracing::warn!(resource = %resource, "a write has no answer yet; the change is attributed without it");
        }
    }

    /// Finds the operations that an observed state fulfils.
    pub(super) async fn causes(&self, object: &Value, gone: bool) -> Vec<Cause> {
        let uid = metadata(object, "uid");
        let operations = if gone {
            self.ledger.find_deletes(uid).await
        } else {
            let version = metadata(object, "resourceVersion").parse().unwrap_or(0);
            self.ledger.find_operations(uid, version).await
        };
        operations.into_iter().map(Cause::from).collect()
    }

    /// Finds the operations on objects of the same name that were there before this one.
    pub(super) async fn causes_before(&self, resource: &ResourceRef, object: &Value) -> Vec<Cause> {
        let version = metadata(object, "resourceVersion").parse().unwrap_or(0);
        let operations = self.ledger.find_operations_before(resource, metadata(object, "uid"), version).await;
        operations.into_iter().map(Cause::from).collect()
    }

    /// Finds the operations on a resource of which no object is left to ask.
    pub(super) async fn causes_of_resource(&self, resource: &ResourceRef) -> Vec<Cause> {
        self.ledger.find_operations_on(resource).await.into_iter().map(Cause::from).collect()
    }

    /// Lists what was asked of Kubernetes and whose answer nobody hears any more.
    pub(super) async fn unheard(&self) -> Vec<Operation> {
        self.ledger.unheard_operations().await
    }

    /// Lists those among them that an earlier run asked for.
    pub(super) async fn started_earlier(&self) -> Vec<Operation> {
        self.ledger.started_earlier().await
    }

    /// Lists the resources with writes that wait for their answers.
    pub(super) fn resources_in_flight(&self) -> Vec<ResourceRef> {
        self.ledger.resources_in_flight()
    }

    /// Notes that operations arrived whose answers were not heard, as far as an object shows it; `None`: it is gone.
    pub(super) async fn notice_arrivals(&self, resource: &ResourceRef, object: Option<&Value>) -> Result<(), Error> {
        self.ledger.notice_arrivals(resource, object).await
    }

    /// Takes back that an operation arrived, where only a state seemed to show that; returns whether it did.
    pub(super) async fn retract_arrival(&self, id: &str) -> Result<bool, Error> {
        self.ledger.retract_arrival(id).await
    }

    /// Asks whether the ledger answers.
    pub(super) async fn check(&self) -> Result<(), Error> {
        self.ledger.record_found(Vec::new()).await
    }

    /// Enters what became of changes.
    pub(super) async fn enter(&self, entries: &[Entry]) -> Result<(), Error> {
        let changes = entries.iter().cloned().map(|entry| Change {
            resource: entry.resource,
            resource_version: entry.resource_version,
            actor: entry.actor,
            verb: entry.verb,
            summary: entry.summary,
            at: entry.at,
            operations: entry.operations,
            recorded: match entry.commit {
                Some(id) => Recorded::Commit { id, pushed: None },
                None => Recorded::Unchanged,
            },
        });
        self.ledger.record_changes(changes.collect()).await
    }

    /// Enters commits that a crash kept from the ledger; what it knows already stays as it is.
    pub(super) async fn enter_found(&self, found: &[Found]) -> Result<(), Error> {
        // After a crash there may be thousands.
        for some in found.chunks(100) {
            self.ledger.record_found(some.iter().flat_map(changes_of).collect()).await?;
        }
        Ok(())
    }

    /// Puts new commits in the place of old ones.
    pub(super) async fn rewrite(&self, rewrites: &Rewrites) -> Result<(), Error> {
        self.ledger.rewrite_commits(&rewrites.0).await
    }
}

/// Words what a commit says of itself: less than was known when it was made.
fn changes_of(found: &Found) -> impl Iterator<Item = Change> {
    let alone = found.trailers.blocks.len() == 1;
    found.trailers.blocks.iter().map(move |block| Change {
        resource: block.resource.clone(),
        resource_version: block.resource_version.clone(),
        actor: found.trailers.actor.clone(),
        verb: Verb::Observe,
        summary: if alone { found.subject.clone() } else { format!("Change {}", block.resource) },
        at: found.at,
        operations: block.operations.clone(),
        recorded: Recorded::Commit { id: found.commit.clone(), pushed: None },
    })
}

impl From<Operation> for Cause {
    fn from(operation: Operation) -> Self {
        Self {
            id: operation.id,
            resource_version: operation.resource_version,
            actor: operation.actor,
            email: operation.email,
            verb: operation.verb,
            summary: operation.summary,
            reason: operation.reason,
        }
    }
}
