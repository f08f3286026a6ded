//! Where the sandbox keeps what outlives a run: `$XDG_CACHE_HOME/denshimon`.

use std::{fs::File, path::PathBuf};

use anyhow::{Context, Result};

/// The cache folder of Denshimon's development tools.
///
/// # Errors
///
/// When neither `XDG_CACHE_HOME` nor `HOME` is set.
pub fn cache_dir() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .context("set HOME or XDG_CACHE_HOME: the sandbox keeps its components there")?;
    Ok(base.join("denshimon"))
}

/// Opens a file that is only there to be locked.
pub(crate) fn open_lock(path: PathBuf) -> Result<File> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("create {}", parent.display()))?;
    }
    File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .with_context(|| format!("open {}", path.display()))
}
