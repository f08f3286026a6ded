//! Compares what is seen with what is recorded, and decides what is to be done.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use manifest::Manifest;
use model::history::{Actor, Verb};
use model::sync::WatchState;
use model::{Kind, ResourceRef, Timestamp};
use serde_json::Value;

use super::attribute::{Attribution, Event, attribute, metadata, newest_managers, scaler};
use super::book::{Decision, Masked};
use super::ending::is_ending;
use super::late::version_of;
use super::people::read_manifest;
use super::plan::read_record;
use super::recover::kind_folder;
use super::window::{Change, Content, Origin};
use super::work::Work;
use crate::audit::Noted;
use crate::cluster::{Observed, makes_kinds};
use crate::ignoring::LeftOut;
use crate::ledger::Operation;
use crate::sealing::SecretValues;

/// A resource as it was seen.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    pub(super) resource: ResourceRef,
    pub(super) object: Arc<Value>,
    pub(super) values: Option<Arc<SecretValues>>,
    pub(super) seen_at: Timestamp,
    pub(super) initial: bool,
    pub(super) gone: bool,
    /// It has waited for the API server's word on who did it.
    pub(super) asked: bool,
    /// What the API server noted on the versions that followed while this one waited.
    pub(super) later: Vec<Noted>,
}

/// As many following versions are looked at.
const MOST_LATER: usize = 16;

impl Work {
    /// Takes in what a watch says.
    pub(super) async fn observe(&mut self, observed: Observed) {
        match observed {
            Observed::Changed { resource, object, values, seen_at, initial } => {
                let (gone, asked, later) = (false, false, Vec::new());
                self.sight(Sighting { resource, object, values, seen_at, initial, gone, asked, later }).await;
            }
            Observed::Deleted { resource, object, seen_at } => {
                let (values, initial, gone, asked, later) = (None, false, true, false, Vec::new());
                self.sight(Sighting { resource, object, values, seen_at, initial, gone, asked, later }).await;
            }
            Observed::Listed { kind, present } => self.listed(&kind, &present).await,
            Observed::Away { kind } => {
                let since = self.clock.now();
                let mut pages = self.book.pages();
                let followed = pages.kinds.entry(kind).or_default();
                if !matches!(followed.state, WatchState::Away { .. }) {
                    followed.state = WatchState::Away { since, reason: "the API server does not answer.".into() };
                }
            }
            Observed::Followed { kinds } => {
                let mut pages = self.book.pages();
                pages.knows_kinds = true;
                for kind in kinds {
                    pages.kinds.entry(kind).or_default();
                }
            }
            // The server deletes the resources of a kind before the kind, and tells each; records that are left after
            // that stay, since nobody can list what they were.
            Observed::Gone { kind } => drop(self.book.pages().kinds.remove(&kind)),
        }
    }

    /// Takes in a resource, after the answer to a write on it that is under way.
    async fn sight(&mut self, sighting: Sighting) {
        let is_namespaced = sighting.resource.namespace.is_some();
        self.book.pages().kinds.entry(sighting.resource.kind.clone()).or_default().namespaced |= is_namespaced;
        if let Some(queue) = self.deferred.get_mut(&sighting.resource) {
            queue.push_back(sighting);
        } else if self.journal.is_in_flight(&sighting.resource) {
            self.settle(&sighting.resource);
            self.deferred.entry(sighting.resource.clone()).or_default().push_back(sighting);
        } else {
            self.compare(sighting).await;
        }
    }

    /// Takes in what waited for a write's answer.
    pub(super) async fn settled(&mut self, resource: &ResourceRef) {
        let mut waiting = self.deferred.remove(resource).unwrap_or_default();
        while let Some(mut sighting) = waiting.pop_front() {
            let later = waiting.iter().take(MOST_LATER);
            sighting.later = later.filter_map(|sighting| newest_managers(&sighting.object)).collect();
            self.compare(sighting).await;
            if let Some(queue) = self.deferred.get_mut(resource) {
                queue.append(&mut waiting);
            }
        }
        let path = self.book.path_of(resource);
        if self.journal.is_in_flight(resource) {
            // What was taken in without its answer is looked at once more with it.
            self.overtaken.insert(path, resource.kind.clone());
            self.settle(resource);
        } else {
            self.list_overtaken(std::iter::once(&path));
        }
    }

    async fn compare(&mut self, sighting: Sighting) {
        let there = (!sighting.gone).then_some(sighting.object.as_ref());
        self.notice_arrivals(&sighting.resource, there).await;
        let path = self.book.path_of(&sighting.resource);
        if !sighting.gone {
            self.refused.remove(&path);
        }
        self.supersede(&path, sighting.gone);
        if makes_kinds(&sighting.resource.kind) {
            self.learn_plural(&sighting.object);
        }
        if let Some(rule) = self.ignored.whole(&sighting.object) {
            self.leave_alone(&path, &sighting, rule).await;
            return;
        }
        if makes_kinds(&sighting.resource.kind) {
            // Resources that are there keep what was filled into them, which is no default any more.
            let changed = self.schemas.learn(&sighting.object).filter(|_| !sighting.gone);
            self.lister.read_again(changed);
            if !sighting.initial {
                self.note_defined(&sighting.object);
            }
        }
        if is_ending(&sighting) {
            self.await_end(&path, &sighting).await;
            return;
        }
        let content = match self.content_of(&sighting, &path).await {
            Ok(content) => content,
            Err(error) => {
                self.miss(&sighting.resource.kind, &error);
                return;
            }
        };
        let blob = content.as_ref().map(|content| content.blob);
        let masked = content.as_ref().map(|content| self.masked(&sighting, content)).unwrap_or_default();
        let left_out = content.as_ref().map(|content| content.left_out.clone()).unwrap_or_default();
        if let Some(record) = self.book.pages().records.get_mut(&path) {
            record.left_out.clone_from(&left_out);
        }
        let (mut decision, unread, known, recorded, unchanged) = {
            let mut pages = self.book.pages();
            // Nothing is remembered of what is neither recorded nor to be.
            match pages.records.get_mut(&path) {
                None if blob.is_none() => (Decision::Same, false, false, false, false),
                None => (Decision::Record, false, false, false, false),
                Some(record) => {
                    let known = record.planned.unwrap_or(record.blob).is_some();
                    let unread = record.unread && record.planned.is_none();
                    let unchanged = sighting.initial && record.has_seen(version_of(&sighting.object));
                    (record.decide(blob), unread, known, record.blob.is_some(), unchanged)
                }
            }
        };
        if decision != Decision::Same
            && unread
            && recorded
            && let Some(content) = &content
            && self.says_the_same(&path, content).await
        {
            decision = Decision::Same;
            if let Some(record) = self.book.pages().records.get_mut(&path) {
                record.same_as = blob;
            }
        }
        let causes = self.causes(&sighting.object, sighting.gone).await;
        let causes = self.enter_late(&path, &sighting, causes);
        let before = match sighting.gone {
            true => Vec::new(),
            false => self.causes_before(&sighting.resource, &sighting.object).await,
        };
        if decision != Decision::Record {
            let restarted = blob.is_some() && self.is_restarted(&sighting, &causes);
            let revalued = !unchanged && self.has_other_values(&path, content.as_ref(), !causes.is_empty());
            if (restarted || revalued) && self.awaits_user(&sighting, &causes) {
                return;
            }
            if restarted {
                self.enter_restart(&sighting);
            } else if revalued {
                self.enter_values(&path, &sighting);
            }
            self.restarts.remember(&sighting);
            let has_values = content.as_ref().is_some_and(|content| content.beside.is_some());
            self.persons_values.remember(&path, content.as_ref());
            self.ending.remove(&sighting.resource);
            let lacks_nothing = left_out.is_empty() && masked.is_empty() && !has_values;
            let says_all = decision == Decision::Same && blob.is_some() && lacks_nothing;
            self.note_same(&path, &sighting, decision, blob.is_some(), masked);
            let causes = if says_all { self.retract_arrivals(causes).await } else { causes };
            let causes = [before, causes].concat();
            self.enter_unchanged(&sighting.resource, &sighting.object, causes, sighting.seen_at);
            return;
        }
        if !self.ending.contains_key(&sighting.resource) && self.awaits_user(&sighting, &causes) {
            return;
        }
        self.restarts.remember(&sighting);
        self.persons_values.remember(&path, content.as_ref());
        let asked_for_end = self.ending.remove(&sighting.resource).filter(|_| sighting.gone && causes.is_empty());
        let user = self.user_of(&sighting, &causes).or(asked_for_end);
        let event = match (known, &content) {
            (_, None) if sighting.gone => Event::Gone,
            (_, None) => Event::Left,
            (false, _) => Event::New,
            (true, _) => Event::Modified,
        };
        let scaler = match scaler(&sighting.object) {
            Some(scaler) if event == Event::Modified && self.replicas_differ(&path, content.as_ref()).await => {
                Some(scaler)
            }
            _ => None,
        };
        let mut attribution = attribute(event, &sighting.object, causes, user, scaler);
        let verb = verb_of(&attribution, event);
        attribution.causes.splice(..0, before);
        // What a list shows as it was seen before, or in no record any more, nobody has done in the cluster.
        let anew = attribution.causes.is_empty()
            && sighting.initial
            && (unchanged || known && (event == Event::Left || self.moves_version(&path, &sighting).await));
        if anew {
            attribution.actor = Actor::Denshimon;
        }
        self.claim(&attribution);
        let change = Change {
            resource: sighting.resource.clone(),
            path: path.clone(),
            resource_version: metadata(&sighting.object, "resourceVersion").to_owned(),
            content,
            verb,
            causes: attribution.causes.clone(),
            impersonator: attribution.impersonator.clone(),
            seen_at: sighting.seen_at,
        };
        if let Some(content) = change.content.as_ref().filter(|content| content.sealed) {
            self.sealed.insert(path.clone(), content.text.clone());
        }
        {
            let mut pages = self.book.pages();
            let record = pages.records.entry(path.clone()).or_default();
            record.planned = Some(blob);
            record.live = !sighting.gone;
            record.seen_version = version_of(&sighting.object);
            let drifted = std::mem::take(&mut record.drifted);
            record.left_out = left_out;
            pages.mask(&path, masked);
            pages.drift_changed |= drifted;
            pages.held.remove(&path);
        }
        let first = sighting.initial
            && event == Event::New
            && attribution.causes.is_empty()
            && kind_folder(&self.book, &path).is_some_and(|folder| !self.known_kinds.contains(&folder));
        if first || anew {
            let origin = if first { Origin::Found } else { Origin::Anew };
            self.window.add_found(change, origin, Instant::now());
        } else {
            self.window.add(change, attribution, Instant::now());
        }
    }

    /// Notes that a rule leaves a resource out altogether: a record that is there stays as it is.
    async fn leave_alone(&mut self, path: &str, sighting: &Sighting, rule: LeftOut) {
        let causes = self.causes(&sighting.object, sighting.gone).await;
        {
            let mut pages = self.book.pages();
            let kept = pages.records.get(path).is_some_and(|record| record.blob.is_some() || record.planned.is_some());
            if sighting.gone && !kept {
                pages.forget(path);
            } else {
                let record = pages.records.entry(path.to_owned()).or_default();
                record.live = !sighting.gone;
                let drifted = std::mem::take(&mut record.drifted);
                record.left_out = vec![rule];
                pages.drift_changed |= drifted;
            }
        }
        self.enter_unchanged(&sighting.resource, &sighting.object, causes, sighting.seen_at);
    }

    /// Notes that a resource is, or is not, there and needs no commit.
    fn note_same(&mut self, path: &str, sighting: &Sighting, decision: Decision, recorded: bool, masked: Vec<Masked>) {
        let mut pages = self.book.pages();
        if !sighting.gone {
            pages.held.remove(path);
        }
        if let Some(record) = pages.records.get_mut(path) {
            record.live = !sighting.gone;
            record.seen_version = version_of(&sighting.object);
            let drifted = std::mem::replace(&mut record.drifted, decision == Decision::Drifted);
            let changed = drifted != record.drifted;
            if decision == Decision::Same && record.planned.is_none() && recorded {
                // What Denshimon would write next, so that a later change of somebody's is told from it: a person's
                // file keeps their words.
                record.own = record.same_as.filter(|_| record.place.is_none()).or(record.blob);
                record.unread = record.same_as.is_some();
            }
            pages.drift_changed |= changed;
            pages.mask(path, masked);
        }
    }

    /// Tells whether the text at the head is another rendering of the same manifest.
    async fn says_the_same(&mut self, path: &str, content: &Content) -> bool {
        let old = self.recorded(path).await;
        old.is_some() && old == read_record(&content.text)
    }

    /// Tells whether the record at the head has other replicas than it will have.
    async fn replicas_differ(&mut self, path: &str, content: Option<&Content>) -> bool {
        let replicas = |manifest: &Manifest| manifest.tree().pointer("/spec/replicas").cloned();
        let new = content.and_then(|content| read_record(&content.text));
        self.recorded(path).await.is_some_and(|old| new.is_some_and(|new| replicas(&old) != replicas(&new)))
    }

    /// Reads the record at the head; `None` when there is none that can be read.
    pub(super) async fn recorded(&mut self, path: &str) -> Option<Manifest> {
        let place = self.book.pages().records.get(path).and_then(|record| record.place.clone());
        let path = path.to_owned();
        let read = self.repository.read(move |git, reading| read_manifest(git, reading, &path, place.as_deref()));
        read.await.ok().flatten()
    }

    /// Takes in a complete list of a kind: what it lacks is not there.
    async fn listed(&mut self, kind: &Kind, present: &[ResourceRef]) {
        {
            let mut pages = self.book.pages();
            let followed = pages.kinds.entry(kind.clone()).or_default();
            followed.state = WatchState::Watching;
            followed.listed = true;
        }
        let resources = |operations: Vec<Operation>| operations.into_iter().map(|operation| operation.resource);
        let earlier: HashSet<ResourceRef> = resources(self.journal.started_earlier().await).collect();
        let unheard = resources(self.journal.unheard().await);
        for resource in unheard.filter(|resource| resource.kind == *kind && !present.contains(resource)) {
            // Without a record nothing will be committed for it, and what this run has asked for may be yet to come.
            let is_recorded = !self.book.record_is_absent(&resource);
            if is_recorded || earlier.contains(&resource) {
                self.notice_arrivals(&resource, None).await;
            }
            if !is_recorded && earlier.contains(&resource) {
                self.enter_unrecorded(&resource).await;
            }
        }
        let present: HashSet<String> = present.iter().map(|resource| self.book.path_of(resource)).collect();
        self.end_deferred(kind, &present);
        self.note_overtaken(kind, &present);
        self.sweep(kind, &present).await;
        // What comes later is no longer found, but made.
        self.known_kinds.extend(self.book.folder_of_kind(kind));
    }
}

fn verb_of(attribution: &Attribution, event: Event) -> Verb {
    match (attribution.causes.last(), event) {
        (Some(cause), _) => cause.verb,
        (None, Event::New) => Verb::Create,
        (None, Event::Gone) => Verb::Delete,
        (None, Event::Modified | Event::Left) => Verb::Observe,
    }
}
