//! Learns from the repository what is recorded, and gives the ledger what a crash kept from it.

use std::collections::HashMap;

use git2::{Oid, Repository as Git};
use model::git::CommitId;
use model::history::Verb;
use model::{ClusterName, PageRequest, ResourceRef};
use serde_json::Value;

use super::attribute::{metadata, wrote_since};
use super::book::{Book, Record, Written};
use super::trailers::{Found, Trailers};
use super::work::Work;
use crate::StartError;
use crate::ledger::{Operation, OperationResult};
use crate::repository::{Files, Identity, LogFilter, LogLine, Reading, RepositoryError, Rewrites, split_message};

/// As Denshimon writes to the cluster.
const FIELD_MANAGER: &str = "denshimon";
/// So many commits are searched for the one that wrote a record.
const SEARCHED: usize = 20_000;
/// So many commits are given to a ledger that knows none.
const RELINKED: usize = 2_000;

/// What the repository says at the start.
#[derive(Debug, Default)]
struct Learnt {
    files: Files,
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
        let (folder, cluster) = (self.book.folder(), self.book.cluster.clone());
        let learnt = self.repository.read(move |git, reading| learn(git, reading, &folder, &cluster)).await;
        let learnt = learnt.map_err(|error| {
            tracing::error!(error = %error, "the records cannot be read");
            StartError::Repository(
                "The records in the data directory cannot be read. Check DENSHIMON_DATA_DIR and its rights, or move \
                 repository.git away to have it made anew from the remote."
                    .into(),
            )
        })?;
        {
            let mut pages = self.book.pages();
            pages.head.clone_from(&learnt.files.head);
            for (path, blob) in &learnt.files.files {
                let origin = learnt.origins.get(path).cloned().unwrap_or_default();
                pages.records.insert(path.clone(), Record::recovered(*blob, origin));
            }
        }
        self.known_kinds = learnt.files.files.iter().filter_map(|(path, _)| kind_folder(&self.book, path)).collect();
        self.owe_rewrites(learnt.rewrites);
        self.owe_found(learnt.found, learnt.files.head);
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
        let folder = self.book.folder();
        let known: HashMap<String, Oid> = {
            let pages = self.book.pages();
            pages.records.iter().filter_map(|(path, record)| Some((path.clone(), record.blob?))).collect()
        };
        let (files, origins) = self
            .repository
            .read(move |git, reading| {
                let files = reading.files_under(git, &folder)?;
                let changed: Vec<&str> = files
                    .files
                    .iter()
                    .filter(|(path, blob)| known.get(path) != Some(blob))
                    .map(|(path, _)| path.as_str())
                    .collect();
                let origins = origins(git, reading, &changed)?;
                Ok((files, origins))
            })
            .await?;
        let mut pages = self.book.pages();
        pages.head.clone_from(&files.head);
        let here: HashMap<&str, Oid> = files.files.iter().map(|(path, blob)| (path.as_str(), *blob)).collect();
        for (path, record) in &mut pages.records {
            record.set_blob(here.get(path.as_str()).copied());
        }
        for (path, blob) in &files.files {
            let record = pages.records.entry(path.clone()).or_default();
            record.set_blob(Some(*blob));
            if let Some(origin) = origins.get(path) {
                (record.written, record.unread) = (origin.written.clone(), true);
            }
        }
        pages.records.retain(|_, record| record.live || record.blob.is_some() || record.planned.is_some());
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
    fn recovered(blob: Oid, origin: Origin) -> Self {
        Self { blob: Some(blob), own: origin.own, written: origin.written, unread: true, ..Self::default() }
    }
}

/// Returns the folder that a record of this kind lies in, such as `deployment`.
pub(super) fn kind_folder(book: &Book, path: &str) -> Option<String> {
    let below = path.strip_prefix(&book.folder())?.strip_prefix('/')?;
    below.split('/').nth(1).map(str::to_owned)
}

fn learn(git: &Git, reading: &Reading, folder: &str, cluster: &ClusterName) -> Result<Learnt, RepositoryError> {
    let files = reading.files_under(git, folder)?;
    let paths: Vec<&str> = files.files.iter().map(|(path, _)| path.as_str()).collect();
    let origins = origins(git, reading, &paths)?;
    // A replay that was cut short before the branch moved has rewritten nothing.
    let mut rewrites = reading.rewrites()?;
    let mut kept = Vec::new();
    for (old, new) in rewrites.0.drain(..) {
        if reading.contains(git, &new)? {
            kept.push((old, new));
        }
    }
    let linked = reading.linked(git)?;
    let unknown = reading.since(git, linked, RELINKED)?;
    let found = unknown.iter().filter_map(|line| found_in(line, cluster)).collect();
    let newest = reading.log(git, &LogFilter::default(), PageRequest { number: 1, size: 200 })?;
    let pushed = newest.items.into_iter().filter(|line| line.pushed).map(|line| line.id).collect();
    Ok(Learnt { files, origins, found, rewrites: Rewrites(kept), pushed })
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

/// Finds the newest commit of each path, and what Denshimon last wrote there.
fn origins(git: &Git, reading: &Reading, paths: &[&str]) -> Result<HashMap<String, Origin>, RepositoryError> {
    let mut origins: HashMap<String, Origin> =
        paths.iter().map(|path| ((*path).to_owned(), Origin::default())).collect();
    let mut open = origins.len();
    let own_name = Identity::denshimon();
    reading.walk_back(git, SEARCHED, |line| {
        let own = line.committer == own_name.name();
        for file in &line.files {
            let Some(origin) = origins.get_mut(&file.path) else { continue };
            origin.written.get_or_insert_with(|| Written {
                commit: line.id.clone(),
                at: line.authored_at,
                by: line.author.clone(),
            });
            if own && origin.own.is_none() {
                origin.own = Some(file.new_blob());
                open -= 1;
            }
        }
        open > 0
    })?;
    Ok(origins)
}
