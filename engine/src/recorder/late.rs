//! What comes late: the answer to a write whose change is taken in already, and the list that a waiting change is older
//! than.

use std::collections::HashSet;

use model::Kind;
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

    /// Remembers the records of a kind that a complete list lacks and that a waiting change will write: once it has, the
    /// kind is listed again.
    pub(super) fn note_overtaken(&mut self, kind: &Kind, present: &HashSet<String>) {
        let Some(folder) = self.book.folder_of_kind(kind) else { return };
        let cluster = self.book.folder();
        let pages = self.book.pages();
        let is_overtaken = |path: &String, record: &Record| {
            matches!(record.planned, Some(Some(_)))
                && kind_part(path, &cluster) == Some(folder.as_str())
                && !present.contains(path)
        };
        let overtaken = pages.records.iter().filter(|(path, record)| is_overtaken(path, record));
        self.overtaken.extend(overtaken.map(|(path, _)| (path.clone(), kind.clone())));
    }

    /// Lists the kinds again of which such a record is written now.
    pub(super) fn list_overtaken<'a>(&mut self, written: impl Iterator<Item = &'a String>) {
        if self.overtaken.is_empty() {
            return;
        }
        let kinds: HashSet<Kind> = written.filter_map(|path| self.overtaken.remove(path)).collect();
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
