//! Builds commits against the head in memory, without a work tree.

use std::collections::BTreeMap;
use std::path::Path;

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, ObjectType, Oid, Repository as Git, Tree};
use model::Timestamp;

use super::failure::RepositoryError;
use super::identity::Identity;

/// From so many files on, all new objects go into one pack, which costs two disk syncs instead of one per object.
const PACK_FROM: usize = 32;

/// Before every other backend of the object database.
const FIRST: i32 = 1000;

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
    pub(crate) content: Option<Vec<u8>>,
}

/// Hashes a file's content as Git does.
pub(crate) fn blob_id(content: &[u8]) -> Result<Oid, RepositoryError> {
    Ok(Oid::hash_object(ObjectType::Blob, content)?)
}

/// Makes the commits one after the other and moves the branch once; either all of them are there or none.
///
/// A commit that would change nothing is not made and gives `None`.
pub(super) fn commit_all(git: &Git, branch: &str, commits: &[NewCommit]) -> Result<Vec<Option<Oid>>, RepositoryError> {
    let head = head_of(git, branch)?;
    let files: usize = commits.iter().map(|commit| commit.edits.len()).sum();
    let made = if files < PACK_FROM { make(git, head, commits)? } else { make_packed(git, head, commits)? };
    if let Some(new) = made.iter().rev().find_map(|id| *id) {
        move_branch(git, branch, head, new)?;
    }
    Ok(made)
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

/// Applies edits given as blob ids to a tree; returns the same tree's id when nothing changes.
pub(super) fn edit_tree(
    git: &Git,
    base: &Tree<'_>,
    edits: &BTreeMap<String, Option<(Oid, FileMode)>>,
) -> Result<Oid, RepositoryError> {
    let mut update = TreeUpdateBuilder::new();
    let mut changes = false;
    for (path, new) in edits {
        let old = find(base, path)?;
        match (old, new) {
            (Some(_), None) => {
                update.remove(path.as_str());
                changes = true;
            }
            (old, Some((id, mode))) if old != Some(*id) => {
                update.upsert(path.as_str(), *id, *mode);
                changes = true;
            }
            _ => {}
        }
    }
    if changes { Ok(update.create_updated(git, base)?) } else { Ok(base.id()) }
}

/// Returns the empty tree or that of a commit.
pub(super) fn tree_of(git: &Git, commit: Option<Oid>) -> Result<Tree<'_>, RepositoryError> {
    match commit {
        Some(id) => Ok(git.find_commit(id)?.tree()?),
        None => Ok(git.find_tree(git.treebuilder(None)?.write()?)?),
    }
}

fn make(git: &Git, head: Option<Oid>, commits: &[NewCommit]) -> Result<Vec<Option<Oid>>, RepositoryError> {
    let mut head = head;
    let mut made = Vec::with_capacity(commits.len());
    for commit in commits {
        let base = tree_of(git, head)?;
        let mut edits = BTreeMap::new();
        for FileEdit { path, content } in &commit.edits {
            check_path(path)?;
            let blob = content.as_deref().map(|content| git.blob(content)).transpose()?;
            edits.insert(path.clone(), blob.map(|id| (id, FileMode::Blob)));
        }
        let tree = edit_tree(git, &base, &edits)?;
        if tree == base.id() {
            made.push(None);
            continue;
        }
        let parent = head.map(|id| git.find_commit(id)).transpose()?;
        let author = commit.author.sign(commit.authored_at)?;
        let committer = Identity::denshimon().sign(commit.committed_at)?;
        let parents: Vec<_> = parent.iter().collect();
        let id = git.commit(None, &author, &committer, &commit.message, &git.find_tree(tree)?, &parents)?;
        head = Some(id);
        made.push(Some(id));
    }
    Ok(made)
}

/// Collects new objects in memory and writes them as one pack.
fn make_packed(git: &Git, head: Option<Oid>, commits: &[NewCommit]) -> Result<Vec<Option<Oid>>, RepositoryError> {
    // A handle of its own, since the backend in memory cannot be taken off again.
    let memory = Git::open_bare(git.path())?;
    let objects = memory.odb()?;
    objects.add_new_mempack_backend(FIRST)?;
    let made = make(&memory, head, commits)?;
    let mut pack = memory.packbuilder()?;
    pack.set_threads(1);
    let mut before = head;
    for &id in made.iter().flatten() {
        pack.insert_object(id, None)?;
        let old = before.map(|id| memory.find_commit(id)?.tree()).transpose()?;
        insert_new(&memory, &mut pack, old.as_ref(), &memory.find_commit(id)?.tree()?)?;
        before = Some(id);
    }
    if pack.object_count() > 0 {
        pack.write(&git.path().join("objects").join("pack"), 0o444)?;
        git.odb()?.refresh()?;
    }
    Ok(made)
}

/// Inserts a tree and what it holds beyond the old one; costs by the size of the change.
fn insert_new(
    git: &Git,
    pack: &mut git2::PackBuilder<'_>,
    old: Option<&Tree<'_>>,
    new: &Tree<'_>,
) -> Result<(), RepositoryError> {
    pack.insert_object(new.id(), None)?;
    for entry in new {
        let before = old.and_then(|old| old.get_name_bytes(entry.name_bytes()));
        if before.as_ref().is_some_and(|before| before.id() == entry.id()) {
            continue;
        }
        match entry.kind() {
            Some(ObjectType::Tree) => {
                let before = before.filter(|before| before.kind() == Some(ObjectType::Tree));
                let before = before.map(|before| git.find_tree(before.id())).transpose()?;
                insert_new(git, pack, before.as_ref(), &git.find_tree(entry.id())?)?;
            }
            Some(ObjectType::Blob) => pack.insert_object(entry.id(), None)?,
            _ => {}
        }
    }
    Ok(())
}

/// Finds a file; fails where a file stands in the place of a folder or the other way round.
fn find(tree: &Tree<'_>, path: &str) -> Result<Option<Oid>, RepositoryError> {
    let wrong = || RepositoryError::Path { path: path.to_owned() };
    match tree.get_path(Path::new(path)) {
        Ok(entry) if entry.kind() == Some(ObjectType::Blob) => return Ok(Some(entry.id())),
        Ok(_) => return Err(wrong()),
        Err(error) if error.code() == git2::ErrorCode::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    for folder in Path::new(path).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
        match tree.get_path(folder) {
            Ok(entry) if entry.kind() == Some(ObjectType::Tree) => break,
            Ok(_) => return Err(wrong()),
            Err(_) => {}
        }
    }
    Ok(None)
}

/// Refuses what leaves the tree or reaches into `.git`.
fn check_path(path: &str) -> Result<(), RepositoryError> {
    let bad = |part: &str| {
        part.is_empty() || part == "." || part == ".." || part.eq_ignore_ascii_case(".git") || part.contains('\0')
    };
    if path.split('/').any(bad) { Err(RepositoryError::Path { path: path.to_owned() }) } else { Ok(()) }
}
