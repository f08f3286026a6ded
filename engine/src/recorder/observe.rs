//! Compares what is seen with what is recorded, and decides what is to be done.

use std::sync::Arc;
use std::time::Instant;

use manifest::{SchemaDefaults, left_out, render, sanitize_custom};
use model::history::Verb;
use model::sync::WatchState;
use model::{Kind, ResourceRef, Timestamp};
use serde_json::Value;

use super::attribute::{Attribution, Event, attribute, metadata, scaler};
use super::book::Decision;
use super::plan::read_record;
use super::recover::kind_folder;
use super::window::{Change, Content};
use super::work::Work;
use crate::cluster::{Observed, makes_kinds};
use crate::repository::{RepositoryError, blob_id};

/// A resource as it was seen.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    resource: ResourceRef,
    object: Arc<Value>,
    seen_at: Timestamp,
    initial: bool,
    gone: bool,
}

impl Work {
    /// Takes in what a watch says.
    pub(super) async fn observe(&mut self, observed: Observed) {
        match observed {
            Observed::Changed { resource, object, seen_at, initial } => {
                self.sight(Sighting { resource, object, seen_at, initial, gone: false }).await;
            }
            Observed::Deleted { resource, object, seen_at } => {
                self.sight(Sighting { resource, object, seen_at, initial: false, gone: true }).await;
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
            // The server deletes the resources of a kind before the kind, and tells each; records that are left after
            // that stay, since nobody can list what they were.
            Observed::Gone { kind } => drop(self.book.pages().kinds.remove(&kind)),
        }
    }

    /// Takes in a resource, after the answer to a write on it that is under way.
    async fn sight(&mut self, sighting: Sighting) {
        self.book.pages().kinds.entry(sighting.resource.kind.clone()).or_default();
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
        for sighting in self.deferred.remove(resource).into_iter().flatten() {
            self.compare(sighting).await;
        }
    }

    async fn compare(&mut self, sighting: Sighting) {
        if !self.started.is_empty() {
            let object = (!sighting.gone).then(|| sighting.object.clone());
            self.answer_started(&sighting.resource, object.as_deref()).await;
        }
        let path = self.book.path_of(&sighting.resource);
        if !sighting.gone {
            self.refused.remove(&path);
        }
        if makes_kinds(&sighting.resource.kind) {
            self.schemas.learn(&sighting.object);
        }
        let content = match content_of(&sighting, &self.schemas) {
            Ok(content) => content,
            Err(error) => {
                tracing::error!(error = %error, resource = %sighting.resource, "a resource cannot be rendered");
                return;
            }
        };
        let blob = content.as_ref().map(|content| content.blob);
        let (mut decision, unread, known, recorded) = {
            let mut pages = self.book.pages();
            // Nothing is remembered of what is neither recorded nor to be.
            match pages.records.get_mut(&path) {
                None if blob.is_none() => (Decision::Same, false, false, false),
                None => (Decision::Record, false, false, false),
                Some(record) => {
                    let known = record.planned.unwrap_or(record.blob).is_some();
                    (record.decide(blob), record.unread && record.planned.is_none(), known, record.blob.is_some())
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
        if decision != Decision::Record {
            self.note_same(&path, &sighting, decision, blob.is_some());
            self.enter_unchanged(&sighting.resource, &sighting.object, causes, sighting.seen_at);
            return;
        }
        let event = match (known, &content) {
            (_, None) => Event::Gone,
            (false, _) => Event::New,
            (true, _) => Event::Modified,
        };
        let scaler = match scaler(&sighting.object) {
            Some(scaler) if event == Event::Modified && self.replicas_differ(&path, &sighting.object).await => {
                Some(scaler)
            }
            _ => None,
        };
        let attribution = attribute(event, &sighting.object, causes, scaler);
        self.claim(&attribution);
        let change = Change {
            resource: sighting.resource.clone(),
            path: path.clone(),
            resource_version: metadata(&sighting.object, "resourceVersion").to_owned(),
            content,
            verb: verb_of(&attribution, event),
            causes: attribution.causes.clone(),
            seen_at: sighting.seen_at,
        };
        {
            let mut pages = self.book.pages();
            let record = pages.records.entry(path.clone()).or_default();
            record.planned = Some(blob);
            record.live = !sighting.gone;
            record.drifted = false;
            pages.held.remove(&path);
        }
        let first = sighting.initial
            && event == Event::New
            && attribution.causes.is_empty()
            && kind_folder(&self.book, &path).is_some_and(|folder| !self.known_kinds.contains(&folder));
        if first {
            self.window.add_found(change, Instant::now());
        } else {
            self.window.add(change, attribution, Instant::now());
        }
    }

    /// Notes that a resource is, or is not, there and needs no commit.
    fn note_same(&mut self, path: &str, sighting: &Sighting, decision: Decision, recorded: bool) {
        let mut pages = self.book.pages();
        if !sighting.gone {
            pages.held.remove(path);
        }
        if let Some(record) = pages.records.get_mut(path) {
            record.live = !sighting.gone;
            record.drifted = decision == Decision::Drifted;
            if decision == Decision::Same && record.planned.is_none() && recorded {
                record.own = record.blob;
                record.unread = record.same_as.is_some();
            }
        }
    }

    /// Tells whether the text at the head is another rendering of the same manifest.
    async fn says_the_same(&mut self, path: &str, content: &Content) -> bool {
        let (path, new) = (path.to_owned(), content.text.clone());
        let same = self.repository.read(move |git, reading| {
            let Some(old) = reading.record_text(git, &path)? else { return Ok(false) };
            let (old, new) = (read_record(&old), read_record(&new));
            Ok(old.is_some() && old == new)
        });
        same.await.unwrap_or(false)
    }

    /// Tells whether the record at the head has other replicas.
    async fn replicas_differ(&mut self, path: &str, object: &Value) -> bool {
        let path = path.to_owned();
        let recorded = self
            .repository
            .read(move |git, reading| Ok(reading.record_text(git, &path)?.and_then(|text| read_record(&text))));
        let replicas = |manifest: &Value| manifest.pointer("/spec/replicas").cloned();
        matches!(recorded.await, Ok(Some(recorded)) if replicas(recorded.tree()) != replicas(object))
    }

    /// Takes in a complete list of a kind: what it lacks is not there.
    async fn listed(&mut self, kind: &Kind, present: &[ResourceRef]) {
        {
            let mut pages = self.book.pages();
            let followed = pages.kinds.entry(kind.clone()).or_default();
            followed.state = WatchState::Watching;
            followed.listed = true;
        }
        let absent: Vec<ResourceRef> = self
            .started
            .iter()
            .map(|operation| operation.resource.clone())
            .filter(|resource| resource.kind == *kind && !present.contains(resource))
            .collect();
        for resource in absent {
            self.answer_started(&resource, None).await;
            // Without a record nothing will be committed for it.
            if self.book.record_is_absent(&resource) {
                self.enter_unrecorded(&resource).await;
            }
        }
        self.sweep(kind, present).await;
    }
}

fn content_of(sighting: &Sighting, schemas: &SchemaDefaults) -> Result<Option<Content>, RepositoryError> {
    // What is owned by a controller or made by the server has no record; one that becomes so loses it.
    if sighting.gone || left_out(&sighting.object).is_some() {
        return Ok(None);
    }
    let text = render(&sanitize_custom(&sighting.object, schemas));
    Ok(Some(Content { blob: blob_id(text.as_bytes())?, text }))
}

fn verb_of(attribution: &Attribution, event: Event) -> Verb {
    match (attribution.causes.last(), event) {
        (Some(cause), _) => cause.verb,
        (None, Event::New) => Verb::Create,
        (None, Event::Gone) => Verb::Delete,
        (None, Event::Modified) => Verb::Observe,
    }
}
