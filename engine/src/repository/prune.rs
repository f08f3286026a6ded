//! Takes away what nothing leads to any more: commits that were made again on a remote that others had moved, and the
//! folders that only these had.
//!
//! Each object that a commit has and its parent lacks is found by comparing the two; what is reachable at all is so in
//! one commit or another. That takes no more memory than the ids of what might go. What is young stays, and all that it
//! leads to: it may be about to be used.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use git2::{ObjectType, Oid, Repository as Git};

use super::failure::RepositoryError;
use super::join;
use super::maintain::{joinable_packs, loose_objects, pack_folder, remove_packs};
use super::pack::OldPack;
use super::tree::Folder;

/// Fewer objects are not worth it.
const LEAST: usize = if cfg!(test) { 1 } else { 1_000 };
/// Folders that are kept in memory from one commit to the next.
const FOLDERS: usize = 64;

/// Removes unreachable objects from packs that were not written to for so long; returns how many.
///
/// Whoever commits meanwhile writes packs of their own, and leads to nothing that was not reachable before.
///
/// # Errors
/// Something cannot be read or written; what is reachable is there all the same.
pub(super) fn prune(git: &Git, age: Duration) -> Result<usize, RepositoryError> {
    let Some(all) = joinable_packs(git) else { return Ok(0) };
    let since = SystemTime::now().checked_sub(age);
    let is_old = |index: &PathBuf| {
        let written = index.metadata().and_then(|file| file.modified()).ok();
        written.zip(since).is_some_and(|(written, since)| written < since)
    };
    let old: Vec<PathBuf> = all.into_iter().map(|(_, index)| index).filter(is_old).collect();
    let mut packs = Vec::new();
    for index in old {
        // One of another version stays, with all that it leads to.
        if let Some(pack) = OldPack::open(&index)? {
            packs.push((index, pack));
        }
    }
    let left: HashSet<Oid> = packs.iter().flat_map(|(_, pack)| pack.ids()).collect();
    if left.len() < LEAST {
        return Ok(0);
    }
    let indexes: HashSet<&PathBuf> = packs.iter().map(|(index, _)| index).collect();
    let gone = Marking { git, left, folders: HashMap::new() }.unreachable(&indexes)?;
    if gone.len() < LEAST {
        return Ok(0);
    }
    let folder = pack_folder(git.path());
    for (index, pack) in packs.iter().filter(|(_, pack)| pack.ids().any(|id| gone.contains(&id))) {
        let kept = pack.ids().any(|id| !gone.contains(&id));
        let rest = if kept { join::join(std::slice::from_ref(index), &folder, git, &gone)? } else { None };
        if kept && rest.is_none() {
            continue;
        }
        git.odb()?.refresh()?;
        remove_packs(std::slice::from_ref(index), rest.as_deref());
    }
    tracing::info!(objects = gone.len(), "objects that nothing led to were removed");
    Ok(gone.len())
}

/// Finds what is reachable.
struct Marking<'a> {
    git: &'a Git,
    /// What was not found yet.
    left: HashSet<Oid>,
    folders: HashMap<Oid, Arc<[u8]>>,
}

impl Marking<'_> {
    /// Returns what neither a reference nor anything outside of these packs leads to.
    fn unreachable(mut self, packs: &HashSet<&PathBuf>) -> Result<HashSet<Oid>, RepositoryError> {
        let objects = self.git.odb()?;
        let mut walk = self.git.revwalk()?;
        for reference in self.git.references()? {
            let Some(target) = reference?.resolve()?.target() else { continue };
            // Somebody's tag, say, of which this knows nothing.
            if objects.read_header(target)?.1 != ObjectType::Commit {
                return Ok(HashSet::new());
            }
            walk.push(target)?;
        }
        let mut others: Vec<Oid> = loose_objects(self.git).into_iter().map(|(id, _)| id).collect();
        for entry in std::fs::read_dir(pack_folder(self.git.path()))? {
            let index = entry?.path();
            if index.extension().is_some_and(|ending| ending == "idx") && !packs.contains(&index) {
                // Of another version: nobody knows what it leads to.
                let Some(pack) = OldPack::open(&index)? else { return Ok(HashSet::new()) };
                others.extend(pack.ids());
            }
        }
        for id in others {
            if objects.read_header(id)?.1 == ObjectType::Commit {
                walk.push(id)?;
            }
        }
        for id in walk {
            let commit = self.git.find_commit(id?)?;
            self.left.remove(&commit.id());
            let before = match commit.parent_id(0) {
                Ok(parent) => Some(self.git.find_commit(parent)?.tree_id()),
                Err(_) => None,
            };
            self.mark(before, commit.tree_id())?;
            if self.left.is_empty() {
                break;
            }
        }
        Ok(self.left)
    }

    fn mark(&mut self, before: Option<Oid>, now: Oid) -> Result<(), RepositoryError> {
        if before == Some(now) {
            return Ok(());
        }
        self.left.remove(&now);
        let (content, older) = (self.folder(now)?, before.map(|before| self.folder(before)).transpose()?);
        let older = Folder::read(older.as_deref().unwrap_or_default())?;
        for (entry, there) in Folder::read(&content)?.beside(&older) {
            if entry.is_folder() {
                self.mark(there.filter(|there| there.is_folder()).map(|there| there.id), entry.id)?;
            } else {
                self.left.remove(&entry.id);
            }
        }
        Ok(())
    }

    fn folder(&mut self, id: Oid) -> Result<Arc<[u8]>, RepositoryError> {
        if let Some(content) = self.folders.get(&id) {
            return Ok(content.clone());
        }
        let content: Arc<[u8]> = self.git.odb()?.read(id)?.data().into();
        if self.folders.len() >= FOLDERS {
            self.folders.clear();
        }
        self.folders.insert(id, content.clone());
        Ok(content)
    }
}
