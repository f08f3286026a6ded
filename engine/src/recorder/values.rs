//! Values that a person's file keeps to itself, as those of a Secret: their changes happened, and no record changes.

use std::collections::HashMap;

use git2::Oid;
use manifest::Manifest;
use model::Kind;
use model::history::Verb;

use super::attribute::{Event, attribute, metadata};
use super::journal::Entry;
use super::observe::Sighting;
use super::window::Content;
use super::work::Work;
use crate::repository::{RepositoryError, blob_id};

/// By the record's path what it says, and what the values beside it are: ids of both.
#[derive(Debug, Default)]
pub(super) struct PersonsValues(HashMap<String, (Oid, Oid)>);

impl PersonsValues {
    /// Remembers what a resource has.
    pub(super) fn remember(&mut self, path: &str, content: Option<&Content>) {
        match content.and_then(|content| Some((content.blob, content.beside?))) {
            Some(ids) => drop(self.0.insert(path.to_owned(), ids)),
            None => drop(self.0.remove(path)),
        }
    }

    /// Tells whether only values are others than when the resource was last seen.
    fn are_others(&self, path: &str, content: Option<&Content>) -> bool {
        let now = content.and_then(|content| Some((content.blob, content.beside?)));
        self.0.get(path).zip(now).is_some_and(|(before, now)| before.0 == now.0 && before.1 != now.1)
    }
}

impl Work {
    /// Returns an id of the values that a record in a person's file leaves to the person; `None` where there are none.
    pub(super) fn values_beside(
        &self,
        sighting: &Sighting,
        manifest: &Manifest,
    ) -> Result<Option<Oid>, RepositoryError> {
        let mut covered = manifest.clone().into_tree();
        let credentials = self.ground.sealer.cover(&sighting.resource, &mut covered);
        let mut values: Vec<String> = credentials
            .iter()
            .map(|found| {
                let pointer: String = found.path.iter().map(|key| format!("/{}", escaped(key))).collect();
                format!("{pointer} {}", covered.pointer(&pointer).unwrap_or_default())
            })
            .collect();
        if sighting.resource.kind == Kind::new("", "Secret") {
            values.extend(covered.get("data").map(ToString::to_string));
        }
        (!values.is_empty()).then(|| blob_id(values.join("\n").as_bytes())).transpose()
    }

    /// Tells whether a sighting whose record stays shows that somebody else has changed such values.
    pub(super) fn has_other_values(&self, path: &str, content: Option<&Content>, is_own: bool) -> bool {
        !is_own && self.persons_values.are_others(path, content)
    }

    /// Owes the ledger a change of values that the record does not show.
    pub(super) fn enter_values(&mut self, path: &str, sighting: &Sighting) {
        let file = self.book.pages().records.get(path).and_then(|record| Some(record.place.as_ref()?.file.clone()));
        let user = self.user_of(sighting, &[]);
        let attribution = attribute(Event::Modified, &sighting.object, Vec::new(), user, None);
        self.owe(Entry {
            resource: sighting.resource.clone(),
            resource_version: metadata(&sighting.object, "resourceVersion").to_owned(),
            actor: attribution.actor,
            verb: Verb::Observe,
            summary: format!("Change values of {}, which {} keeps", sighting.resource, file.as_deref().unwrap_or(path)),
            at: sighting.seen_at,
            operations: Vec::new(),
            commit: None,
        });
    }
}

/// Writes a key as a JSON pointer has it.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
