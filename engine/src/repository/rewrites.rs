//! Remembers on disk which commits a replay put in the place of which, until the ledger knows it too.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use git2::{ErrorClass, ErrorCode};
use model::git::CommitId;

use super::failure::RepositoryError;

/// Old and new commits, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rewrites(pub(crate) Vec<(CommitId, CommitId)>);

impl Rewrites {
    /// Adds the pairs to those already waiting for the ledger; syncs to disk.
    pub(super) fn keep(&self, git: &Path) -> Result<(), RepositoryError> {
        let mut all = Self::waiting(git)?;
        all.0.extend(self.0.iter().cloned());
        let text: String = all.0.iter().map(|(old, new)| format!("{old} {new}\n")).collect();
        let write = || {
            let new = file(git).with_extension("new");
            let mut out = fs::File::create(&new)?;
            out.write_all(text.as_bytes())?;
            out.sync_all()?;
            fs::rename(new, file(git))
        };
        write().map_err(storage)
    }

    /// Reads the pairs that the ledger may not know.
    pub(super) fn waiting(git: &Path) -> Result<Self, RepositoryError> {
        let text = match fs::read_to_string(file(git)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(storage(error)),
        };
        let pairs = text.lines().filter_map(|line| {
            let (old, new) = line.split_once(' ')?;
            Some((old.parse().ok()?, new.parse().ok()?))
        });
        Ok(Self(pairs.collect()))
    }

    /// Forgets the pairs, once the ledger has them.
    pub(super) fn forget(git: &Path) -> Result<(), RepositoryError> {
        match fs::remove_file(file(git)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(storage(error)),
            _ => Ok(()),
        }
    }
}

fn file(git: &Path) -> PathBuf {
    git.join("denshimon-rewrites")
}

fn storage(error: std::io::Error) -> RepositoryError {
    RepositoryError::Storage(git2::Error::new(ErrorCode::GenericError, ErrorClass::Os, error.to_string()))
}
