//! Keeps the repository usable: removes what a crash left behind, packs loose objects, joins packs and takes away what
//! nothing leads to, which libgit2 never does by itself.
//!
//! All of it goes on beside commits, on a thread of its own: an object is taken away only where a finished pack holds
//! it, whatever is written meanwhile is not looked at, and a handle that misses an object looks for new packs itself.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use git2::{Oid, Repository as Git};

use super::failure::RepositoryError;
use super::pack::count_of;
use super::{join, prune};
use crate::panics;

/// Packs that are written between two looks.
pub(super) const EVERY: usize = 32;
/// Loose objects that are worth a pack.
const LOOSE: usize = 3_000;
/// From so many packs on, the small ones are joined.
const PACKS: usize = 20;
/// A pack is left alone when it holds so many times the objects of all smaller ones: each object is then written again
/// only a few times, however large the repository becomes.
const FACTOR: usize = 2;
/// A pack of more objects is left alone: to join it would take memory and time for little.
const LARGEST: usize = 500_000;

/// To find what nothing leads to, all of the history is read, which takes a while where it is long.
const FIRST_PRUNING: Duration = Duration::from_secs(3_600);
const PRUNED_EVERY: Duration = Duration::from_secs(24 * 3_600);
/// What is younger may be about to be used.
const YOUNG: Duration = Duration::from_secs(24 * 3_600);

/// Tidies up each time it is asked to, until nobody can ask any more.
pub(super) fn run(repository: &Path, looks: &Receiver<()>) {
    let mut prune_at = Instant::now() + FIRST_PRUNING;
    while looks.recv().is_ok() {
        let tidied = panics::caught_here("tidy", || {
            // A handle keeps packs open that are gone, so each look has its own.
            let git = Git::open_bare(repository)?;
            pack_loose(&git)?;
            join_packs(&git)?;
            if prune_at <= Instant::now() {
                prune_at = Instant::now() + PRUNED_EVERY;
                prune::prune(&git, YOUNG)?;
            }
            Ok::<_, RepositoryError>(())
        });
        if let Some(Err(error)) = tidied {
            tracing::warn!(error = %error, "the repository could not be tidied up");
        }
    }
}

/// Removes locks and unfinished packs of an earlier run. Only for whoever has the data directory to themselves.
pub(super) fn remove_leftovers(repository: &Path) {
    remove_stale_locks(repository);
    for file in files_in(&pack_folder(repository), &mut Vec::new()) {
        let ending = file.extension().unwrap_or_default();
        // A pack without its index was being taken away; libgit2 names one that it still writes `pack_git2_...`.
        let is_half = ending == "pack" && !file.with_extension("idx").is_file();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if is_half || name.starts_with("pack_git2_") || name.starts_with("tmp_") {
            let _ = fs::remove_file(&file);
        }
    }
}

/// Removes the locks of a program that was killed while it held them; nothing else would, and every later write of the
/// same reference would fail.
fn remove_stale_locks(repository: &Path) {
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
    let folder = pack_folder(git.path());
    pack.write(&folder, 0o444)?;
    let written = folder.join(format!("pack-{}.idx", pack.name()?.unwrap_or_default()));
    if pack.written() != loose.len() || !written.is_file() || !written.with_extension("pack").is_file() {
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

/// Joins the small packs into one when there are many; returns how many there were of these.
pub(super) fn join_packs(git: &Git) -> Result<usize, RepositoryError> {
    let Some(mut packs) = joinable_packs(git) else { return Ok(0) };
    if packs.len() < PACKS {
        return Ok(0);
    }
    packs.sort();
    let mut smaller = 0;
    let mut count = 0;
    for (position, (objects, _)) in packs.iter().enumerate() {
        if *objects < FACTOR * smaller || position < PACKS / 2 {
            count = position + 1;
        }
        smaller += objects;
    }
    packs.truncate(count);
    // Versions of a folder lie beside each other in the order they were made in.
    let made = |index: &PathBuf| fs::metadata(index).and_then(|it| it.modified()).ok();
    packs.sort_by_cached_key(|(_, index)| made(index));
    let indexes: Vec<PathBuf> = packs.into_iter().map(|(_, index)| index).collect();
    let joined = join::join(&indexes, &pack_folder(git.path()), git, &HashSet::new())?;
    let Some(joined) = joined else { return Ok(0) };
    git.odb()?.refresh()?;
    remove_packs(&indexes, Some(&joined));
    tracing::debug!(packs = count, "packs were joined");
    Ok(count)
}

/// Lists the indexes of packs that may be made anew, with the number of their objects.
///
/// Leaves alone what Git's own programs keep books on: a pack with a `.keep`, a bitmap or the like beside it, and all of
/// them where an index spans several.
pub(super) fn joinable_packs(git: &Git) -> Option<Vec<(usize, PathBuf)>> {
    let folder = pack_folder(git.path());
    if folder.join("multi-pack-index").exists() {
        return None;
    }
    let mut packs = Vec::new();
    for index in files_in(&folder, &mut Vec::new()) {
        let is_kept = ["keep", "bitmap", "promisor", "mtimes"].iter().any(|it| index.with_extension(it).exists());
        if index.extension().is_some_and(|ending| ending == "idx") && !is_kept {
            packs.extend(count_of(&index).filter(|objects| *objects <= LARGEST).map(|objects| (objects, index)));
        }
    }
    Some(packs)
}

/// Removes packs in whose place there is another one.
pub(super) fn remove_packs(indexes: &[PathBuf], new: Option<&Path>) {
    for index in indexes.iter().filter(|index| Some(index.as_path()) != new) {
        // The index first: without it nobody looks for the pack.
        if fs::remove_file(index).is_ok() {
            let _ = fs::remove_file(index.with_extension("rev"));
            let _ = fs::remove_file(index.with_extension("pack"));
        }
    }
}

pub(super) fn pack_folder(repository: &Path) -> PathBuf {
    repository.join("objects").join("pack")
}

pub(super) fn loose_objects(git: &Git) -> Vec<(Oid, PathBuf)> {
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
