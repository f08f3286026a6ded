//! The timeline with what its commits say and do.

use std::collections::HashMap;

use model::deployment::DeploymentRef;
use model::git::{CommitDetail, CommitId};
use model::history::{HistoryRow, Recorded, RowCommit};
use model::{Page, PageRequest, ResourceRef};

use crate::{Caller, Engine, Error};

impl Engine {
    /// Reads a Deployment's timeline, newest first, with author, message and difference of each commit.
    ///
    /// # Errors
    /// The caller may not see the namespace, or the database or the repository cannot be read.
    pub async fn read_deployment_history_with_commits(
        &self,
        caller: &Caller,
        target: &DeploymentRef,
        page: PageRequest,
    ) -> Result<Page<HistoryRow>, Error> {
        let resource = self.deployment_resource(target);
        let page = self.read_deployment_history(caller, target, page).await?;
        let mut commits: HashMap<CommitId, Option<RowCommit>> = HashMap::new();
        for entry in &page.items {
            if let Recorded::Commit { id, .. } = &entry.recorded
                && !commits.contains_key(id)
            {
                let commit = match self.read_commit(caller, id).await {
                    Ok(commit) => Some(about(commit, &resource)),
                    Err(Error::NotFound { .. }) => None,
                    Err(error) => return Err(error),
                };
                commits.insert(id.clone(), commit);
            }
        }
        Ok(page.map(|entry| {
            let commit = match &entry.recorded {
                Recorded::Commit { id, .. } => commits.get(id).cloned().flatten(),
                _ => None,
            };
            HistoryRow { entry, commit }
        }))
    }
}

fn about(commit: CommitDetail, resource: &ResourceRef) -> RowCommit {
    let trailers: Vec<String> = commit.trailers.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    let parts = [commit.summary.subject, commit.body, trailers.join("\n")];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let file = commit.files.into_iter().find(|file| file.resource.as_ref() == Some(resource));
    RowCommit { author: commit.summary.author, message: parts.join("\n\n"), diff: file.map(|file| file.diff) }
}
