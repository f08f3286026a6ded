//! Small files of Denshimon's own in the repository's folder: each is there whole or not at all.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Reads one; `None` when there is none.
pub(super) fn read(git: &Path, name: &str) -> io::Result<Option<String>> {
    match fs::read_to_string(file(git, name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes one in the place of what was there; it is on disk then.
pub(super) fn write(git: &Path, name: &str, text: &str) -> io::Result<()> {
    let new = file(git, name).with_extension("new");
    let mut out = fs::File::create(&new)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(new, file(git, name))
}

/// Takes one away, if it is there.
pub(super) fn remove(git: &Path, name: &str) -> io::Result<()> {
    match fs::remove_file(file(git, name)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn file(git: &Path, name: &str) -> PathBuf {
    git.join(format!("denshimon-{name}"))
}
