//! Remembers on disk which commits a replay put in the place of which, until the ledger knows it too.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use model::git::CommitId;

use super::beside;
use super::failure::RepositoryError;

/// The file they wait in.
const NAME: &str = "rewrites";

/// Old and new commits, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rewrites(pub(crate) Vec<(CommitId, CommitId)>);

impl Rewrites {
    /// Adds the pairs to those already waiting for the ledger; syncs to disk.
    pub(super) fn keep(&self, git: &Path) -> Result<(), RepositoryError> {
        let mut all = Self::waiting(git)?;
        all.0.extend(self.0.iter().cloned());
        all.write(git)
    }

    /// Reads the pairs that the ledger may not know.
    pub(super) fn waiting(git: &Path) -> Result<Self, RepositoryError> {
        let text = beside::read(git, NAME)?.unwrap_or_default();
        let pairs = text.lines().filter_map(|line| {
            let (old, new) = line.split_once(' ')?;
            Some((old.parse().ok()?, new.parse().ok()?))
        });
        Ok(Self(pairs.collect()))
    }

    /// Forgets what became of the old commits, once the ledger has it; what a later replay has added stays.
    pub(super) fn forget(&self, git: &Path) -> Result<(), RepositoryError> {
        let told: HashSet<&CommitId> = self.0.iter().map(|(old, _)| old).collect();
        let mut left = Self::waiting(git)?;
        left.0.retain(|(old, _)| !told.contains(old));
        if !left.0.is_empty() {
            return left.write(git);
        }
        Ok(beside::remove(git, NAME)?)
    }

    /// Follows each commit through all replays to the one that is there; one that leads nowhere is left out, since its
    /// replay was cut short before the branch moved.
    ///
    /// # Errors
    /// What asking for a commit gives.
    pub(crate) fn followed<E>(self, mut is_there: impl FnMut(&CommitId) -> Result<bool, E>) -> Result<Self, E> {
        let mut ends: HashMap<CommitId, CommitId> = HashMap::new();
        let mut followed = Vec::new();
        // The newest first: where one replay ended, the next began.
        for (old, new) in self.0.into_iter().rev() {
            let end = if is_there(&new)? { Some(new) } else { ends.get(&new).cloned() };
            if let Some(end) = end
                && !ends.contains_key(&old)
            {
                ends.insert(old.clone(), end.clone());
                followed.push((old, end));
            }
        }
        followed.reverse();
        Ok(Self(followed))
    }

    fn write(&self, git: &Path) -> Result<(), RepositoryError> {
        let text: String = self.0.iter().map(|(old, new)| format!("{old} {new}\n")).collect();
        Ok(beside::write(git, NAME, &text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &[(char, char)]) -> Rewrites {
        let commit = |letter: char| letter.to_string().repeat(40).parse().unwrap();
        Rewrites(text.iter().map(|(old, new)| (commit(*old), commit(*new))).collect())
    }

    #[test]
    fn what_a_later_replay_has_added_is_not_forgotten() {
        let folder = tempfile::TempDir::new().unwrap();
        let git = folder.path();
        pairs(&[('a', 'b'), ('1', '2')]).keep(git).unwrap();
        pairs(&[('b', 'c')]).keep(git).unwrap();
        pairs(&[('a', 'b'), ('1', '2')]).forget(git).unwrap();
        assert_eq!(Rewrites::waiting(git).unwrap(), pairs(&[('b', 'c')]));
        pairs(&[('b', 'c')]).forget(git).unwrap();
        assert_eq!(Rewrites::waiting(git).unwrap(), Rewrites::default());
        assert_eq!(beside::read(git, NAME).unwrap(), None);
        Rewrites::default().forget(git).unwrap();
    }

    #[test]
    fn a_commit_is_followed_through_all_replays() {
        let check = |waiting: &[(char, char)], there: &str, expect: &[(char, char)]| {
            let is_there = |id: &CommitId| Ok::<_, ()>(id.to_string().starts_with(|letter| there.contains(letter)));
            assert_eq!(pairs(waiting).followed(is_there), Ok(pairs(expect)), "{waiting:?} {there}");
        };
        check(&[('a', 'b')], "b", &[('a', 'b')]);
        check(&[('a', 'b'), ('b', 'c'), ('c', 'd')], "d", &[('a', 'd'), ('b', 'd'), ('c', 'd')]);
        // Cut short before the branch moved, and made again.
        check(&[('a', 'b'), ('a', 'c')], "c", &[('a', 'c')]);
        check(&[('a', 'b')], "a", &[]);
    }
}
