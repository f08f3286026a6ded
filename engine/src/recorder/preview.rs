//! What a rule would have left out, judged by the commits and records that there are.

use std::collections::HashMap;

use git2::Repository as Git;
use manifest::{Ignoring, Manifest, record_path, resource_at};
use model::ResourceRef;
use model::git::FileStatus;
use model::ignore::{IgnorePreview, LeftOutCommit};
use serde_json::Value;

use super::book::folder_of;
use super::plan::read_record;
use crate::repository::{LogLine, Reading, Repository, RepositoryError, split_message};
use crate::{EngineConfig, Error};

/// So many of the newest commits are looked at.
const COMMITS: usize = 500;
/// So many records are named.
const NAMED: usize = 20;

/// Looks at commits and records as they would be under a rule; one by manager goes by who owns the fields of live
/// resources now.
///
/// # Errors
/// The repository cannot be read.
pub(crate) async fn preview(
    repository: &Repository,
    config: &EngineConfig,
    words: String,
    rule: Ignoring,
    owners: Option<Vec<(ResourceRef, Value)>>,
) -> Result<IgnorePreview, Error> {
    let (folder, root) = (folder_of(&config.cluster.name, &config.repository.path), config.repository.path.clone());
    let by_path = |owners: Vec<(ResourceRef, Value)>| {
        owners.into_iter().map(|(resource, object)| (record_path(&resource, &root).into(), object)).collect()
    };
    let owners = owners.map(by_path);
    let judge = Judge { prefix: format!("{folder}/"), folder, root, rule, owners };
    let read = repository.read(move |git, reading| judge.judge(git, reading, words)).await;
    read.map_err(|error| Error::unavailable("the repository in the data directory", error))
}

struct Judge {
    folder: String,
    prefix: String,
    root: String,
    rule: Ignoring,
    /// For a rule by manager: the live objects that it concerns, by the paths of their records.
    owners: Option<HashMap<String, Value>>,
}

impl Judge {
    fn judge(&self, git: &Git, reading: &Reading, words: String) -> Result<IgnorePreview, RepositoryError> {
        let managed = self.owners.as_ref().map(|owners| u32::try_from(owners.len()).unwrap_or(u32::MAX));
        let (commits, paths) = (Vec::new(), Vec::new());
        let mut preview = IgnorePreview { words, managed, commits_read: 0, commits, records: 0, paths };
        let mut failure = None;
        reading.walk_back(git, None, COMMITS, |line| {
            match self.leaves_out(git, reading, line) {
                Ok(whole) => {
                    preview.commits_read += 1;
                    preview.commits.extend(whole.then(|| told(line)));
                }
                Err(error) => failure = Some(error),
            }
            failure.is_none()
        })?;
        if let Some(error) = failure {
            return Err(error);
        }
        for (path, blob) in reading.files_under(git, &self.folder)?.files {
            if !self.may_fit(&path) {
                continue;
            }
            let record = reading.text_of(git, blob)?.as_deref().and_then(read_record);
            if record.is_some_and(|record| self.without(&path, Some(record.clone())).as_ref() != Some(&record)) {
                preview.records += 1;
                if preview.paths.len() < NAMED {
                    preview.paths.push(path);
                }
            }
        }
        Ok(preview)
    }

    /// Tells whether nothing would be left of a commit.
    fn leaves_out(&self, git: &Git, reading: &Reading, line: &LogLine) -> Result<bool, RepositoryError> {
        let fits = line.files.iter().all(|file| {
            // A record comes and goes with its resource, unless that is left out altogether.
            (self.rule.is_whole() || file.status == FileStatus::Modified) && self.may_fit(&file.path)
        });
        if line.files.is_empty() || !fits {
            return Ok(false);
        }
        for file in &line.files {
            let sides = reading.contents(git, file)?;
            let read = |text: &Option<String>| text.as_deref().map(|text| read_record(text).ok_or(()));
            let (Ok(old), Ok(new)) = (read(&sides.old).transpose(), read(&sides.new).transpose()) else {
                return Ok(false);
            };
            if self.without(&file.path, old) != self.without(&file.path, new) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns what the rule leaves of a record.
    fn without(&self, path: &str, record: Option<Manifest>) -> Option<Manifest> {
        let mut record = record?;
        let object = match &self.owners {
            None => record.tree().clone(),
            Some(owners) => match owners.get(path) {
                Some(object) => object.clone(),
                None => return Some(record),
            },
        };
        if self.rule.is_whole() && self.rule.fits(&object) {
            return None;
        }
        self.rule.trim(&object, &mut record);
        Some(record)
    }

    /// Tells by its path whether a file can be a record that the rule applies to, labels apart.
    fn may_fit(&self, path: &str) -> bool {
        let resource = path.starts_with(&self.prefix).then(|| resource_at(path, &self.root)).flatten();
        resource.is_some_and(|resource| self.rule.may_fit(&resource))
    }
}

fn told(line: &LogLine) -> LeftOutCommit {
    let subject = split_message(&line.message).0;
    LeftOutCommit { id: line.id.clone(), subject, author: line.author.clone(), at: line.authored_at }
}
