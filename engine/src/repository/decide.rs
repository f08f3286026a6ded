//! Does what a person decided about a remote whose history is not the one that was pushed: never by force.

use model::sync::RemoteChoice;

use super::failure::PushFailure;
use super::prepare::KEPT_HERE;
use super::publish::Publisher;
use super::replay::Which;

impl Publisher {
    /// Does what a person decided, if the remote still is as it was then; what follows is an ordinary push.
    pub(super) fn decide(&mut self, choice: RemoteChoice) -> Result<(), PushFailure> {
        self.keep_here(choice == RemoteChoice::KeepHere)?;
        match choice {
            RemoteChoice::KeepHere => Ok(()),
            RemoteChoice::BuildOn => match self.fetch()? {
                Some(there) => self.replay(there, Which::Own),
                None => Ok(()),
            },
            RemoteChoice::PushAgain => {
                if self.fetch()?.is_none()
                    && let Ok(mut tracking) = self.git.find_reference(&self.names.tracking)
                {
                    tracking.delete().map_err(|_| PushFailure::Storage)?;
                }
                Ok(())
            }
        }
    }

    /// Notes in the repository's configuration whether a person wants nothing pushed; a restart changes nothing of it.
    pub(super) fn keep_here(&self, kept: bool) -> Result<(), PushFailure> {
        let mut config = self.git.config().map_err(|_| PushFailure::Storage)?;
        let written = match kept {
            true => config.set_bool(KEPT_HERE, true),
            false if self.is_kept_here() => config.remove(KEPT_HERE),
            false => Ok(()),
        };
        written.map_err(|_| PushFailure::Storage)
    }

    pub(super) fn is_kept_here(&self) -> bool {
        self.git.config().and_then(|config| config.get_bool(KEPT_HERE)).unwrap_or(false)
    }
}
