//! Builds commits against the head in memory, without a work tree.

use std::sync::Arc;

use git2::{ObjectType, Oid, Repository as Git, Tree};
use model::Timestamp;

use super::failure::RepositoryError;
use super::identity::Identity;
use super::objects::{Batch, Edits, NewFile, Trees};
use super::sign::{Signer, Words};

/// What Git calls a tree without entries.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// One commit to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewCommit {
    pub(crate) author: Identity,
    pub(crate) authored_at: Timestamp,
    pub(crate) committed_at: Timestamp,
    pub(crate) message: String,
    pub(crate) edits: Vec<FileEdit>,
}

/// What a commit does to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileEdit {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    /// `None` deletes the file; deleting what is not there does nothing.
    pub(crate) content: Option<Arc<str>>,
    /// What the edit stands on; somebody else's version makes [`RepositoryError::Moved`].
    pub(crate) before: Before,
}

/// What is known of a file before an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    Whatever,
    NotThere,
    Blob(Oid),
}

impl Before {
    /// Tells whether an edit may be made where this is.
    pub(super) fn allows(self, there: Option<Oid>) -> bool {
        match self {
            Self::Whatever => true,
            Self::NotThere => there.is_none(),
            Self::Blob(expected) => there == Some(expected),
        }
    }
}

/// Hashes a file's content as Git does.
pub(crate) fn blob_id(content: &[u8]) -> Result<Oid, RepositoryError> {
    Ok(Oid::hash_object(ObjectType::Blob, content)?)
}

/// Makes the commits one after the other and moves the branch once; either all of them are there or none.
///
/// A commit that would change nothing is not made and gives `None`.
pub(super) fn commit_all(
    git: &Git,
    trees: &mut Trees,
    branch: &str,
    commits: &[NewCommit],
    signer: Option<&Signer>,
) -> Result<Vec<Option<Oid>>, RepositoryError> {
    let head = head_of(git, branch)?;
    let mut batch = Batch::new(git, trees);
    let mut made = Vec::with_capacity(commits.len());
    let mut last = head;
    for commit in commits {
        let new = make(&mut batch, last, commit, signer)?;
        last = new.or(last);
        made.push(new);
    }
    if let Some(last) = last
        && head != Some(last)
    {
        batch.write()?;
        move_branch(git, branch, head, last)?;
    }
    Ok(made)
}

fn make(
    batch: &mut Batch<'_>,
    parent: Option<Oid>,
    commit: &NewCommit,
    signer: Option<&Signer>,
) -> Result<Option<Oid>, RepositoryError> {
    let base = parent.map(|parent| batch.tree_of(parent)).transpose()?;
    let mut edits = Edits::new();
    for FileEdit { path, content, before } in &commit.edits {
        check_path(path)?;
        let blob = content.clone().map(|content| batch.blob(content.into())).transpose()?;
        edits.insert(path.clone(), NewFile { file: blob.map(|id| (id, None)), before: *before });
    }
    let tree = batch.edit(base, &edits)?;
    if tree == base.map_or_else(|| Oid::from_str(EMPTY_TREE), Ok)? {
        return Ok(None);
    }
    let author = commit.author.sign(commit.authored_at)?;
    let committer = Identity::denshimon().sign(commit.committed_at)?;
    let words = Words { author: &author, committer: &committer, message: &commit.message };
    batch.commit(&words, tree, parent, signer).map(Some)
}

/// Returns the branch's commit, `None` before the first one.
pub(super) fn head_of(git: &Git, branch: &str) -> Result<Option<Oid>, RepositoryError> {
    match git.refname_to_id(branch) {
        Ok(id) => Ok(Some(id)),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Moves the branch only if it still is where it was.
pub(super) fn move_branch(git: &Git, branch: &str, from: Option<Oid>, to: Oid) -> Result<(), RepositoryError> {
    match from {
        Some(from) => git.reference_matching(branch, to, true, from, "denshimon: record")?,
        None => git.reference(branch, to, false, "denshimon: record")?,
    };
    Ok(())
}

/// Returns the empty tree or that of a commit.
pub(super) fn tree_of(git: &Git, commit: Option<Oid>) -> Result<Tree<'_>, RepositoryError> {
    match commit {
        Some(id) => Ok(git.find_commit(id)?.tree()?),
        None => Ok(git.find_tree(git.treebuilder(None)?.write()?)?),
    }
}

/// Refuses what leaves the tree or reaches into `.git`, also by the names that Windows gives it.
fn check_path(path: &str) -> Result<(), RepositoryError> {
    let is_git = |part: &str| {
        let part = part.split(':').next().unwrap_or_default().trim_end_matches([' ', '.']);
        part.eq_ignore_ascii_case(".git") || part.eq_ignore_ascii_case("git~1")
    };
    let bad =
        |part: &str| part.is_empty() || part == "." || part == ".." || is_git(part) || part.contains(['\0', '\\']);
    if path.split('/').any(bad) { Err(RepositoryError::Path { path: path.to_owned() }) } else { Ok(()) }
}
