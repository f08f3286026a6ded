//! Learns from the repository what is recorded, and gives the ledger what a crash kept from it.

use std::collections::HashMap;
use std::sync::Arc;

use git2::{Oid, Repository as Git};
use model::git::CommitId;
use model::history::Verb;
use model::{ClusterName, PageRequest, ResourceRef};
use serde_json::Value;

use super::attribute::{metadata, wrote_since};
use super::book::{Book, Record, Written};
use super::counts::kind_part;
use super::people::{Ground, Known, Placed, Survey, find};
use super::trailers::{Found, Trailers};
use super::work::Work;
use crate::StartError;
use crate::ledger::{Operation, OperationResult};
use crate::repository::{Identity, LogFilter, LogLine, Reading, RepositoryError, Rewrites, split_message};

/// As Denshimon writes to the cluster.
const FIELD_MANAGER: &str = "denshimon";
/// So many commits are searched for the one that wrote a record.
const SEARCHED: usize = 20_000;
/// So many commits are given to a ledger that knows none.
const RELINKED: usize = 2_000;

/// What the repository says at the start.
#[derive(Debug, Default)]
struct Learnt {
    survey: Survey,
    origins: HashMap<String, Origin>,
    found: Vec<Found>,
    rewrites: Rewrites,
    pushed: Vec<CommitId>,
}

/// Where a record at the head comes from.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    written: Option<Written>,
    /// As Denshimon last wrote it.
    own: Option<Oid>,
}

impl Work {
    /// Fills the book from the head and brings the ledger up to it.
    pub(super) async fn recover(&mut self) -> Result<(), StartError> {
        let ground = self.ground.clone();
        let learnt = self.repository.read(move |git, reading| learn(git, reading, &ground)).await;
        let learnt = learnt.map_err(|error| {
            tracing::error!(error = %error, "the records cannot be read");
            StartError::Repository(
                "The records in the data directory cannot be read. Check DENSHIMON_DATA_DIR and its rights, or move \
                 repository.git away to have it made anew from the remote."
                    .into(),
            )
        })?;
        {
            let folder = self.book.folder();
            let mut pages = self.book.pages();
            pages.head.clone_from(&learnt.survey.head);
            pages.left_alone.clone_from(&learnt.survey.left_alone);
            for (path, blob, place) in learnt.survey.records() {
                let origin = learnt.origins.get(path).cloned().unwrap_or_default();
                pages.records.insert(path.clone(), Record::recovered(blob, place, origin));
            }
            pages.count_records(&folder);
        }
        self.known_kinds = learnt.survey.records().filter_map(|(path, ..)| kind_folder(&self.book, path)).collect();
        self.files = learnt.survey.known;
        self.owe_rewrites(learnt.rewrites);
        self.owe_found(learnt.found, learnt.survey.head);
        self.owe_pushed(learnt.pushed);
        self.pay().await;
        self.started = self.journal.started().await;
        Ok(())
    }

    /// Answers operations of an earlier run on a resource from what the cluster shows of them; `None`: it is not there.
    pub(super) async fn answer_started(&mut self, resource: &ResourceRef, object: Option<&Value>) {
        let (about, others) = std::mem::take(&mut self.started).into_iter().partition(|op| op.resource == *resource);
        self.started = others;
        let about: Vec<Operation> = about;
        for operation in about {
            let result = answer(&operation, object);
            if let Err(error) = self.journal.answer(&operation.id, result).await {
                tracing::error!(error = %error, "an operation of an earlier run could not be answered");
                self.started.push(operation);
            }
        }
    }

    /// Reads the head again after others have moved it.
    pub(super) async fn read_head(&mut self) -> Result<(), RepositoryError> {
        let (ground, read) = (self.ground.clone(), self.files.clone());
        let known: HashMap<String, Oid> = {
            let pages = self.book.pages();
            pages.records.iter().filter_map(|(path, record)| Some((path.clone(), record.blob?))).collect()
        };
        let (survey, origins) = self
            .repository
            .read(move |git, reading| {
                let survey = ground.survey(git, reading, &read)?;
                let changed = survey.records().filter(|(path, blob, _)| known.get(*path) != Some(blob));
                let changed = changed.map(|(path, _, place)| (path.as_str(), place));
                let origins = origins(git, reading, &ground, changed, Wanted::Written)?;
                Ok((survey, origins))
            })
            .await?;
        let folder = self.book.folder();
        let mut pages = self.book.pages();
        pages.head.clone_from(&survey.head);
        pages.left_alone.clone_from(&survey.left_alone);
        let gone = |path: &String| !survey.own.contains_key(path) && !survey.placed.contains_key(path);
        for (_, record) in pages.records.iter_mut().filter(|(path, _)| gone(path)) {
            record.set_blob(None);
            record.place = None;
        }
        for (path, blob, place) in survey.records() {
            let record = pages.records.entry(path.clone()).or_default();
            record.set_blob(Some(blob));
            record.place = place.cloned().map(Arc::new);
            if let Some(origin) = origins.get(path) {
                // What a person's file means is known already.
                (record.written, record.unread) = (origin.written.clone(), place.is_none());
            }
        }
        pages.records.retain(|_, record| record.live || record.blob.is_some() || record.planned.is_some());
        pages.count_records(&folder);
        pages.drift_changed = true;
        drop(pages);
        self.files = survey.known;
        // What was in the way may be gone.
        self.try_obstructed();
        Ok(())
    }
}

/// A write leaves its mark with the API server: Denshimon's name and the time, or the missing object.
fn answer(operation: &Operation, object: Option<&Value>) -> OperationResult {
    let deleted = |object: &Value| !metadata(object, "deletionTimestamp").is_empty();
    let applied = match (operation.verb, object) {
        (Verb::Delete, object) => object.is_none_or(deleted),
        (_, Some(object)) => wrote_since(object, FIELD_MANAGER, operation.started_at),
        (_, None) => false,
    };
    if !applied {
        return OperationResult::Interrupted;
    }
    let of_object = |field: &str| object.map(|object| metadata(object, field).to_owned()).unwrap_or_default();
    OperationResult::Applied { uid: of_object("uid"), resource_version: object.map(|_| of_object("resourceVersion")) }
}

impl Record {
    fn recovered(blob: Oid, place: Option<&Placed>, origin: Origin) -> Self {
        Self {
            blob: Some(blob),
            own: origin.own,
            written: origin.written,
            unread: place.is_none(),
            place: place.cloned().map(Arc::new),
            ..Self::default()
        }
    }
}

/// Returns the folder that a record of this kind lies in, such as `deployment`.
pub(super) fn kind_folder(book: &Book, path: &str) -> Option<String> {
    kind_part(path, &book.folder()).map(str::to_owned)
}

fn learn(git: &Git, reading: &Reading, ground: &Ground) -> Result<Learnt, RepositoryError> {
    let survey = ground.survey(git, reading, &Known::default())?;
    let records = survey.records().map(|(path, _, place)| (path.as_str(), place));
    let origins = origins(git, reading, ground, records, Wanted::All)?;
    let follow = || reading.rewrites()?.followed(|id| reading.contains(git, id));
    let rewrites = at_one_head(|| reading.head(git), follow)?;
    let linked = reading.linked(git)?;
    // One that knows some is to know all.
    let unknown = reading.since(git, linked, if linked.is_some() { usize::MAX } else { RELINKED })?;
    let found = unknown.iter().filter_map(|line| found_in(line, &ground.cluster)).collect();
    let newest = reading.log(git, &LogFilter::default(), PageRequest { number: 1, size: 200 })?;
    let pushed = newest.items.into_iter().filter(|line| line.pushed).map(|line| line.id).collect();
    Ok(Learnt { survey, origins, found, rewrites, pushed })
}

/// Reads until the head stays meanwhile: the publisher may replay at the same time, and commits that were followed to a
/// head that is gone by then would lead nowhere.
fn at_one_head<T>(
    mut head: impl FnMut() -> Result<Option<Oid>, RepositoryError>,
    mut read: impl FnMut() -> Result<T, RepositoryError>,
) -> Result<T, RepositoryError> {
    loop {
        let before = head()?;
        let read = read()?;
        if head()? == before {
            return Ok(read);
        }
    }
}

/// Reads what one of our own commits says of itself.
fn found_in(line: &LogLine, cluster: &ClusterName) -> Option<Found> {
    if line.committer != Identity::denshimon().name() {
        return None;
    }
    let (subject, _, lines) = split_message(&line.message);
    let trailers = Trailers::read(&lines).filter(|trailers| trailers.cluster == *cluster)?;
    Some(Found { commit: line.id.clone(), pushed: line.pushed, at: line.authored_at, subject, trailers })
}

/// How much of the origins has to be known, which decides how far back in history the search goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Written,
    All,
}

/// Finds the newest commit of each record, and what Denshimon last wrote there.
fn origins<'a>(
    git: &Git,
    reading: &Reading,
    ground: &Ground,
    records: impl Iterator<Item = (&'a str, Option<&'a Placed>)>,
    wanted: Wanted,
) -> Result<HashMap<String, Origin>, RepositoryError> {
    let mut origins: HashMap<String, Origin> = HashMap::new();
    let mut by_file: HashMap<&str, Vec<(&str, Option<&Placed>)>> = HashMap::new();
    for (path, place) in records {
        origins.insert(path.to_owned(), Origin::default());
        by_file.entry(place.map_or(path, |place| &place.file)).or_default().push((path, place));
    }
    let mut open = origins.len();
    if open == 0 {
        return Ok(origins);
    }
    let own_name = Identity::denshimon();
    reading.walk_back(git, SEARCHED, |line| {
        let own = line.committer == own_name.name();
        for file in &line.files {
            for (path, place) in by_file.get(file.path.as_str()).into_iter().flatten() {
                let Some(origin) = origins.get_mut(*path) else { continue };
                let is_known = |origin: &Origin| match wanted {
                    Wanted::Written => origin.written.is_some(),
                    Wanted::All => origin.own.is_some(),
                };
                let known = is_known(origin);
                origin.written.get_or_insert_with(|| Written {
                    commit: line.id.clone(),
                    at: line.authored_at,
                    by: line.author.clone(),
                });
                if own && origin.own.is_none() {
                    origin.own = match place {
                        None => Some(file.new_blob()),
                        Some(place) => meaning_in(git, reading, ground, line, file.new_blob(), place),
                    };
                }
                open -= usize::from(!known && is_known(origin));
            }
        }
        open > 0
    })?;
    Ok(origins)
}

/// Reads what one of our own commits wrote for a resource into a person's file, if the commit is about it.
fn meaning_in(git: &Git, reading: &Reading, ground: &Ground, line: &LogLine, blob: Oid, place: &Placed) -> Option<Oid> {
    let trailers = Trailers::read(&split_message(&line.message).2)?;
    trailers.blocks.iter().find(|block| block.resource == place.resource)?;
    let text = reading.text_of(git, blob).ok()??;
    ground.meaning_of(&find(&place.file, &text, &place.resource)?.tree).ok()
}
