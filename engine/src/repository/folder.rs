//! A remote that is a bare repository on this machine.

use git2::{Oid, Repository as Git};

use super::commit::{head_of, move_branch};
use super::credentials::Remote;
use super::failure::{PushFailure, RepositoryError};
use super::maintain;
use super::publish::{Publisher, Stop, failed, storage};

impl Publisher {
    /// Writes into a bare repository on this machine, its branch moved only from where it was seen to be.
    ///
    /// libgit2's own way would overwrite a branch that moves in between.
    pub(super) fn push_to_folder(&self, known: Option<Oid>, head: Oid) -> Result<(), Stop> {
        let other = self.open_folder()?;
        if !other.is_bare() {
            return Err(Stop::Failed(PushFailure::Broken));
        }
        let there = head_of(&other, &self.names.branch).map_err(storage)?;
        if there == Some(head) {
            return Ok(());
        }
        match there {
            Some(there) => self.check_contains(head, there)?,
            None if known.is_some() => return Err(Stop::Failed(PushFailure::Emptied)),
            None => {}
        }
        let mut walk = self.git.revwalk().map_err(failed)?;
        walk.push(head).map_err(failed)?;
        if let Some(there) = there {
            walk.hide(there).map_err(failed)?;
        }
        let mut pack = self.git.packbuilder().map_err(failed)?;
        pack.insert_walk(&mut walk).map_err(failed)?;
        pack.write(&other.path().join("objects").join("pack"), 0o444).map_err(|error| {
            tracing::warn!(error.code = ?error.code(), "the remote folder cannot be written");
            Stop::Failed(PushFailure::Denied)
        })?;
        other.odb().and_then(|objects| objects.refresh()).map_err(failed)?;
        match move_branch(&other, &self.names.branch, there, head) {
            Ok(()) => {
                // Git would tidy up after a push of its own; this one went past it.
                if let Err(error) = maintain::join_packs(&other) {
                    tracing::debug!(error = %error, "the remote folder could not be tidied up");
                }
                Ok(())
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
