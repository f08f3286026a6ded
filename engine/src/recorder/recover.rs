//! Learns from the repository what is recorded, and gives the ledger what a crash kept from it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use git2::{Oid, Repository as Git};
use model::ClusterName;
use model::git::CommitId;

use super::book::{Book, Record};
use super::counts::kind_part;
use super::malformed::{Malformed, malformed};
use super::origins::{Origin, all_origins, new_origins};
use super::people::{Ground, Known, Placed, Survey};
use super::trailers::{Found, Trailers};
use super::work::Work;
use crate::StartError;
use crate::repository::{Identity, LogLine, Reading, RepositoryError, Rewrites, split_message};

/// So many commits are given to a ledger that knows none.
const RELINKED: usize = 2_000;

/// What the repository says at the start.
#[derive(Debug, Default)]
struct Learnt {
    survey: Survey,
    origins: HashMap<String, Origin>,
    /// So many commits were read for them.
    searched: usize,
    malformed: Malformed,
    untold: Untold,
}

/// What the repository says and the ledger may not know.
#[derive(Debug, Default)]
pub(super) struct Untold {
    pub(super) head: Option<CommitId>,
    pub(super) rewrites: Rewrites,
    pub(super) found: Vec<Found>,
}

impl Work {
    /// Fills the book from the head and brings the ledger up to it.
    pub(super) async fn recover(&mut self) -> Result<(), StartError> {
        let (ground, read) = (self.ground.clone(), self.files.clone());
        let learnt = self.repository.read(move |git, reading| learn(git, reading, &ground, &read)).await;
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
            for (path, blob, place) in learnt.survey.records() {
                let origin = learnt.origins.get(path).cloned().unwrap_or_default();
                pages.records.insert(path.clone(), Record::recovered(blob, place, origin));
            }
            pages.count_records(&folder);
            pages.leave_alone(&learnt.survey, learnt.malformed);
        }
        self.known_kinds = learnt.survey.records().filter_map(|(path, ..)| kind_folder(&self.book, path)).collect();
        self.files = learnt.survey.known;
        self.owe_untold(learnt.untold);
        self.pay().await;
        self.keep_origins_after_search(learnt.searched).await;
        Ok(())
    }

    /// Reads the head again after others have moved it.
    pub(super) async fn read_head(&mut self) -> Result<(), RepositoryError> {
        let (ground, read) = (self.ground.clone(), self.files.clone());
        let known: HashMap<String, Oid> = {
            let pages = self.book.pages();
            pages.records.iter().filter_map(|(path, record)| Some((path.clone(), record.blob?))).collect()
        };
        let (survey, origins, malformed) = self
            .repository
            .read(move |git, reading| {
                let survey = ground.survey(git, reading, &read)?;
                let changed = survey.records().filter(|(path, blob, _)| known.get(*path) != Some(blob));
                let changed = changed.map(|(path, _, place)| (path.as_str(), place));
                let origins = new_origins(git, reading, &ground, changed)?;
                let others = survey.own.iter().filter(|(path, blob)| known.get(*path) != Some(*blob));
                let malformed = malformed(git, reading, others.map(|(path, blob)| (path, *blob)))?;
                Ok((survey, origins, malformed))
            })
            .await?;
        let folder = self.book.folder();
        let mut pages = self.book.pages();
        pages.head.clone_from(&survey.head);
        let gone = |path: &String| !survey.own.contains_key(path) && !survey.placed.contains_key(path);
        for (_, record) in pages.records.iter_mut().filter(|(path, _)| gone(path)) {
            record.set_blob(None);
            record.place = None;
        }
        let mut reworded = HashSet::new();
        for (path, blob, place) in survey.records() {
            let record = pages.records.entry(path.clone()).or_default();
            let before = record.drifted;
            record.set_blob(Some(blob));
            // Whether it only says the same in other words, the cluster tells.
            reworded.extend(place.filter(|_| record.drifted && !before).map(|place| place.resource.kind.clone()));
            record.place = place.cloned().map(Arc::new);
            if let Some(origin) = origins.get(path) {
                // What a person's file means is known already.
                (record.written, record.unread) = (origin.written.clone(), place.is_none());
            }
        }
        pages.records.retain(|_, record| record.live || record.blob.is_some() || record.planned.is_some());
        pages.count_records(&folder);
        pages.leave_alone(&survey, malformed);
        pages.drift_changed = true;
        drop(pages);
        self.lister.read_again(reworded);
        self.files = survey.known;
        // What was in the way may be gone.
        self.try_obstructed();
        Ok(())
    }
}

impl Record {
    fn recovered(blob: Oid, place: Option<&Placed>, origin: Origin) -> Self {
        Self {
            blob: Some(blob),
            own: origin.own,
            written: origin.written,
            kept_version: origin.seen,
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

fn learn(git: &Git, reading: &Reading, ground: &Ground, known: &Known) -> Result<Learnt, RepositoryError> {
    let survey = ground.survey(git, reading, known)?;
    let records = survey.records().map(|(path, _, place)| (path.as_str(), place));
    let (origins, searched) = all_origins(git, reading, ground, records)?;
    let others = survey.own.iter().filter(|(path, blob)| origins.get(*path).and_then(|it| it.own) != Some(**blob));
    let malformed = malformed(git, reading, others.map(|(path, blob)| (path, *blob)))?;
    let untold = untold(git, reading, &ground.cluster)?;
    Ok(Learnt { survey, origins, searched, malformed, untold })
}

/// Finds what the ledger may not know: which commits were made again, and what those say that it was not told of.
pub(super) fn untold(git: &Git, reading: &Reading, cluster: &ClusterName) -> Result<Untold, RepositoryError> {
    at_one_head(
        || reading.head(git),
        || {
            let head = reading.head(git)?.map(|id| id.to_string().parse::<CommitId>());
            let head = head.transpose().map_err(|_| RepositoryError::NotFound)?;
            let rewrites = reading.rewrites()?.followed(|id| reading.contains(git, id))?;
            let linked = reading.linked(git)?;
            // One that knows some is to know all.
            let unknown = reading.since(git, linked, if linked.is_some() { usize::MAX } else { RELINKED })?;
            let foreign = reading.foreign(git)?;
            let own = unknown.iter().filter(|line| !foreign.contains(&line.id));
            let found = own.filter_map(|line| found_in(line, cluster)).collect();
            Ok(Untold { head, rewrites, found })
        },
    )
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
    Some(Found { commit: line.id.clone(), at: line.authored_at, subject, trailers })
}
