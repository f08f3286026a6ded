//! What a commit changes in the book.

use model::Kind;
use model::git::CommitId;

use super::book::Written;
use super::journal::Entry;
use super::plan::{Planned, identity_of};
use super::window::Group;
use super::work::Work;

impl Work {
    /// Takes a commit over into the book, and gives what the ledger has to be told.
    pub(super) fn committed(&mut self, group: Group, planned: &Planned, commit: Option<&CommitId>) -> Vec<Entry> {
        let now = self.clock.now();
        let mut entries = Vec::with_capacity(group.changes.len());
        let mut lags = Vec::with_capacity(group.changes.len());
        let folder = self.book.folder();
        let mut pages = self.book.pages();
        for (path, change) in group.changes {
            let blob = change.content.as_ref().map(|content| content.blob);
            let record = pages.records.entry(path.clone()).or_default();
            let before = record.blob.is_some();
            let written = planned.written.get(&path).copied();
            record.set_blob(written.or(blob));
            record.own = record.blob;
            record.same_as = written.and(blob);
            record.unread = false;
            if let Some(commit) = commit {
                record.written_version = change.resource_version.parse().unwrap_or(0);
                record.written =
                    Some(Written { commit: commit.clone(), at: now, by: identity_of(&group.actor).name().to_owned() });
            }
            if record.planned == Some(blob) {
                record.planned = None;
                self.sealed.remove(&path);
            }
            let drifted = std::mem::take(&mut record.drifted);
            if blob.is_none() && record.planned.is_none() {
                pages.forget(&path);
            }
            pages.drift_changed |= drifted;
            pages.counts.change(&path, &folder, before, blob.is_some());
            pages.obstructed.remove(&path);
            pages.mend(&path);
            pages.deployments_recorded += u64::from(change.resource.kind == Kind::deployment());
            let lag = now.as_millisecond().saturating_sub(change.seen_at.as_millisecond());
            let lag = u32::try_from(lag.max(0)).unwrap_or(u32::MAX);
            pages.lag_milliseconds = Some(lag);
            lags.push(lag);
            // What others did and took back before it was committed is no event.
            if commit.is_none() && change.causes.is_empty() {
                continue;
            }
            entries.push(Entry {
                summary: planned.summaries.get(&path).cloned().unwrap_or_default(),
                resource: change.resource,
                resource_version: change.resource_version,
                actor: group.actor.clone(),
                verb: change.verb,
                at: change.seen_at,
                operations: change.causes.into_iter().map(|cause| cause.id).collect(),
                commit: commit.cloned(),
            });
        }
        drop(pages);
        let mut figures = self.book.figures();
        lags.into_iter().for_each(|lag| figures.note_change(lag));
        entries
    }
}
