//! What the recorder knows in memory: each record at the head, and how the work goes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use git2::Oid;
use model::git::CommitId;
use model::sync::{LeftAloneFile, RecordInfo, RecordState, SyncChip, SyncProblem, WaitingChanges, WatchState};
use model::{ClusterName, Kind, ResourceRef, Timestamp};
use tokio::sync::watch;

use super::counts::Counts;
use super::figures::Figures;
use super::malformed::Malformed;
use super::people::Placed;
use crate::ignoring::LeftOut;
use crate::repository::{Publication, Rewrites};

/// The shared memory; written by the recorder's task alone.
#[derive(Debug)]
pub(crate) struct Book {
    pages: Mutex<Pages>,
    pub(super) chip: watch::Sender<SyncChip>,
    figures: Mutex<Figures>,
    /// Wakes those who show more than the chip.
    pub(super) pulse: watch::Sender<()>,
    pub(super) cluster: ClusterName,
    /// The folder in the repository that holds `clusters/`.
    pub(super) root: String,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Pages {
    /// By path.
    pub(super) records: HashMap<String, Record>,
    /// Files that people should know of.
    pub(super) left_alone: Vec<LeftAloneFile>,
    /// What people's files describe without a namespace, in the order of the files; their kinds may have none.
    pub(super) without_namespace: Vec<Placed>,
    /// Records among them.
    pub(super) malformed: Malformed,
    /// How many of them there are at the head.
    pub(super) counts: Counts,
    pub(super) kinds: BTreeMap<Kind, Followed>,
    pub(super) head: Option<CommitId>,
    /// Goes up when the record of any Deployment has been written.
    pub(super) deployments_recorded: u64,
    /// Changes that are not committed.
    pub(super) waiting: usize,
    pub(super) waiting_for: Vec<WaitingChanges>,
    pub(super) lag_milliseconds: Option<u32>,
    /// Why committing fails.
    pub(super) stuck: Option<SyncProblem>,
    /// Why the ledger cannot be written.
    pub(super) unlinked: Option<SyncProblem>,
    /// Records that say otherwise than the cluster, by somebody else's commit.
    pub(super) drifted: usize,
    /// A record began or ceased to.
    pub(super) drift_changed: bool,
    /// Paths whose deletion waits for a word.
    pub(super) held: BTreeSet<String>,
    /// Paths of records that cannot be written, and why.
    pub(super) obstructed: BTreeMap<String, Obstacle>,
    pub(super) in_step_since: Timestamp,
    /// It was said which kinds will be listed.
    pub(super) knows_kinds: bool,
    pub(super) publication: Publication,
}

/// What keeps a record from being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Obstacle {
    pub(super) what: String,
    pub(super) remedy: &'static str,
    pub(super) since: Timestamp,
}

/// One record, or a resource that will have one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// Where it lies in a person's file; what it is there is its document's meaning, not the file's blob.
    pub(super) place: Option<Arc<Placed>>,
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
    /// The resource's version in that commit, and the newest that was taken in; 0 before this run took any.
    pub(super) written_version: u64,
    pub(super) seen_version: u64,
    /// The newest that the run before took in and has recorded.
    pub(super) kept_version: u64,
    /// The resource is in the cluster.
    pub(super) live: bool,
    /// The repository says otherwise than the cluster, by somebody else's commit.
    pub(super) drifted: bool,
    /// The text at the head was not compared in this run: it may say the same in other words.
    pub(super) unread: bool,
    /// Values that it does not hold in clear.
    pub(super) masked: Vec<Masked>,
    /// What rules leave out of it, or that one leaves out the resource.
    pub(super) left_out: Vec<LeftOut>,
}

/// A value that a record does not hold in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Masked {
    /// As people find it: `key password`, `env DB_PASSWORD`.
    pub(super) place: String,
    /// By which rule it looks like a credential; `None` for a Secret's.
    pub(super) rule: Option<&'static str>,
    /// It is there, encrypted.
    pub(super) sealed: bool,
}

/// Where a record lies and whose text it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Whereabouts {
    pub(super) place: Option<Arc<Placed>>,
    /// What is there at the head; in a person's file, what it means.
    pub(super) blob: Option<Oid>,
    /// The text that Denshimon wrote there, unless it keeps what a person wrote.
    pub(super) own: Option<Oid>,
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
    /// A resource of it lies in a namespace.
    pub(super) namespaced: bool,
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
    /// Tells whether a version of the resource was taken in before, by this run or at the end of the one before.
    pub(super) fn has_seen(&self, version: u64) -> bool {
        let seen = if self.seen_version == 0 { self.kept_version } else { self.seen_version };
        version != 0 && version == seen
    }

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

    /// Says what is known of the record's text before it is changed.
    pub(super) fn whereabouts(&self) -> Whereabouts {
        // A text that was never compared may be a person's.
        let is_own = self.place.is_none() && self.same_as.is_none() && !self.unread;
        let own = self.own.filter(|own| is_own && self.blob == Some(*own));
        Whereabouts { place: self.place.clone(), blob: self.blob, own }
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
            left_alone: Vec::new(),
            without_namespace: Vec::new(),
            malformed: Malformed::new(),
            counts: Counts::default(),
            kinds: BTreeMap::new(),
            head: None,
            deployments_recorded: 0,
            waiting: 0,
            waiting_for: Vec::new(),
            lag_milliseconds: None,
            stuck: None,
            unlinked: None,
            drifted: 0,
            drift_changed: false,
            held: BTreeSet::new(),
            obstructed: BTreeMap::new(),
            in_step_since: now,
            knows_kinds: false,
            publication: Publication::default(),
        };
        Self {
            pages: Mutex::new(pages),
            chip: watch::Sender::new(SyncChip::Starting),
            figures: Mutex::default(),
            pulse: watch::Sender::default(),
            cluster,
            root,
        }
    }

    /// Locks the book; nothing waits while it is locked.
    pub(super) fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the figures; never together with the pages.
    pub(super) fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Notes that the recorder has ended through an error of its own.
    pub(super) fn give_up(&self, since: Timestamp) {
        self.pages().stuck = Some(SyncProblem {
            what: "Nothing is recorded any more: the recorder ended through an error of Denshimon's own".into(),
            remedy: "Restart Denshimon: what changed meanwhile is recorded then. Its log says what happened; please \
                     report it."
                .into(),
            way_out: None,
            since,
        });
        self.update_chip();
    }

    /// Says where a resource's record stands; `by_rule` is why it has none of its own.
    pub(super) fn record_of(&self, resource: &ResourceRef, by_rule: Option<&str>) -> RecordInfo {
        let path = self.path_of(resource);
        let pages = self.pages();
        let followed = pages.kinds.get(&resource.kind);
        let Some(record) = pages.records.get(&path) else {
            return match (by_rule, followed) {
                (Some(rule), _) => RecordInfo { state: RecordState::Ignored, ..RecordInfo::unknown(rule) },
                (None, Some(kind)) if kind.listed => RecordInfo::unknown("Denshimon keeps no record of this resource."),
                (None, _) => RecordInfo::unknown("Denshimon has not yet read all resources of this kind."),
            };
        };
        let ignored = record.left_out.iter().find(|left_out| left_out.path.is_none());
        let (state, reason) = if let (Some(_), Some(problem)) = (record.planned, &pages.stuck) {
            (RecordState::Blocked, problem.what.clone())
        } else if record.planned.is_some() {
            (RecordState::Waiting, "The change waits for its commit.".into())
        } else if pages.held.contains(&path) {
            (RecordState::Blocked, "The resource is gone; its record waits for a person's word to be deleted.".into())
        } else if let Some(obstacle) = pages.obstructed.get(&path) {
            (RecordState::Blocked, obstacle.what.clone())
        } else if let Some(rule) = by_rule {
            (RecordState::Ignored, rule.into())
        } else if let Some(rule) = ignored {
            (RecordState::Ignored, format!("Left out by the rule “{}”.", rule.words))
        } else if let Some(WatchState::Away { .. }) = followed.map(|kind| &kind.state) {
            (RecordState::Unknown, "The kind cannot be followed now, so the resource may have changed since.".into())
        } else if followed.is_none() && pages.knows_kinds {
            (RecordState::Unknown, "The API server does not serve this kind, so the resource may have changed.".into())
        } else if record.drifted {
            (RecordState::Drifted, "Somebody else's commit says otherwise than the cluster.".into())
        } else if record.blob.is_some() {
            (RecordState::Recorded, String::new())
        } else {
            (RecordState::Unknown, "Denshimon keeps no record of this resource.".into())
        };
        let path = record.place.as_ref().map_or(path, |place| place.file.clone());
        let path = record.blob.or(record.planned.flatten()).map(|_| path);
        let written = record.written.clone();
        let incomplete = record.blob.and_then(|_| incomplete(&record.masked));
        let left_out = left_out_words(&record.left_out);
        RecordInfo {
            incomplete,
            left_out,
            state,
            reason,
            path,
            at: written.as_ref().map(|written| written.at),
            by: written.as_ref().map(|written| written.by.clone()),
            commit: written.map(|written| written.commit),
        }
    }
}

/// Says in words which values a record lacks, and why.
fn incomplete(masked: &[Masked]) -> Option<String> {
    const NAMED: usize = 5;
    let lacking: Vec<&Masked> = masked.iter().filter(|masked| !masked.sealed).collect();
    let first = lacking.first()?;
    let mut places: Vec<&str> = lacking.iter().take(NAMED).map(|masked| masked.place.as_str()).collect();
    let more = format!("{} more", lacking.len().saturating_sub(NAMED));
    if lacking.len() > NAMED {
        places.push(&more);
    }
    let why = match first.rule {
        None => "values of a Secret stay out of Git",
        Some(_) => "they look like credentials",
    };
    Some(format!("The record cannot be restored whole: it lacks {}, since {why}.", places.join(", ")))
}

/// Says in words which fields rules leave out.
fn left_out_words(left_out: &[LeftOut]) -> Option<String> {
    const NAMED: usize = 5;
    let field = |left_out: &LeftOut| Some(format!("{} (by the rule “{}”)", left_out.path.as_ref()?, left_out.words));
    let fields: Vec<String> = left_out.iter().filter_map(field).collect();
    let more = fields.len().saturating_sub(NAMED);
    let named = fields.iter().take(NAMED).cloned().chain((more > 0).then(|| format!("{more} more")));
    (!fields.is_empty()).then(|| format!("Left out of the record: {}.", named.collect::<Vec<_>>().join(", ")))
}

/// Returns the folder that holds a cluster's records, below a root.
pub(crate) fn folder_of(cluster: &ClusterName, root: &str) -> String {
    let parts = root.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    parts.chain(["clusters", cluster.as_str()]).collect::<Vec<_>>().join("/")
}

impl Pages {
    /// Follows commits that were made again on top of others.
    pub(super) fn note_rewrites(&mut self, rewrites: &Rewrites) {
        let new: HashMap<&CommitId, &CommitId> = rewrites.0.iter().map(|(old, new)| (old, new)).collect();
        for written in self.records.values_mut().filter_map(|record| record.written.as_mut()) {
            if let Some(now) = new.get(&written.commit) {
                written.commit.clone_from(now);
            }
        }
    }
}

impl Default for Followed {
    fn default() -> Self {
        Self { state: WatchState::Listing, listed: false, namespaced: false }
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
