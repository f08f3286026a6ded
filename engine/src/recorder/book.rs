//! What the recorder knows in memory: each record at the head, and how the work goes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use git2::Oid;
use model::git::CommitId;
use model::sync::{RecordInfo, RecordState, SyncChip, SyncProblem, WatchState};
use model::{ClusterName, Kind, ResourceRef, Timestamp};
use tokio::sync::watch;

use crate::repository::Publication;

/// The shared memory; written by the recorder's task alone.
#[derive(Debug)]
pub(crate) struct Book {
    pages: Mutex<Pages>,
    chip: watch::Sender<SyncChip>,
    pub(super) cluster: ClusterName,
    /// The folder in the repository that holds `clusters/`.
    pub(super) root: String,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Pages {
    /// By path.
    pub(super) records: HashMap<String, Record>,
    pub(super) kinds: BTreeMap<Kind, Followed>,
    pub(super) head: Option<CommitId>,
    /// Changes that are not committed.
    pub(super) waiting: usize,
    pub(super) lag_milliseconds: Option<u32>,
    /// Why committing fails.
    pub(super) stuck: Option<SyncProblem>,
    /// Why the ledger cannot be written.
    pub(super) unlinked: Option<SyncProblem>,
    /// Paths whose deletion waits for a word.
    pub(super) held: BTreeSet<String>,
    /// Paths where somebody else's file is in the way.
    pub(super) obstructed: BTreeMap<String, Timestamp>,
    pub(super) in_step_since: Timestamp,
    pub(super) publication: Publication,
}

/// One record, or a resource that will have one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// At the head.
    pub(super) blob: Option<Oid>,
    /// As Denshimon last wrote it; differs from `blob` after somebody else's commit.
    pub(super) own: Option<Oid>,
    /// Another rendering that says the same as `blob`.
    pub(super) same_as: Option<Oid>,
    /// What waiting changes will make of it.
    pub(super) planned: Option<Option<Oid>>,
    /// The newest commit that touches it.
    pub(super) written: Option<Written>,
    /// The resource is in the cluster.
    pub(super) live: bool,
    /// The repository says otherwise than the cluster, by somebody else's commit.
    pub(super) drifted: bool,
    /// The text at the head was not compared in this run: it may say the same in other words.
    pub(super) unread: bool,
}

/// A commit that touches a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) commit: CommitId,
    pub(super) at: Timestamp,
    /// The author's name.
    pub(super) by: String,
}

/// One kind whose watch was heard of.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    pub(super) state: WatchState,
    /// A first list was complete.
    pub(super) listed: bool,
}

/// What an observation means for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The record says so already.
    Same,
    /// The resource is as Denshimon recorded it; somebody else changed the record.
    Drifted,
    /// Record it, unless the text at the head says the same in other words.
    Record,
}

impl Record {
    /// Compares an observation with the record, the waiting changes included.
    pub(super) fn decide(&self, observed: Option<Oid>) -> Decision {
        match self.planned {
            Some(planned) if planned == observed => Decision::Same,
            Some(_) => Decision::Record,
            None if self.blob == observed => Decision::Same,
            None if observed.is_some() && self.same_as == observed => Decision::Same,
            None if observed.is_some() && self.blob.is_some() && self.own == observed => Decision::Drifted,
            None => Decision::Record,
        }
    }

    /// Takes over what the head says now; whose commit it was is looked up apart.
    pub(super) fn set_blob(&mut self, blob: Option<Oid>) {
        if self.blob != blob {
            self.blob = blob;
            self.same_as = None;
            self.drifted = self.live && self.planned.is_none() && self.own.is_some() && self.own != blob;
        }
    }
}

impl Book {
    /// Opens an empty book.
    pub(super) fn new(cluster: ClusterName, root: String, now: Timestamp) -> Self {
        let pages = Pages {
            records: HashMap::new(),
            kinds: BTreeMap::new(),
            head: None,
            waiting: 0,
            lag_milliseconds: None,
            stuck: None,
            unlinked: None,
            held: BTreeSet::new(),
            obstructed: BTreeMap::new(),
            in_step_since: now,
            publication: Publication::default(),
        };
        Self { pages: Mutex::new(pages), chip: watch::Sender::new(SyncChip::Starting), cluster, root }
    }

    /// Locks the book; nothing waits while it is locked.
    pub(super) fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns where a resource's record lies.
    pub(super) fn path_of(&self, resource: &ResourceRef) -> String {
        manifest::record_path(resource, &self.root).into()
    }

    /// Returns the folder that holds this cluster's records.
    pub(super) fn folder(&self) -> String {
        folder_of(&self.cluster, &self.root)
    }

    /// Tells whether there is no record of a resource, and none to be.
    pub(super) fn record_is_absent(&self, resource: &ResourceRef) -> bool {
        let path = self.path_of(resource);
        self.pages().records.get(&path).is_none_or(|record| record.blob.is_none() && record.planned.is_none())
    }

    /// Follows the chip.
    pub(super) fn chip(&self) -> watch::Receiver<SyncChip> {
        self.chip.subscribe()
    }

    /// Tells the chip's readers when it says something new.
    pub(super) fn update_chip(&self) {
        let chip = self.pages().chip();
        self.chip.send_if_modified(|old| {
            let changed = *old != chip;
            *old = chip;
            changed
        });
    }

    /// Notes that the recorder has ended through an error of its own.
    pub(super) fn give_up(&self, since: Timestamp) {
        self.pages().stuck = Some(SyncProblem {
            what: "Nothing is recorded any more: the recorder ended through an error of Denshimon's own".into(),
            remedy: "Restart Denshimon: what changed meanwhile is recorded then. Its log says what happened; please \
                     report it."
                .into(),
            since,
        });
        self.update_chip();
    }

    /// Says where a resource's record stands.
    pub(super) fn record_of(&self, resource: &ResourceRef) -> RecordInfo {
        let path = self.path_of(resource);
        let pages = self.pages();
        let Some(record) = pages.records.get(&path) else {
            let listing = pages.kinds.get(&resource.kind).is_none_or(|kind| !kind.listed);
            return RecordInfo::unknown(if listing {
                "Denshimon has not yet read all resources of this kind."
            } else {
                "Denshimon keeps no record of this resource."
            });
        };
        let (state, reason) = if let (Some(_), Some(problem)) = (record.planned, &pages.stuck) {
            (RecordState::Blocked, problem.what.clone())
        } else if record.planned.is_some() {
            (RecordState::Waiting, "The change waits for its commit.".into())
        } else if pages.held.contains(&path) {
            (RecordState::Blocked, "The resource is gone; its record waits for a person's word to be deleted.".into())
        } else if pages.obstructed.contains_key(&path) {
            (RecordState::Blocked, "Another file in the repository is in the way of its record.".into())
        } else if record.drifted {
            (RecordState::Drifted, "Somebody else's commit says otherwise than the cluster.".into())
        } else if record.blob.is_some() {
            (RecordState::Recorded, String::new())
        } else {
            (RecordState::Unknown, "Denshimon keeps no record of this resource.".into())
        };
        let path = record.blob.or(record.planned.flatten()).map(|_| path);
        let written = record.written.clone();
        RecordInfo {
            state,
            reason,
            path,
            at: written.as_ref().map(|written| written.at),
            by: written.as_ref().map(|written| written.by.clone()),
            commit: written.map(|written| written.commit),
        }
    }
}

/// Returns the folder that holds a cluster's records, below a root.
pub(crate) fn folder_of(cluster: &ClusterName, root: &str) -> String {
    let parts = root.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    parts.chain(["clusters", cluster.as_str()]).collect::<Vec<_>>().join("/")
}

impl Pages {
    /// Counts the records at the head.
    pub(super) fn recorded(&self) -> usize {
        self.records.values().filter(|record| record.blob.is_some()).count()
    }

    /// Tells whether a first list is still being read.
    pub(super) fn listing(&self) -> bool {
        self.kinds.values().any(|kind| kind.state == WatchState::Listing)
    }

    /// Says the worst that is true.
    pub(super) fn chip(&self) -> SyncChip {
        let away = self.kinds.values().map(|kind| match &kind.state {
            WatchState::Away { since, .. } => Some(*since),
            _ => None,
        });
        let all_away: Option<Vec<Timestamp>> = away.collect();
        if let Some(since) = all_away.and_then(|since| since.into_iter().min()) {
            return SyncChip::ClusterAway { since };
        }
        if let Some(problem) = self.stuck.as_ref().or(self.unlinked.as_ref()) {
            return SyncChip::CannotRecord { reason: problem.what.clone() };
        }
        if let Some(problem) = &self.publication.failure {
            return SyncChip::CannotPush { reason: problem.failure.brief().into() };
        }
        if self.kinds.is_empty() || self.listing() {
            return SyncChip::Starting;
        }
        match u32::try_from(self.waiting).unwrap_or(u32::MAX) {
            0 => SyncChip::InStep { since: self.in_step_since },
            changes => SyncChip::Waiting { changes },
        }
    }
}

impl Default for Followed {
    fn default() -> Self {
        Self { state: WatchState::Listing, listed: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorder_that_gave_up_is_no_secret() {
        let book = Book::new("test".parse().unwrap(), ".".into(), Timestamp::UNIX_EPOCH);
        let chip = book.chip();
        book.give_up(Timestamp::UNIX_EPOCH);
        assert!(matches!(&*chip.borrow(), SyncChip::CannotRecord { .. }), "{:?}", chip.borrow());
    }
}
