//! Which kinds have records: what is usual, what the settings say, what people decide on the page.

use std::collections::HashMap;

use git2::Repository as Git;
use manifest::parse;
use model::{ClusterName, Kind};

use crate::cluster::RecordedVersions;
use crate::repository::{Reading, Repository, RepositoryError};
use crate::rights::{Action, check};
use crate::store::Store;
use crate::{Caller, Engine, EngineConfig, Error, KindRules};

impl Engine {
    /// Lets a kind have records from now on, or none; records that there are stay.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::NotFound`] for a kind that the cluster does not serve; the database does not
    /// answer.
    pub async fn set_kind_recorded(&self, caller: &Caller, kind: &Kind, recorded: bool) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        let parts = &self.parts;
        if !parts.cluster.watched_kinds().iter().any(|known| known.kind == *kind) {
            return Err(Error::NotFound { what: format!("kind {}", kind.qualified()) });
        }
        parts.store.put_kind_rule(&kind.qualified(), recorded).await?;
        let words = if recorded { "records" } else { "leaves out" };
        parts
            .accounts
            .audit(&caller.actor().to_string(), format!("{words} the kind {}", kind.qualified()), None, true)
            .await?;
        parts.cluster.set_rules(read_rules(&parts.store, &parts.config).await?);
        Ok(())
    }
}

/// Joins the settings with what was decided on the page, which counts more.
pub(crate) async fn read_rules(store: &Store, config: &EngineConfig) -> Result<KindRules, Error> {
    let decided = store.kind_rules().await?;
    let decided = decided.into_iter().filter_map(|row| Some((row.kind.parse().ok()?, row.recorded)));
    Ok(config.kind_rules.clone().with(decided))
}

/// Reads which version the records of each kind are in, from one record each.
///
/// # Errors
/// The repository cannot be read.
pub(crate) async fn recorded_versions(
    repository: &Repository,
    config: &EngineConfig,
) -> Result<RecordedVersions, RepositoryError> {
    let folder = crate::recorder::folder_of(&config.cluster.name, &config.repository.path);
    let cluster = config.cluster.name.clone();
    repository.read(move |git, reading| versions_in(git, reading, &folder, &cluster)).await
}

fn versions_in(
    git: &Git,
    reading: &Reading,
    folder: &str,
    cluster: &ClusterName,
) -> Result<RecordedVersions, RepositoryError> {
    // One file per kind's folder, in any namespace.
    let mut samples: HashMap<String, String> = HashMap::new();
    for (path, _) in reading.files_under(git, folder)?.files {
        let below = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
        if let Some(kind) = below.split('/').nth(1) {
            samples.entry(kind.to_owned()).or_insert(path);
        }
    }
    let mut versions = RecordedVersions::new();
    for path in samples.values() {
        let Some(text) = reading.record_text(git, path)? else { continue };
        let documents = parse(&text).unwrap_or_default();
        for document in &documents {
            let api_version = document.tree.get("apiVersion").and_then(|version| version.as_str()).unwrap_or_default();
            let version = api_version.rsplit('/').next().unwrap_or_default();
            if let Ok(resource) = manifest::identity(&manifest::sanitize(&document.tree).into_tree(), cluster) {
                versions.insert(resource.kind, version.to_owned());
            }
        }
    }
    Ok(versions)
}
