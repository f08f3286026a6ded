//! What comes late: the answer to a write whose change is taken in already, and the list that a waiting change is older
//! than.

use std::collections::HashSet;

use model::history::Verb;
use model::{Kind, ResourceRef};
use serde_json::Value;

use super::attribute::{Cause, metadata};
use super::book::Record;
use super::counts::kind_part;
use super::journal::Entry;
use super::observe::Sighting;
use super::work::Work;

impl Work {
    /// Enters those among the causes of a sighting whose changes were taken in before, and returns the others: an
    /// operation never stands behind what somebody else changed after it.
    pub(super) fn enter_late(&mut self, path: &str, sighting: &Sighting, causes: Vec<Cause>) -> Vec<Cause> {
        let (seen, written, commit) = {
            let pages = self.book.pages();
            let Some(record) = pages.records.get(path).filter(|_| !sighting.gone) else { return causes };
            let waits = record.planned.is_some();
            let commit = record.written.as_ref().map(|written| written.commit.clone());
            (if waits { 0 } else { record.seen_version }, record.written_version, commit)
        };
        let is_late = |cause: &Cause| cause.resource_version.is_some_and(|version| version <= seen);
        let (late, others): (Vec<Cause>, Vec<Cause>) = causes.into_iter().partition(is_late);
        for cause in late {
            let holds = cause.resource_version.is_some_and(|version| version <= written);
            self.claimed.insert(cause.id.clone());
            self.owe(Entry {
                resource: sighting.resource.clone(),
                resource_version: cause.resource_version.map(|version| version.to_string()).unwrap_or_default(),
                actor: cause.actor,
                verb: cause.verb,
                summary: cause.summary,
                at: sighting.seen_at,
                operations: vec![cause.id],
                commit: commit.clone().filter(|_| holds),
            });
        }
        others
    }

    /// Notes operations on a resource that have arrived without an answer, from what the cluster shows of them; `None`: it
    /// is not there. The others may yet arrive.
    pub(super) async fn notice_arrivals(&mut self, resource: &ResourceRef, object: Option<&Value>) {
        if let Err(error) = self.journal.notice_arrivals(resource, object).await {
            tracing::error!(error = %error, "the arrival of an operation could not be noted");
        }
    }

    /// Takes back that writes arrived whose answers nobody heard, where the state that seemed to show it left the record as
    /// it was, which says all of it, and another write that changes no record may be what came. Returns the others.
    pub(super) async fn retract_arrivals(&mut self, causes: Vec<Cause>) -> Vec<Cause> {
        let changes_the_record =
            |cause: &Cause| matches!(cause.verb, Verb::Edit | Verb::Scale | Verb::Pause | Verb::Resume | Verb::Undo);
        if causes.iter().all(changes_the_record) {
            return causes;
        }
        let mut left = Vec::with_capacity(causes.len());
        for cause in causes {
            if changes_the_record(&cause) {
                match self.journal.retract_arrival(&cause.id).await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => tracing::error!(%error, "the arrival of an operation could not be taken back"),
                }
            }
            left.push(cause);
        }
        left
    }

    /// Turns what is deferred of resources that a complete list lacks into what it is: they are gone.
    pub(super) fn end_deferred(&mut self, kind: &Kind, present: &HashSet<String>) {
        let now = self.clock.now();
        for (resource, queue) in self.deferred.iter_mut().filter(|(resource, _)| resource.kind == *kind) {
            let Some(last) = queue.back().filter(|last| !last.gone) else { continue };
            if !present.contains(&self.book.path_of(resource)) {
                let (gone, asked, later) = (true, false, Vec::new());
                queue.push_back(Sighting { gone, asked, later, seen_at: now, initial: false, ..last.clone() });
            }
        }
    }

    /// Remembers the records of a kind that a complete list lacks and that a waiting change will write, or a write under
    /// way may have ended: after it, the kind is listed again.
    pub(super) fn note_overtaken(&mut self, kind: &Kind, present: &HashSet<String>) {
        let Some(folder) = self.book.folder_of_kind(kind) else { return };
        let cluster = self.book.folder();
        {
            let pages = self.book.pages();
            let is_overtaken = |path: &String, record: &Record| {
                matches!(record.planned, Some(Some(_)))
                    && kind_part(path, &cluster) == Some(folder.as_str())
                    && !present.contains(path)
            };
            let overtaken = pages.records.iter().filter(|(path, record)| is_overtaken(path, record));
            self.overtaken.extend(overtaken.map(|(path, _)| (path.clone(), kind.clone())));
        }
        for resource in self.journal.resources_in_flight() {
            let path = self.book.path_of(&resource);
            if resource.kind == *kind && !present.contains(&path) && !self.book.record_is_absent(&resource) {
                self.overtaken.insert(path, kind.clone());
                self.settle(&resource);
            }
        }
    }

    /// Lists the kinds again of which such a record is written now, or such a write answered.
    pub(super) fn list_overtaken<'a>(&mut self, done: impl Iterator<Item = &'a String>) {
        if self.overtaken.is_empty() {
            return;
        }
        let kinds: HashSet<Kind> = done.filter_map(|path| self.overtaken.remove(path)).collect();
        self.lister.read_again(kinds);
    }

    /// Remembers that somebody defines a kind while Denshimon looks on: its resources are made from now on, not found.
    pub(super) fn note_defined(&mut self, definition: &Value) {
        let text = |pointer| definition.pointer(pointer).and_then(Value::as_str);
        if let (Some(group), Some(kind)) = (text("/spec/group"), text("/spec/names/kind")) {
            self.known_kinds.extend(self.book.folder_of_kind(&Kind::new(group, kind)));
        }
    }
}

/// Reads the version of an object, 0 where it has none.
pub(super) fn version_of(object: &Value) -> u64 {
    metadata(object, "resourceVersion").parse().unwrap_or(0)
}
