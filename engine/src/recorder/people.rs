//! Resources that people keep in files of their own: found by what the files say, wherever they lie.
//!
//! A record is known by the path it would have by itself ([`manifest::record_path`]), also where it lies in a person's
//! file, perhaps with others. What counts there is the *meaning* of its document, the id of the text that Denshimon
//! would write for it, so that comments and notation make no difference.

use std::collections::HashMap;
use std::sync::Arc;

use git2::{Oid, Repository as Git};
use manifest::{
    Contents, Found, LeftAlone, Manifest, ParseError, Surroundings, read_contents, read_resources, render_tree,
    resource_at,
};
use model::sync::LeftAloneFile;
use model::{ClusterName, ResourceRef};
use serde_json::Value;

use super::book::folder_of;
use super::plan::read_record;
use crate::EngineConfig;
use crate::repository::{Files, NoFile, Reading, RepositoryError, blob_id};
use crate::sealing::Sealer;

/// Beyond so many files that are left alone, the page names no more.
pub(super) const NAMED: usize = 200;

/// Where this cluster's records are to be looked for.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    pub(super) cluster: ClusterName,
    /// The folder in the repository that holds `clusters/`.
    pub(super) root: String,
    /// This cluster's own folder.
    pub(super) folder: String,
    /// Knows which values of a file are a person's and no record's.
    pub(super) sealer: Arc<Sealer>,
}

/// What the files at a head hold, by the path that each record would have by itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    pub(super) head: Option<model::git::CommitId>,
    /// Records in files of their own.
    pub(super) own: HashMap<String, Oid>,
    /// Those in people's files.
    pub(super) placed: HashMap<String, Placed>,
    pub(super) left_alone: Vec<LeftAloneFile>,
    /// For the next survey: most files are the same then.
    pub(super) known: Arc<Known>,
}

/// A resource in a person's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) file: String,
    pub(super) meaning: Oid,
    pub(super) resource: ResourceRef,
    /// Without the group.
    pub(super) version: String,
    pub(super) line: u32,
}

/// What a file was read as.
type Reads = Result<Vec<Placed>, LeftAlone>;

/// People's files as they were read.
#[derive(Debug, Default)]
pub(crate) struct Known {
    surroundings: Surroundings,
    files: HashMap<String, (Oid, Arc<Reads>)>,
}

impl Ground {
    pub(super) fn new(config: &EngineConfig, sealer: Arc<Sealer>) -> Self {
        let cluster = config.cluster.name.clone();
        let folder = folder_of(&cluster, &config.repository.path);
        let root = folder.strip_suffix(&format!("clusters/{cluster}")).unwrap_or_default().to_owned();
        Self { cluster, root, folder, sealer }
    }

    /// Looks through the files at the head.
    pub(super) fn survey(&self, git: &Git, reading: &Reading, known: &Known) -> Result<Survey, RepositoryError> {
        let Files { head, files, others: no_files } = reading.files_under(git, &self.root)?;
        let mut survey = Survey { head, ..Survey::default() };
        let own_folder = format!("{}/", self.folder);
        let all_clusters = own_folder.strip_suffix(&format!("{}/", self.cluster)).unwrap_or_default().to_owned();
        // With several clusters nobody can tell whose a file outside of their folders is.
        let alone = files.iter().all(|(path, _)| !path.starts_with(&all_clusters) || path.starts_with(&own_folder));
        let is_looked_at = |path: &str| path.starts_with(&own_folder) || (alone && !path.starts_with(&all_clusters));
        let mut others = Vec::new();
        for (path, blob) in files {
            if path.starts_with(&own_folder) && resource_at(&path, &self.root).is_some() {
                survey.own.insert(path, blob);
            } else if is_looked_at(&path) && is_text(&path) {
                others.push((path, blob));
            }
        }
        for (path, what) in no_files.iter().filter(|(path, _)| is_looked_at(path)) {
            survey.leave_alone(path, no_file(*what).to_owned(), false);
        }
        let mut surroundings = Surroundings::default();
        for (path, blob) in others.iter().filter(|(path, _)| Surroundings::reads(path)) {
            if let Some(text) = reading.text_of(git, *blob)? {
                surroundings.add(path, &text);
            }
        }
        let mut read = Known { surroundings, files: HashMap::new() };
        for (path, blob) in others {
            let before =
                known.files.get(&path).filter(|(at, _)| *at == blob && known.surroundings == read.surroundings);
            let contents = match before {
                Some((_, contents)) => contents.clone(),
                None => Arc::new(self.read(git, reading, &path, blob, &read.surroundings)?),
            };
            survey.add(&path, &contents, &self.root);
            read.files.insert(path, (blob, contents));
        }
        survey.known = Arc::new(read);
        Ok(survey)
    }

    fn read(
        &self,
        git: &Git,
        reading: &Reading,
        path: &str,
        blob: Oid,
        surroundings: &Surroundings,
    ) -> Result<Reads, RepositoryError> {
        let Some(text) = reading.text_of(git, blob)? else {
            // Asked of the header, before it is in memory.
            let too_large = git.odb()?.read_header(blob)?.0 > manifest::MAX_BYTES;
            let message = "It is no text in UTF-8.".to_owned();
            let malformed = LeftAlone::Malformed(ParseError { line: 1, column: 1, message });
            return Ok(Err(if too_large { LeftAlone::TooLarge } else { malformed }));
        };
        let found = match read_contents(path, &text, surroundings) {
            Contents::Resources(found) => found,
            Contents::LeftAlone(reason) => return Ok(Err(reason)),
        };
        let placed = found.into_iter().map(|found| {
            let (resource, line) = (found.resource(&self.cluster), found.line);
            let meaning = self.meaning_of(&found.tree)?;
            Ok(Placed { file: path.to_owned(), meaning, resource, version: found.version, line })
        });
        placed.collect::<Result<_, RepositoryError>>().map(Ok)
    }

    /// Returns the id of the text that Denshimon would write for a document of a person's file.
    ///
    /// Values that records do not hold are the person's, and no difference.
    pub(super) fn meaning_of(&self, document: &Value) -> Result<Oid, RepositoryError> {
        blob_id(render_tree(&self.sealer.forget(&manifest::sanitize(document))).as_bytes())
    }
}

impl Survey {
    fn add(&mut self, path: &str, contents: &Reads, root: &str) {
        let placed = match contents {
            Ok(placed) => placed,
            Err(LeftAlone::NotKubernetes) => return,
            Err(reason) => return self.leave_alone(path, words(reason), is_wrong(reason)),
        };
        for placed in placed {
            let key: String = manifest::record_path(&placed.resource, root).into();
            let first = match self.placed.get(&key) {
                Some(first) => format!("{}, line {}", first.file, first.line),
                None if self.own.contains_key(&key) => key.clone(),
                None => {
                    self.placed.insert(key, placed.clone());
                    continue;
                }
            };
            let words = format!("Line {} describes {}, as {first} does, which counts.", placed.line, placed.resource);
            self.leave_alone(path, words, true);
        }
    }

    fn leave_alone(&mut self, path: &str, reason: String, wrong: bool) {
        if self.left_alone.len() < NAMED {
            self.left_alone.push(LeftAloneFile { path: path.to_owned(), reason, wrong });
        }
    }

    /// Returns what each record says, by the path that it would have by itself.
    pub(super) fn records(&self) -> impl Iterator<Item = (&String, Oid, Option<&Placed>)> {
        let own = self.own.iter().map(|(key, blob)| (key, *blob, None));
        own.chain(self.placed.iter().map(|(key, placed)| (key, placed.meaning, Some(placed))))
    }
}

/// Finds a resource in a file's text.
///
/// What the text looks like to other programs was asked when the file was found: nothing that is in braces by now is to
/// make Denshimon lose sight of it.
pub(super) fn find(text: &str, resource: &ResourceRef) -> Option<Found> {
    let found = read_resources(text).ok()?;
    found.into_iter().find(|found| found.resource(&resource.cluster) == *resource)
}

/// Reads a record, wherever it lies; `None` when nothing there can be read as one.
pub(super) fn read_manifest(
    git: &Git,
    reading: &Reading,
    path: &str,
    place: Option<&Placed>,
) -> Result<Option<Manifest>, RepositoryError> {
    let text = reading.record_text(git, place.map_or(path, |place| &place.file))?;
    Ok(match (text, place) {
        (None, _) => None,
        (Some(text), None) => read_record(&text),
        (Some(text), Some(place)) => find(&text, &place.resource).map(|found| manifest::sanitize(&found.tree)),
    })
}

fn words(reason: &LeftAlone) -> String {
    match reason {
        LeftAlone::Malformed(error) => format!("Line {}: {}", error.line, error.message),
        reason => reason.to_string(),
    }
}

fn no_file(what: NoFile) -> &'static str {
    match what {
        NoFile::Link => "It is a symbolic link: what it leads to counts where it lies itself.",
        NoFile::Submodule => "It is a submodule: what is in it belongs to another repository.",
    }
}

/// Tells what a person has to put right from what is merely not Denshimon's.
fn is_wrong(reason: &LeftAlone) -> bool {
    matches!(reason, LeftAlone::Malformed(_) | LeftAlone::TooLarge | LeftAlone::Twice { .. })
}

fn is_text(path: &str) -> bool {
    [".yaml", ".yml", ".json", "/Kustomization"].iter().any(|ending| path.ends_with(ending)) || path == "Kustomization"
}
