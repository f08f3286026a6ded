//! Puts the commits that the remote lacks onto a head that others have moved: intents again, never a text merge.

use std::collections::BTreeSet;

use git2::{Delta, DiffOptions, FileMode, Oid, Repository as Git, Sort};
use manifest::Removed;

use super::commit::{Before, head_of, move_branch, tree_of};
use super::failure::RepositoryError;
use super::foreign;
use super::identity::Identity;
use super::lookup::commit_id;
use super::objects::{Batch, Edits, File, NewFile, Trees};
use super::rewrites::Rewrites;
use super::sign::{Signer, Words};

/// What became of the local commits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replayed {
    /// Each local commit that was replayed, and the one that now stands for it.
    pub(crate) rewritten: Rewrites,
    /// The branch moved.
    pub(crate) moved: bool,
    /// Records that cannot lie there, since something else is in their place.
    pub(crate) obstructed: Vec<String>,
}

/// Which commits are made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// All that the remote lacks, if the histories have something in common.
    Related,
    /// Denshimon's own that the remote lacks, whatever it holds. What others wrote there and removed stays removed.
    Own,
}

/// Moves the branch onto `onto` and makes its own commits again there.
///
/// A commit that changes nothing there any more is left out; the head at that place stands for it.
pub(super) fn replay(
    git: &Git,
    trees: &mut Trees,
    branch: &str,
    onto: Oid,
    which: Which,
    published: bool,
    signer: Option<&Signer>,
) -> Result<Replayed, RepositoryError> {
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
    if base.is_none() && published && which == Which::Related {
        return Err(RepositoryError::Unrelated);
    }
    // Before the branch: nothing of it may be taken for our own, whenever the program ends.
    if let Some(base) = base {
        foreign::keep(git.path(), base, onto)?;
    }
    let mut walk = git.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
    walk.push(head)?;
    walk.hide(onto)?;
    let mut tip = onto;
    let mut batch = Batch::new(git, trees);
    let mut rewritten = Vec::new();
    let mut obstructed = BTreeSet::new();
    let own = Identity::denshimon();
    for id in walk {
        let id = id?;
        let commit = git.find_commit(id)?;
        if which == Which::Own && commit.committer().name_bytes() != own.name().as_bytes() {
            rewritten.push((commit_id(id)?, commit_id(tip)?));
            continue;
        }
        let parent = commit.parent_id(0).ok();
        let base = batch.tree_of(tip)?;
        let mut edits = edits_between(git, parent, id)?;
        for (path, edit) in &mut edits {
            let before = parent.map(|parent| batch.tree_of(parent)).transpose()?;
            if let Some(joined) = join(&mut batch, path, before, edit.file, base)? {
                edit.file = joined;
            }
        }
        let tree = loop {
            match batch.edit(Some(base), &edits) {
                Err(RepositoryError::Path { path }) if edits.remove(&path).is_some() => obstructed.insert(path),
                tree => break tree?,
            };
        };
        if tree != base {
            let message = String::from_utf8_lossy(commit.message_raw_bytes()).into_owned();
            let words = Words { author: &commit.author(), committer: &commit.committer(), message: &message };
            tip = batch.commit(&words, tree, Some(tip), signer)?;
        }
        rewritten.push((commit_id(id)?, commit_id(tip)?));
    }
    batch.write()?;
    if which == Which::Own {
        // The history as it was; nothing else names it from here on.
        git.reference(&format!("refs/denshimon/before/{head}"), head, true, "denshimon: kept")?;
    }
    let rewritten = Rewrites(rewritten);
    // Before the branch: after a crash in between, the pairs are still known, and ignored if it did not move.
    rewritten.keep(git.path())?;
    move_branch(git, branch, Some(head), tip)?;
    Ok(Replayed { rewritten, moved: true, obstructed: obstructed.into_iter().collect() })
}

/// Makes an edit again in a file that others have changed since; `None` where theirs is the same, or cannot be joined:
/// then ours counts.
fn join(
    batch: &mut Batch<'_>,
    path: &str,
    before: Option<Oid>,
    ours: Option<File>,
    theirs: Oid,
) -> Result<Option<Option<File>>, RepositoryError> {
    // What is no file is not joined; the edit says later that it cannot be made.
    let mut blob = |tree: Option<Oid>| match batch.file_at(tree, path) {
        Err(RepositoryError::Path { .. }) => Ok(None),
        found => found,
    };
    let (Some(old), Some(there)) = (blob(before)?, blob(Some(theirs))?) else { return Ok(None) };
    if old == there {
        return Ok(None);
    }
    let text = |id: Oid| batch.text_of(id, manifest::MAX_BYTES);
    let (Some(old), Some(there)) = (text(old)?, text(there)?) else { return Ok(None) };
    let new = ours.map(|(id, _)| text(id)).transpose()?.flatten();
    if ours.is_some() && new.is_none() {
        return Ok(None);
    }
    Ok(match manifest::transplant(&old, new.as_deref(), &there) {
        None => None,
        Some(Removed::Emptied) => Some(None),
        Some(Removed::Rest(text)) => Some(Some((batch.blob(text.into_bytes().into())?, None))),
    })
}

/// Lists what a commit does to each path, without rename detection.
pub(super) fn edits_between(git: &Git, old: Option<Oid>, new: Oid) -> Result<Edits, RepositoryError> {
    let old = tree_of(git, old)?;
    let new = tree_of(git, Some(new))?;
    let diff = git.diff_tree_to_tree(Some(&old), Some(&new), Some(DiffOptions::new().skip_binary_check(true)))?;
    let mut edits = Edits::new();
    for delta in diff.deltas() {
        let file = if delta.status() == Delta::Deleted { delta.old_file() } else { delta.new_file() };
        let path = String::from_utf8_lossy(file.path_bytes().unwrap_or_default()).into_owned();
        let (old_mode, mode) = (delta.old_file().mode(), delta.new_file().mode());
        let is_usual = delta.status() == Delta::Added && mode == FileMode::Blob;
        let mode = (mode != old_mode && !is_usual).then_some(mode);
        let new = (delta.status() != Delta::Deleted).then(|| (delta.new_file().id(), mode));
        edits.insert(path, NewFile { file: new, before: Before::Whatever });
    }
    Ok(edits)
}
