//! The timeline as people read it.

use model::deployment::DeploymentRef;
use model::git::CommitId;
use model::history::{HistoryEntry, Recorded};
use model::{Kind, Page, PageRequest, ResourceRef};

use crate::rights::{Action, check, check_in};
use crate::{Caller, Engine, Error};

impl Engine {
    /// Reads a Deployment's timeline, newest first; it stays when the Deployment is gone.
    ///
    /// # Errors
    /// The caller may not see the namespace, or the database does not answer.
    pub async fn read_deployment_history(
        &self,
        caller: &Caller,
        target: &DeploymentRef,
        page: PageRequest,
    ) -> Result<Page<HistoryEntry>, Error> {
        let what = format!("deployment {target}");
        check_in(caller, Action::SeeHistory, Some(&target.namespace), &what)?;
        let resource = ResourceRef {
            cluster: self.parts.config.cluster.name.clone(),
            kind: Kind::deployment(),
            namespace: Some(target.namespace.clone()),
            name: target.name.clone(),
        };
        let page = self.parts.store.timeline_of_resource(&resource, page).await?;
        Ok(self.with_pushed(page).await)
    }

    /// Reads the timeline of everything the caller may see, newest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn recent_history(&self, caller: &Caller, page: PageRequest) -> Result<Page<HistoryEntry>, Error> {
        check(caller, Action::SeeHistory)?;
        let page = self.parts.store.timeline_of_scope(&self.parts.config.cluster.name, &caller.scope, page).await?;
        Ok(self.with_pushed(page).await)
    }

    /// Says of each commit whether the remote has it, which the repository knows and the ledger does not; nothing where
    /// the repository cannot be read, which is no reason to keep from people what the ledger knows.
    async fn with_pushed(&self, mut page: Page<HistoryEntry>) -> Page<HistoryEntry> {
        let commits = page.items.iter().filter_map(|entry| match &entry.recorded {
            Recorded::Commit { id, .. } => Some(id.clone()),
            _ => None,
        });
        let commits: Vec<CommitId> = commits.collect();
        let asked = self.parts.repository.read(move |git, reading| reading.pushed(git, &commits)).await;
        let Ok(answers) = asked.inspect_err(|error| tracing::warn!(%error, "what is pushed cannot be read")) else {
            return page;
        };
        let marks = page.items.iter_mut().filter_map(|entry| match &mut entry.recorded {
            Recorded::Commit { pushed, .. } => Some(pushed),
            _ => None,
        });
        marks.zip(answers).for_each(|(mark, answer)| *mark = Some(answer));
        page
    }
}
