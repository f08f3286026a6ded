//! Gathers one actor's changes for a short silence, so that one thing done is one commit; pure.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use git2::Oid;
use manifest::Credential;
use model::history::{Actor, Verb};
use model::{ResourceRef, Timestamp};

use super::attribute::{Attribution, Cause};
use crate::ignoring::LeftOut;

/// What was found at the start is one commit, after this silence or age.
const FOUND_SILENCE: Duration = Duration::from_secs(1);
const FOUND_LONGEST: Duration = Duration::from_secs(60);
/// So many are a commit at once: they take memory, and the rest of the list waits when too many wait.
const FOUND_MOST: usize = 10_000;

/// A change to be committed.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) resource: ResourceRef,
    pub(crate) path: String,
    pub(crate) resource_version: String,
    /// `None`: the record goes.
    pub(crate) content: Option<Content>,
    pub(crate) verb: Verb,
    pub(crate) causes: Vec<Cause>,
    /// Who acted under the actor's name.
    pub(crate) impersonator: Option<String>,
    pub(crate) seen_at: Timestamp,
}

/// A record as it will stand in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) text: Arc<str>,
    pub(crate) blob: Oid,
    /// The text is a SOPS document.
    pub(crate) sealed: bool,
    /// The values that look like credentials, encrypted or not.
    pub(crate) credentials: Vec<Credential>,
    /// What rules leave out of it.
    pub(crate) left_out: Vec<LeftOut>,
    /// An id of the values that it leaves to the person whose file it is; `None` where there are none.
    pub(crate) beside: Option<Oid>,
}

/// What becomes one commit.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) actor: Actor,
    pub(crate) origin: Origin,
    /// By path: the last change of a resource counts, its causes add up.
    pub(crate) changes: BTreeMap<String, Change>,
    opened: Instant,
    last: Instant,
}

/// Why a group is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Somebody changed something.
    Observed,
    /// The cluster was seen for the first time.
    Found,
    /// Nobody changed anything: rules, defaults or settings say otherwise than before.
    Anew,
    /// Records whose resources are gone, and who agreed when there were many.
    Swept { approved_by: Option<String> },
}

/// The changes that wait for their commit.
#[derive(Debug)]
pub(crate) struct Window {
    silence: Duration,
    longest: Duration,
    /// One for each actor, oldest first.
    open: Vec<Group>,
    /// What lists tell and nobody has just done.
    found: Option<Group>,
    /// Closed, oldest first.
    ready: VecDeque<Group>,
    /// The changes in them.
    ready_changes: usize,
}

impl Window {
    /// Makes an empty window; no silence makes each change a commit.
    pub(crate) fn new(silence: Duration, longest: Duration) -> Self {
        let longest = longest.max(silence);
        Self { silence, longest, open: Vec::new(), found: None, ready: VecDeque::new(), ready_changes: 0 }
    }

    /// Adds a change to its actor's group; another actor's group that changes the same resource ends before it.
    pub(crate) fn add(&mut self, change: Change, attribution: Attribution, now: Instant) {
        if self.found.as_ref().is_some_and(|group| group.changes.contains_key(&change.path)) {
            self.close_found();
        }
        self.close_open(|group| group.actor != attribution.actor && group.changes.contains_key(&change.path));
        match self.open.iter_mut().find(|group| group.actor == attribution.actor) {
            Some(group) => group.put(change, now),
            None => {
                let mut group = Group::new(attribution.actor, Origin::Observed, now);
                group.put(change, now);
                self.open.push(group);
            }
        }
        if self.silence.is_zero() {
            self.close_open(|_| true);
        }
    }

    /// Adds what was found when the cluster was first seen, or is recorded anew.
    pub(crate) fn add_found(&mut self, change: Change, origin: Origin, now: Instant) {
        self.close_open(|group| group.changes.contains_key(&change.path));
        if self.found.as_ref().is_some_and(|group| group.origin != origin) {
            self.close_found();
        }
        let group = self.found.get_or_insert_with(|| Group::new(Actor::Denshimon, origin, now));
        group.put(change, now);
        if group.changes.len() >= FOUND_MOST {
            self.close_found();
        }
    }

    /// Adds records whose resources are gone, as a group of their own.
    pub(crate) fn add_swept(&mut self, changes: Vec<Change>, approved_by: Option<String>, now: Instant) {
        self.close_all();
        let mut group = Group::new(Actor::Denshimon, Origin::Swept { approved_by }, now);
        changes.into_iter().for_each(|change| group.put(change, now));
        if !group.changes.is_empty() {
            self.close(Some(group));
        }
    }

    /// Closes what has been silent or open for long enough; what was found waits while lists are being read.
    pub(crate) fn close_due(&mut self, now: Instant, listing: bool) {
        let (silence, longest) = (self.silence, self.longest);
        self.close_open(|group| group.due(silence, longest) <= now);
        let due = |group: &Group| {
            if listing { group.opened + FOUND_LONGEST } else { group.due(FOUND_SILENCE, FOUND_LONGEST) }
        };
        if self.found.as_ref().is_some_and(|group| due(group) <= now) {
            self.close_found();
        }
    }

    /// Closes everything.
    pub(crate) fn close_all(&mut self) {
        self.close_found();
        self.close_open(|_| true);
    }

    /// Says when to look again.
    pub(crate) fn next_due(&self, listing: bool) -> Option<Instant> {
        let open = self.open.iter().map(|group| group.due(self.silence, self.longest)).min();
        let found = self
            .found
            .as_ref()
            .map(|group| if listing { group.opened + FOUND_LONGEST } else { group.due(FOUND_SILENCE, FOUND_LONGEST) });
        open.into_iter().chain(found).min()
    }

    /// Takes all closed groups.
    pub(crate) fn take_ready(&mut self) -> Vec<Group> {
        self.ready_changes = 0;
        self.ready.drain(..).collect()
    }

    /// Puts groups back that could not be committed, before all others.
    pub(crate) fn put_back(&mut self, groups: Vec<Group>) {
        for group in groups.into_iter().rev() {
            self.ready_changes += group.changes.len();
            self.ready.push_front(group);
        }
    }

    /// Tells whether a closed group waits.
    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Counts the changes that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.ready_changes + self.silent() + self.found()
    }

    /// Counts those that wait for their turn.
    pub(crate) fn ready(&self) -> usize {
        self.ready_changes
    }

    /// Counts those that wait for a silence of their actor.
    pub(crate) fn silent(&self) -> usize {
        self.open.iter().map(|group| group.changes.len()).sum()
    }

    /// Names the records of those that wait for a silence.
    pub(crate) fn silent_paths(&self) -> impl Iterator<Item = &String> {
        self.open.iter().flat_map(|group| group.changes.keys())
    }

    /// Names the records of what was found.
    pub(crate) fn found_paths(&self) -> impl Iterator<Item = &String> {
        self.found.iter().flat_map(|group| group.changes.keys())
    }

    /// Names the records of those that wait for their turn.
    pub(crate) fn ready_paths(&self) -> impl Iterator<Item = &String> {
        self.ready.iter().flat_map(|group| group.changes.keys())
    }

    /// Counts those that were found when the cluster was first seen.
    pub(crate) fn found(&self) -> usize {
        self.found.as_ref().map_or(0, |group| group.changes.len())
    }

    fn close_open(&mut self, which: impl Fn(&Group) -> bool) {
        for group in self.open.extract_if(.., |group| which(group)).collect::<Vec<_>>() {
            self.close(Some(group));
        }
    }

    fn close_found(&mut self) {
        let group = self.found.take();
        self.close(group);
    }

    fn close(&mut self, group: Option<Group>) {
        self.ready_changes += group.as_ref().map_or(0, |group| group.changes.len());
        self.ready.extend(group);
    }
}

impl Group {
    fn new(actor: Actor, origin: Origin, now: Instant) -> Self {
        Self { actor, origin, changes: BTreeMap::new(), opened: now, last: now }
    }

    /// Takes a change out, as a group of its own.
    pub(crate) fn split(&mut self, path: &str) -> Option<Self> {
        let change = self.changes.remove(path)?;
        let (actor, origin) = (self.actor.clone(), self.origin.clone());
        Some(Self { actor, origin, changes: BTreeMap::from([(path.to_owned(), change)]), ..*self })
    }

    fn due(&self, silence: Duration, longest: Duration) -> Instant {
        (self.last + silence).min(self.opened + longest)
    }

    fn put(&mut self, mut change: Change, now: Instant) {
        self.last = now;
        if let Some(before) = self.changes.remove(&change.path) {
            if change.content.is_some() && before.verb == Verb::Create {
                change.verb = Verb::Create;
            }
            let mut causes = before.causes;
            let new: Vec<Cause> =
                change.causes.into_iter().filter(|cause| causes.iter().all(|known| known.id != cause.id)).collect();
            causes.extend(new);
            change.causes = causes;
            change.impersonator = change.impersonator.or(before.impersonator);
            // The lag is that of the oldest.
            change.seen_at = before.seen_at;
        }
        self.changes.insert(change.path.clone(), change);
    }
}

#[cfg(test)]
mod tests;
