//! Joins packs: copies what they hold as it lies there, and tells folders by what they have beside an older version.

use std::collections::{HashSet, VecDeque};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository as Git};

use super::failure::RepositoryError;
use super::pack::{NewPack, OldPack, delta, inflate};

/// Older versions that a folder is compared with.
const VERSIONS: usize = 16;
/// A folder of this size is worth a comparison, and not too much for the memory.
pub(super) const COMPARED: std::ops::Range<usize> = 512..4 * 1024 * 1024;
/// As many versions at most stand behind each other, so that none is slow to read.
pub(super) const DEEPEST: u32 = 40;

struct Version {
    id: Oid,
    content: Vec<u8>,
    depth: u32,
}

/// Writes one pack of all that these hold but for what is to be left out, the oldest pack first; returns its index, and
/// `None` where one of them cannot be joined.
///
/// # Errors
/// One of them cannot be read or is not what its index says, or the new one cannot be written. Nothing has changed then.
pub(super) fn join(
    indexes: &[PathBuf],
    folder: &Path,
    git: &Git,
    left_out: &HashSet<Oid>,
) -> Result<Option<PathBuf>, RepositoryError> {
    let mut packs = Vec::with_capacity(indexes.len());
    for index in indexes {
        match OldPack::open(index)? {
            Some(pack) => packs.push(pack),
            None => return Ok(None),
        }
    }
    let mut left: HashSet<Oid> = packs.iter().flat_map(OldPack::ids).filter(|id| !left_out.contains(id)).collect();
    let mut joined = NewPack::begin(folder, left.len())?;
    let mut versions: VecDeque<Version> = VecDeque::new();
    for pack in &packs {
        pack.each(|id, head, raw| {
            if !left.remove(&id) {
                return Ok(());
            }
            if head.base().is_some_and(|base| left_out.contains(&base)) {
                // It has to be told without what it was told by.
                let objects = git.odb().map_err(io::Error::other)?;
                let object = objects.read(id).map_err(io::Error::other)?;
                return joined.add(id, object.kind(), object.data());
            }
            if !head.is_whole_tree() || !COMPARED.contains(&head.size()) {
                return joined.copy(id, raw);
            }
            let content = inflate(head, raw)?;
            let older = versions.iter().filter(|older| older.depth < DEEPEST);
            let best = older
                .filter_map(|older| Some((delta(&older.content, &content)?, older)))
                .min_by_key(|(delta, _)| delta.len());
            let depth = match best {
                Some((delta, older)) => {
                    joined.add_delta(id, older.id, &delta)?;
                    older.depth + 1
                }
                None => {
                    joined.copy(id, raw)?;
                    0
                }
            };
            versions.push_front(Version { id, content, depth });
            versions.truncate(VERSIONS);
            Ok(())
        })?;
    }
    let index = joined.finish(folder)?;
    keep_age(indexes, &index)?;
    Ok(Some(index))
}

/// Lets a new pack be as old as the youngest of those that it is made of: what it holds is.
fn keep_age(indexes: &[PathBuf], new: &Path) -> io::Result<()> {
    let times = indexes.iter().filter_map(|index| index.metadata().and_then(|file| file.modified()).ok());
    match times.max() {
        Some(youngest) => File::open(new)?.set_modified(youngest),
        None => Ok(()),
    }
}
