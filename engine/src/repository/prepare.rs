//! Makes the bare repository in the data directory, or opens it, and sets what libgit2 reads from its configuration.

use std::path::Path;

use git2::Repository as Git;
use model::git::RemoteUrl;

use super::{Names, limits, maintain};
use crate::StartError;

/// In the repository's configuration: a person wants nothing pushed.
pub(super) const KEPT_HERE: &str = "denshimon.keptHere";

/// Opens the repository, or makes it.
pub(super) fn open(path: &Path, names: &Names, url: Option<&RemoteUrl>) -> Result<Git, git2::Error> {
    limits::set()?;
    let git = if path.join("HEAD").is_file() {
        maintain::remove_leftovers(path);
        Git::open_bare(path)?
    } else {
        let mut options = git2::RepositoryInitOptions::new();
        options.bare(true).mkpath(true).external_template(false).initial_head(&names.branch);
        Git::init_opts(path, &options)?
    };
    git.set_head(&names.branch)?;
    let mut config = git.config()?;
    config.set_bool("core.fsyncObjectFiles", true)?;
    // For the `git` command, should somebody use it here.
    config.set_str("core.fsync", "committed,loose-object,reference")?;
    config.set_bool("gc.auto", false)?;
    let before = config.get_string("remote.origin.url").ok();
    match url {
        Some(url) if before.as_deref() != Some(url.as_str()) => {
            config.set_str("remote.origin.url", url.as_str())?;
            // What the remote before this one had, or was decided about it, says nothing of this one.
            if config.get_bool(KEPT_HERE).is_ok() {
                config.remove(KEPT_HERE)?;
            }
            if let Ok(mut tracking) = git.find_reference(&names.tracking) {
                tracking.delete()?;
            }
        }
        _ => {}
    }
    Ok(git)
}

/// Says in words why it cannot be opened.
pub(super) fn cannot_open(path: &Path, error: &git2::Error) -> StartError {
    tracing::error!(error.code = ?error.code(), error.message = error.message(), "the repository cannot be opened");
    let reason = match error.code() {
        git2::ErrorCode::Owner => "it belongs to another user of this machine",
        _ => "it cannot be read and written",
    };
    StartError::Repository(format!(
        "The repository {} cannot be opened: {reason}. Check DENSHIMON_DATA_DIR and its rights.",
        path.display()
    ))
}
