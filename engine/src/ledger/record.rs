//! Links operations and observed changes with the commits that hold them.

use std::collections::{BTreeMap, BTreeSet};

use model::git::CommitId;
use model::history::{Actor, HistoryEntry, OperationState, Recorded, Verb};
use model::{ResourceRef, Timestamp};
use sha2::{Digest, Sha256};

use super::Ledger;
use super::in_flight::lock;
use crate::Error;
use crate::store::{TimelineRow, resource_key};

/// One observed change and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) resource: ResourceRef,
    pub(crate) resource_version: String,
    pub(crate) actor: Actor,
    pub(crate) verb: Verb,
    pub(crate) summary: String,
    pub(crate) at: Timestamp,
    /// The operations that it comes from; without one it makes a row of its own.
    pub(crate) operations: Vec<String>,
    pub(crate) recorded: Recorded,
}

impl Ledger {
    /// Writes what became of observed changes; doing it again changes nothing.
    ///
    /// # Errors
    /// The database does not answer; the commits' trailers still tell it all and are read at the next start.
    pub(crate) async fn record_changes(&self, changes: Vec<Change>) -> Result<(), Error> {
        let mut open = self.open.rows.lock().await;
        let mut written: BTreeMap<String, TimelineRow> = BTreeMap::new();
        for change in changes {
            let mut linked = false;
            for id in &change.operations {
                let row = written.get(id).or_else(|| open.get(id)).cloned();
                let Some(mut row) = row else { continue };
                linked = true;
                let (before, now) = (&row.entry.recorded, &change.recorded);
                tracing::debug!(operation.id = id, ?before, ?now, "an operation is entered");
                lock(&self.open.concluded).remove(id);
                // Exactly one commit: the first one that was said stays.
                if row.entry.recorded == Recorded::Waiting {
                    // A commit that holds it proves that Kubernetes took it, though its answer was lost in a crash.
                    if row.entry.operation == Some(OperationState::Started) {
                        row.entry.operation = Some(OperationState::Applied);
                    }
                    row.set_recorded(change.recorded.clone());
                }
                written.insert(id.clone(), row);
            }
            if !linked && change.operations.is_empty() {
                let row = change.into_row();
                written.insert(row.entry.id.clone(), row);
            }
        }
        let rows: Vec<TimelineRow> = written.into_values().collect();
        self.store.put_timeline(&rows).await?;
        for row in rows {
            if row.unfinished {
                open.insert(row.entry.id.clone(), row);
            } else {
                open.remove(&row.entry.id);
            }
        }
        Ok(())
    }

    /// Writes what the log says of changes that may be known already: what is known of them stays as it is, since it says
    /// more than their commits do.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn record_found(&self, mut changes: Vec<Change>) -> Result<(), Error> {
        let commits: BTreeSet<&str> = changes.iter().filter_map(Change::commit).collect();
        let known = self.store.resources_of_commits(&commits).await?;
        let is_known = |change: &Change| {
            change.commit().is_some_and(|id| known.contains(&(id.to_owned(), resource_key(&change.resource))))
        };
        // An operation is linked once, whoever else is in its commit.
        changes.retain(|change| !change.operations.is_empty() || !is_known(change));
        self.record_changes(changes).await
    }

    /// Puts new commits in the place of those that a replay rewrote.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn rewrite_commits(&self, rewrites: &[(CommitId, CommitId)]) -> Result<(), Error> {
        let rewrites: BTreeMap<String, CommitId> =
            rewrites.iter().map(|(old, new)| (old.to_string(), new.clone())).collect();
        let old: Vec<String> = rewrites.keys().cloned().collect();
        if old.is_empty() {
            return Ok(());
        }
        let mut open = self.open.rows.lock().await;
        let mut rows = self.store.timeline_of_commits(&old).await?;
        for row in &mut rows {
            row.rewrite(&rewrites);
        }
        self.store.put_timeline(&rows).await?;
        for row in rows {
            if let Some(known) = open.get_mut(&row.entry.id) {
                *known = row;
            }
        }
        Ok(())
    }
}

impl Change {
    /// The id comes from what was seen and where it was recorded, so that telling it again makes no second row, and what
    /// was recorded again is an event of its own: what is gone has no version, and a kind that was switched off and on
    /// again is recorded in the versions that it had.
    fn into_row(self) -> TimelineRow {
        let commit = self.commit().unwrap_or_default();
        let seen = format!("{}|{}|{commit}", resource_key(&self.resource), self.resource_version);
        let digest = Sha256::digest(seen.as_bytes());
        let id = digest.iter().take(16).fold(String::from("change"), |id, byte| format!("{id}{byte:02x}"));
        let entry = HistoryEntry {
            id,
            at: self.at,
            actor: self.actor,
            verb: self.verb,
            resource: self.resource,
            summary: self.summary,
            reason: String::new(),
            operation: None,
            recorded: Recorded::Waiting,
            outcome: None,
        };
        let mut row = TimelineRow::new(entry);
        row.resource_version = self.resource_version.parse().ok();
        row.set_recorded(self.recorded);
        row
    }

    fn commit(&self) -> Option<&str> {
        match &self.recorded {
            Recorded::Commit { id, .. } => Some(id.as_str()),
            _ => None,
        }
    }
}
