//! What the recorder asks of the ledger and tells it.

use std::time::Duration;

use model::git::CommitId;
use model::history::{Actor, Verb};
use model::{ResourceRef, Timestamp};
use serde_json::Value;

use super::attribute::{Cause, metadata};
use super::trailers::Found;
use crate::Error;
use crate::ledger::Ledger;
use crate::repository::Rewrites;

/// So long a change waits for the answer of a write that is under way.
pub(super) const SETTLING: Duration = Duration::from_secs(5);

/// The ledger as the recorder sees it; cheap to clone.
#[derive(Clone)]
pub(super) struct Journal {
    ledger: Ledger,
}

/// A change that is done with: committed, or no change to the record at all.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) resource: ResourceRef,
    pub(super) uid: String,
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
    pub(super) fn is_in_flight(&self, _resource: &ResourceRef) -> bool {
        false
    }

    /// Waits until no write on a resource is under way.
    pub(super) async fn settled(&self, _resource: &ResourceRef) {}

    /// Finds the operations that an observed state fulfils.
    pub(super) async fn causes(&self, _object: &Value, _gone: bool) -> Result<Vec<Cause>, Error> {
        Ok(Vec::new())
    }

    /// Finds the operations on a resource of which no object is left to ask.
    pub(super) async fn causes_of_resource(&self, _resource: &ResourceRef) -> Vec<Cause> {
        Vec::new()
    }

    /// Enters what became of changes.
    pub(super) async fn enter(&self, _entries: Vec<Entry>) -> Result<(), Error> {
        Ok(())
    }

    /// Enters commits that a crash kept from the ledger.
    pub(super) async fn enter_found(&self, _found: &[Found]) -> Result<(), Error> {
        Ok(())
    }

    /// Puts new commits in the place of old ones.
    pub(super) async fn rewrite(&self, _rewrites: Rewrites) -> Result<(), Error> {
        Ok(())
    }

    /// Notes that the remote has these commits.
    pub(super) async fn mark_pushed(&self, _commits: Vec<CommitId>) -> Result<(), Error> {
        Ok(())
    }
}
