//! Puts the commits that the remote lacks onto a head that others have moved: intents again, never a text merge.

use std::collections::BTreeMap;

use git2::{Delta, DiffOptions, Oid, Repository as Git, Sort};

use super::commit::{edit_tree, head_of, move_branch, tree_of};
use super::failure::RepositoryError;
use super::lookup::commit_id;
use super::rewrites::Rewrites;

/// What became of the local commits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replayed {
    /// Each local commit that was replayed, and the one that now stands for it.
    pub(crate) rewritten: Rewrites,
    /// The branch moved.
    pub(crate) moved: bool,
}

/// Moves the branch onto `onto` and makes its own commits again there.
///
/// A commit that changes nothing there any more is left out; the head at that place stands for it.
pub(super) fn replay(git: &Git, branch: &str, onto: Oid, published: bool) -> Result<Replayed, RepositoryError> {
    let Some(head) = head_of(git, branch)? else {
        move_branch(git, branch, None, onto)?;
        return Ok(Replayed { moved: true, ..Replayed::default() });
    };
    if head == onto || git.graph_descendant_of(head, onto)? {
        return Ok(Replayed::default());
    }
    let base = match git.merge_base(head, onto) {
        Ok(base) => Some(base),
        Err(error) if error.code() == git2::ErrorCode::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    // What was recorded before the remote was first seen belongs on top of what it holds; anything else does not.
    if base.is_none() && published {
        return Err(RepositoryError::Unrelated);
    }
    let mut walk = git.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
    walk.push(head)?;
    walk.hide(onto)?;
    let mut tip = onto;
    let mut rewritten = Vec::new();
    for id in walk {
        let id = id?;
        let commit = git.find_commit(id)?;
        let parent = commit.parent_id(0).ok();
        let edits = edits_between(git, parent, id)?;
        let base = tree_of(git, Some(tip))?;
        let tree = edit_tree(git, &base, &edits)?;
        if tree != base.id() {
            let message = String::from_utf8_lossy(commit.message_raw_bytes()).into_owned();
            let parent = git.find_commit(tip)?;
            let tree = git.find_tree(tree)?;
            tip = git.commit(None, &commit.author(), &commit.committer(), &message, &tree, &[&parent])?;
        }
        rewritten.push((commit_id(id)?, commit_id(tip)?));
    }
    let rewritten = Rewrites(rewritten);
    // Before the branch: after a crash in between, the pairs are still known, and ignored if it did not move.
    rewritten.keep(git.path())?;
    move_branch(git, branch, Some(head), tip)?;
    Ok(Replayed { rewritten, moved: true })
}

/// Lists what a commit does to each path, without rename detection.
pub(super) fn edits_between(
    git: &Git,
    old: Option<Oid>,
    new: Oid,
) -> Result<BTreeMap<String, Option<(Oid, git2::FileMode)>>, RepositoryError> {
    let old = tree_of(git, old)?;
    let new = tree_of(git, Some(new))?;
    let diff = git.diff_tree_to_tree(Some(&old), Some(&new), Some(DiffOptions::new().skip_binary_check(true)))?;
    let mut edits = BTreeMap::new();
    for delta in diff.deltas() {
        let file = if delta.status() == Delta::Deleted { delta.old_file() } else { delta.new_file() };
        let path = String::from_utf8_lossy(file.path_bytes().unwrap_or_default()).into_owned();
        let new = (delta.status() != Delta::Deleted).then(|| (delta.new_file().id(), delta.new_file().mode()));
        edits.insert(path, new);
    }
    Ok(edits)
}
