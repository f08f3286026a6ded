//! Remembers which commits came from the remote: whatever they say of themselves, others may have made them.
//!
//! The name of a committer is anybody's to write. What the branch holds beyond these commits was put there by this
//! program alone, or with the history that a new data directory began with.

use std::collections::HashSet;
use std::path::Path;

use git2::{Oid, Repository as Git};
use model::git::CommitId;

use super::beside;
use super::failure::RepositoryError;
use super::lookup::commit_id;

/// The file: in a line, a commit of the branch and one of the remote's that follows it, the oldest first.
const NAME: &str = "foreign";
/// The moves of late count: behind them lies what the ledger was told, and what is known of the records.
const KEPT: usize = 1_000;

/// Notes that the branch moves to a head of the remote's, which had `base` in common with it; syncs to disk.
pub(super) fn keep(git: &Path, base: Oid, there: Oid) -> Result<(), RepositoryError> {
    let text = beside::read(git, NAME)?.unwrap_or_default();
    let line = format!("{base} {there}");
    let lines: Vec<&str> = text.lines().filter(|other| *other != line).chain([line.as_str()]).collect();
    let late = lines.iter().skip(lines.len().saturating_sub(KEPT));
    let text: String = late.flat_map(|line| [*line, "\n"]).collect();
    Ok(beside::write(git, NAME, &text)?)
}

/// Lists the commits that came so.
pub(super) fn all(git: &Git) -> Result<HashSet<CommitId>, RepositoryError> {
    let text = beside::read(git.path(), NAME)?.unwrap_or_default();
    let mut found = HashSet::new();
    for (base, there) in text.lines().filter_map(|line| line.split_once(' ')) {
        let (base, there) = (Oid::from_str(base)?, Oid::from_str(there)?);
        let mut walk = git.revwalk()?;
        // What the repository lacks is not on its branch either, nor what came before it.
        if walk.push(there).is_ok() && walk.hide(base).is_ok() {
            for id in walk {
                found.insert(commit_id(id?)?);
            }
        }
    }
    Ok(found)
}
