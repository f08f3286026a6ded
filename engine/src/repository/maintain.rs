//! Keeps the repository usable: removes locks that a crash left behind, and packs loose objects, which libgit2 never
//! does by itself.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository as Git};

use super::failure::RepositoryError;

/// Commits between two looks.
pub(super) const EVERY: usize = 500;
/// Loose objects that are worth a pack.
const LOOSE: usize = 3_000;

/// Removes the locks of a program that was killed while it held them; nothing else would, and every later write of the
/// same reference would fail. Only for whoever has the data directory to themselves.
pub(super) fn remove_stale_locks(repository: &Path) {
    let mut folders = vec![repository.join("refs")];
    let mut files = files_in(repository, &mut Vec::new());
    while let Some(folder) = folders.pop() {
        files.extend(files_in(&folder, &mut folders));
    }
    for lock in files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "lock")) {
        match fs::remove_file(lock) {
            Ok(()) => tracing::info!(lock = %lock.display(), "a lock of an earlier run was removed"),
            Err(error) => tracing::warn!(lock = %lock.display(), %error, "a lock of an earlier run stays"),
        }
    }
}

/// Returns the files of a folder and notes the folders in it.
fn files_in(folder: &Path, folders: &mut Vec<PathBuf>) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let (inner, files): (Vec<PathBuf>, Vec<PathBuf>) =
        entries.map(|entry| entry.path()).partition(|path| path.is_dir());
    folders.extend(inner);
    files
}

/// Moves loose objects into one pack when there are many; takes nothing away that is not in the pack.
pub(super) fn pack_loose(git: &Git) -> Result<usize, RepositoryError> {
    let loose = loose_objects(git);
    if loose.len() < LOOSE {
        return Ok(0);
    }
    let mut pack = git.packbuilder()?;
    pack.set_threads(1);
    for (id, _) in &loose {
        pack.insert_object(*id, None)?;
    }
    let folder = git.path().join("objects").join("pack");
    pack.write(&folder, 0o444)?;
    let name = pack.name()?.unwrap_or_default().to_owned();
    let written = |end: &str| folder.join(format!("pack-{name}.{end}")).is_file();
    if pack.written() != loose.len() || !written("pack") || !written("idx") {
        return Ok(0);
    }
    git.odb()?.refresh()?;
    for (_, path) in &loose {
        // One that stays is merely stored twice.
        let _ = fs::remove_file(path);
    }
    tracing::debug!(objects = loose.len(), "loose objects were packed");
    Ok(loose.len())
}

fn loose_objects(git: &Git) -> Vec<(Oid, PathBuf)> {
    let mut found = Vec::new();
    let folders = fs::read_dir(git.path().join("objects")).into_iter().flatten().flatten();
    for folder in folders.filter(|folder| folder.file_name().len() == 2) {
        for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let name = format!("{}{}", folder.file_name().to_string_lossy(), file.file_name().to_string_lossy());
            if name.len() == 40
                && let Ok(id) = Oid::from_str(&name)
            {
                found.push((id, file.path()));
            }
        }
    }
    found
}
