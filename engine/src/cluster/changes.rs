//! Tells pages that something about a Deployment has changed.

use futures::Stream;
use model::deployment::DeploymentRef;
use tokio::sync::broadcast;

use crate::rights::{Action, check, check_in};
use crate::{Caller, Engine, Error};

/// Notices that a slow reader may be behind; then it is told to read everything again.
const BEHIND: usize = 1024;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Changes(broadcast::Sender<DeploymentRef>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::Sender::new(BEHIND))
    }
}

impl Changes {
    /// Something about a Deployment has changed: itself, its ReplicaSets, its pods, its record.
    pub(crate) fn announce(&self, target: DeploymentRef) {
        // Nobody listens: no page is open.
        let _ = self.0.send(target);
    }

    /// Listens from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<DeploymentRef> {
        self.0.subscribe()
    }
}

impl Engine {
    /// Returns a stream with an item whenever a Deployment, or any that the caller sees, is worth reading again.
    ///
    /// Notices that come while the reader is busy are joined into one. It ends with the engine, not with the caller's
    /// rights: join it with [`Engine::revoked`].
    ///
    /// # Errors
    /// The caller may not see it.
    pub fn deployment_changes(
        &self,
        caller: &Caller,
        target: Option<&DeploymentRef>,
    ) -> Result<impl Stream<Item = ()> + Send + use<>, Error> {
        match target {
            Some(target) => {
                let what = format!("deployment {target}");
                check_in(caller, Action::SeeResources, Some(&target.namespace), &what)?;
            }
            None => check(caller, Action::SeeResources)?,
        }
        let receiver = self.parts.cluster.changes().subscribe();
        let (caller, target) = (caller.clone(), target.cloned());
        let concerns = move |changed: &DeploymentRef| match &target {
            Some(target) => target == changed,
            None => caller.sees(Some(&changed.namespace)),
        };
        Ok(futures::stream::unfold((receiver, concerns), |(mut receiver, concerns)| async move {
            loop {
                match receiver.recv().await {
                    Ok(changed) if !concerns(&changed) => {}
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => break,
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
            // One notice stands for all that wait.
            while receiver.try_recv().is_ok() {}
            Some(((), (receiver, concerns)))
        }))
    }
}
