//! A remote that is a bare repository on this machine.

use git2::{Oid, Repository as Git};

use super::commit::{head_of, move_branch};
use super::credentials::Remote;
use super::failure::{PushFailure, RepositoryError};
use super::lacking::{Bases, Lacking};
use super::maintain;
use super::publish::{Publisher, Stop, failed, storage};

impl Publisher {
    /// Writes into a bare repository on this machine, its branch moved only from where it was seen to be.
    ///
    /// libgit2's own way would overwrite a branch that moves in between.
    pub(super) fn push_to_folder(&self, known: Option<Oid>, head: Oid) -> Result<Oid, Stop> {
        let other = self.open_folder()?;
        if !other.is_bare() {
            return Err(Stop::Failed(PushFailure::Broken));
        }
        let there = head_of(&other, &self.names.branch).map_err(storage)?;
        if there == Some(head) {
            return Ok(head);
        }
        match there {
            Some(there) => self.check_contains(head, there)?,
            None if known.is_some() => return Err(Stop::Failed(PushFailure::Emptied)),
            None => {}
        }
        let commits = self.between(there, head).map_err(storage)?;
        let lacking = Lacking::of(&self.git, &commits, Bases::Among).map_err(storage)?;
        lacking.write(&maintain::pack_folder(other.path())).map_err(|error| {
            tracing::warn!(error.kind = ?error.kind(), "the remote folder cannot be written");
            Stop::Failed(PushFailure::Denied)
        })?;
        other.odb().and_then(|objects| objects.refresh()).map_err(failed)?;
        match move_branch(&other, &self.names.branch, there, head) {
            Ok(()) => {
                // Git would tidy up after a push of its own; this one went past it.
                if let Err(error) = maintain::join_packs(&other) {
                    tracing::debug!(error = %error, "the remote folder could not be tidied up");
                }
                Ok(head)
            }
            Err(RepositoryError::Moved) => Err(Stop::Moved),
            Err(RepositoryError::Storage(error)) if error.code() == git2::ErrorCode::Locked => Err(Stop::Moved),
            Err(_) => Err(Stop::Failed(PushFailure::Refused)),
        }
    }

    pub(super) fn open_folder(&self) -> Result<Git, Stop> {
        let Remote::Folder(path) = &self.remote else { return Err(Stop::Failed(PushFailure::Broken)) };
        if !path.exists() {
            return Err(Stop::Failed(PushFailure::Missing));
        }
        Git::open(path).map_err(|error| {
            let denied = matches!(error.code(), git2::ErrorCode::Owner) || error.class() == git2::ErrorClass::Os;
            Stop::Failed(if denied { PushFailure::Denied } else { PushFailure::Broken })
        })
    }
}
