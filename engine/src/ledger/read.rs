//! The timeline as people read it.

use model::deployment::DeploymentRef;
use model::history::HistoryEntry;
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
        self.parts.store.timeline_of_resource(&resource, page).await
    }

    /// Reads the timeline of everything the caller may see, newest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn recent_history(&self, caller: &Caller, page: PageRequest) -> Result<Page<HistoryEntry>, Error> {
        check(caller, Action::SeeHistory)?;
        self.parts.store.timeline_of_scope(&self.parts.config.cluster.name, &caller.scope, page).await
    }
}
