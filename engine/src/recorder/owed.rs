//! What the ledger has to be told, in order, as often as it takes.

use std::sync::Arc;

use model::git::CommitId;
use model::sync::SyncProblem;
use model::{ResourceRef, Timestamp};
use serde_json::Value;

use super::attribute::{Attribution, Cause, metadata};
use super::journal::Entry;
use super::trailers::Found;
use super::work::Work;
use crate::repository::Rewrites;

/// One thing for the ledger.
#[derive(Clone, Debug)]
pub(super) enum Owed {
    Entries(Vec<Entry>),
    /// Everything up to here was told.
    Linked(CommitId),
    Found(Arc<Vec<Found>>),
    Rewrites(Rewrites),
    Pushed(Vec<CommitId>),
}

impl Work {
    /// Finds the operations that an observed state fulfils and no waiting change has claimed.
    pub(super) async fn causes(&mut self, object: &Value, gone: bool) -> Vec<Cause> {
        let causes = self.journal.causes(object, gone).await;
        causes.into_iter().filter(|cause| !self.claimed.contains(&cause.id)).collect()
    }

    /// Remembers that a waiting change fulfils these operations.
    pub(super) fn claim(&mut self, attribution: &Attribution) {
        self.claimed.extend(attribution.causes.iter().map(|cause| cause.id.clone()));
    }

    /// Owes the ledger operations that left the record as it was, as a restart does.
    pub(super) fn enter_unchanged(
        &mut self,
        resource: &ResourceRef,
        object: &Value,
        causes: Vec<Cause>,
        at: Timestamp,
    ) {
        let Some(last) = causes.last() else { return };
        let entry = Entry {
            resource: resource.clone(),
            resource_version: metadata(object, "resourceVersion").to_owned(),
            actor: last.actor.clone(),
            verb: last.verb,
            summary: last.summary.clone(),
            at,
            operations: causes.iter().map(|cause| cause.id.clone()).collect(),
            commit: None,
        };
        self.claimed.extend(entry.operations.iter().cloned());
        self.owe(entry);
    }

    /// Owes the ledger an event without a commit.
    pub(super) fn owe(&mut self, entry: Entry) {
        self.owed.push_back(Owed::Entries(vec![entry]));
        self.retry_at.get_or_insert_with(std::time::Instant::now);
    }

    /// Owes the ledger operations on a resource that is gone and never was recorded.
    pub(super) async fn enter_unrecorded(&mut self, resource: &ResourceRef) {
        let causes = self.journal.causes_of_resource(resource).await;
        let now = self.clock.now();
        self.enter_unchanged(resource, &Value::Null, causes, now);
    }

    pub(super) fn owe_rewrites(&mut self, rewrites: Rewrites) {
        if !rewrites.0.is_empty() {
            self.owed.push_back(Owed::Rewrites(rewrites));
        }
    }

    pub(super) fn owe_pushed(&mut self, commits: Vec<CommitId>) {
        if !commits.is_empty() {
            self.owed.push_back(Owed::Pushed(commits));
        }
    }

    pub(super) fn owe_found(&mut self, found: Vec<Found>, head: Option<CommitId>) {
        if !found.is_empty() {
            self.owed.push_back(Owed::Found(Arc::new(found)));
        }
        self.owed.extend(head.map(Owed::Linked));
    }

    /// Tells the ledger what it is owed, until it is even or fails.
    pub(super) async fn pay(&mut self) {
        while let Some(owed) = self.owed.front().cloned() {
            let told = match &owed {
                Owed::Entries(entries) => self.journal.enter(entries).await.map_err(|error| error.to_string()),
                Owed::Found(found) => self.journal.enter_found(found).await.map_err(|error| error.to_string()),
                Owed::Pushed(commits) => self.journal.mark_pushed(commits).await.map_err(|error| error.to_string()),
                Owed::Linked(head) => {
                    self.repository.mark_linked(head.clone()).await.map_err(|error| error.to_string())
                }
                Owed::Rewrites(rewrites) => self.rewrite(rewrites).await,
            };
            if let Err(error) = told {
                tracing::error!(error, "the ledger could not be written");
                let since = self.clock.now();
                self.book.pages().unlinked.get_or_insert_with(|| SyncProblem {
                    what: "Commits cannot be entered in the history".into(),
                    remedy: "Check the database. The commits are safe, and are entered when it works again.".into(),
                    can_retry: true,
                    since,
                });
                self.pause_after_failure();
                return;
            }
            self.owed.pop_front();
            if let Owed::Entries(entries) = owed {
                for operation in entries.iter().flat_map(|entry| &entry.operations) {
                    self.claimed.remove(operation);
                }
            }
        }
        if self.book.pages().unlinked.take().is_some() {
            self.retry_at = None;
        }
    }

    async fn rewrite(&mut self, rewrites: &Rewrites) -> Result<(), String> {
        self.journal.rewrite(rewrites).await.map_err(|error| error.to_string())?;
        self.repository.forget_rewrites(rewrites.clone()).await.map_err(|error| error.to_string())
    }
}
