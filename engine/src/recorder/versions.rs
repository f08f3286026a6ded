//! Which version the records of each kind are in, so that the kind is followed in that one.

use std::collections::HashMap;
use std::sync::Arc;

use git2::Repository as Git;
use manifest::parse;
use serde_json::Value;

use super::counts::kind_part;
use super::observe::Sighting;
use super::people::{Ground, Known, Placed, Survey};
use super::work::Work;
use crate::EngineConfig;
use crate::cluster::RecordedVersions;
use crate::repository::{Reading, Repository, RepositoryError};
use crate::sealing::Sealer;

/// Reads the versions from one record of each kind, and gives what was read for it.
///
/// # Errors
/// The repository cannot be read.
pub(crate) async fn recorded_versions(
    repository: &Repository,
    config: &EngineConfig,
    sealer: Arc<Sealer>,
) -> Result<(RecordedVersions, Arc<Known>), RepositoryError> {
    let ground = Ground::new(config, sealer);
    let read = repository.read(move |git, reading| {
        let survey = ground.survey(git, reading, &Known::default())?;
        Ok((versions_in(git, reading, &ground, &survey)?, survey.known))
    });
    read.await
}

impl Work {
    /// Tells whether a list shows a resource in another version than its record is in, since that one is served no more:
    /// then nobody changed the resource.
    pub(super) async fn moves_version(&mut self, path: &str, sighting: &Sighting) -> bool {
        let now = sighting.object.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        self.recorded(path).await.is_some_and(|record| record.api_version() != now)
    }
}

fn versions_in(
    git: &Git,
    reading: &Reading,
    ground: &Ground,
    survey: &Survey,
) -> Result<RecordedVersions, RepositoryError> {
    // One file per kind's folder, in any namespace.
    let mut samples: HashMap<&str, &String> = HashMap::new();
    for path in survey.own.keys() {
        if let Some(kind) = kind_part(path, &ground.folder) {
            samples.entry(kind).or_insert(path);
        }
    }
    let mut versions = RecordedVersions::new();
    for path in samples.values() {
        let Some(text) = reading.record_text(git, path)? else { continue };
        let documents = parse(&text).unwrap_or_default();
        for document in &documents {
            let api_version = document.tree.get("apiVersion").and_then(|version| version.as_str()).unwrap_or_default();
            let version = api_version.rsplit('/').next().unwrap_or_default();
            if let Ok(resource) = manifest::identity(&manifest::sanitize(&document.tree).into_tree(), &ground.cluster) {
                versions.insert(resource.kind, version.to_owned());
            }
        }
    }
    // A kind that only people keep is followed in the version that they write: the first file's counts.
    let mut placed: Vec<&Placed> = survey.placed.values().collect();
    placed.sort_by_key(|placed| (&placed.file, placed.line));
    for placed in placed {
        versions.entry(placed.resource.kind.clone()).or_insert_with(|| placed.version.clone());
    }
    Ok(versions)
}
