//! Reads what is recorded at the head.

use git2::{ObjectType, Oid, Repository as Git, TreeEntry, TreeWalkMode, TreeWalkResult};
use model::git::CommitId;

use super::commit::head_of;
use super::failure::RepositoryError;

/// The files under a folder at one commit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    pub(crate) head: Option<CommitId>,
    /// Path from the repository's root, and blob.
    pub(crate) files: Vec<(String, Oid)>,
    /// What is no file.
    pub(crate) others: Vec<(String, NoFile)>,
}

/// What lies in a folder and has no text of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoFile {
    Link,
    Submodule,
}

/// Turns Git's id into ours.
pub(super) fn commit_id(id: Oid) -> Result<CommitId, RepositoryError> {
    id.to_string().parse().map_err(|_| RepositoryError::NotFound)
}

/// Turns our id into Git's.
pub(super) fn object_id(id: &CommitId) -> Result<Oid, RepositoryError> {
    Ok(Oid::from_str(id.as_str())?)
}

/// Lists the files under a folder at the branch's head; none before the first commit.
pub(super) fn files_under(git: &Git, branch: &str, folder: &str) -> Result<Files, RepositoryError> {
    let Some(head) = head_of(git, branch)? else { return Ok(Files::default()) };
    let tree = git.find_commit(head)?.tree()?;
    let (mut files, mut others) = (Vec::new(), Vec::new());
    let folder = folder.trim_matches('/');
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let tree = match tree.get_path(std::path::Path::new(folder)) {
        _ if folder.is_empty() => tree,
        Ok(entry) if entry.kind() == Some(ObjectType::Tree) => git.find_tree(entry.id())?,
        // A file, link or submodule in the place of the folder: there are no records, and each that is to be is told.
        Ok(_) => return Ok(Files { head: Some(commit_id(head)?), files, others }),
        Err(error) if error.code() == git2::ErrorCode::NotFound => {
            return Ok(Files { head: Some(commit_id(head)?), files, others });
        }
        Err(error) => return Err(error.into()),
    };
    tree.walk(TreeWalkMode::PreOrder, |parent, entry| {
        let path = || format!("{prefix}{parent}{}", String::from_utf8_lossy(entry.name_bytes()));
        match entry.kind() {
            _ if is_file(entry) => files.push((path(), entry.id())),
            Some(ObjectType::Blob) => others.push((path(), NoFile::Link)),
            Some(ObjectType::Commit) => others.push((path(), NoFile::Submodule)),
            _ => {}
        }
        TreeWalkResult::Ok
    })?;
    Ok(Files { head: Some(commit_id(head)?), files, others })
}

/// Tells a file from a symbolic link, whose blob names what it leads to, a folder and a submodule.
pub(super) fn is_file(entry: &TreeEntry<'_>) -> bool {
    const LINK: i32 = 0o120_000;
    entry.kind() == Some(ObjectType::Blob) && entry.filemode() != LINK
}

/// Reads a blob as text; what is not UTF-8 or larger than the limit gives `None`.
pub(super) fn text_of(git: &Git, blob: Oid, limit_bytes: usize) -> Result<Option<String>, RepositoryError> {
    // Before it is in memory.
    if git.odb()?.read_header(blob)?.0 > limit_bytes {
        return Ok(None);
    }
    let blob = git.find_blob(blob)?;
    if blob.is_binary() {
        return Ok(None);
    }
    Ok(String::from_utf8(blob.content().to_vec()).ok())
}

/// Reads a file at the branch's head.
pub(super) fn text_at(git: &Git, branch: &str, path: &str) -> Result<Option<String>, RepositoryError> {
    match blob_at(git, branch, path)? {
        Some(blob) => text_of(git, blob, manifest::MAX_BYTES),
        None => Ok(None),
    }
}

/// Finds a file at the branch's head.
pub(super) fn blob_at(git: &Git, branch: &str, path: &str) -> Result<Option<Oid>, RepositoryError> {
    let Some(head) = head_of(git, branch)? else { return Ok(None) };
    match git.find_commit(head)?.tree()?.get_path(std::path::Path::new(path)) {
        Ok(entry) if is_file(&entry) => Ok(Some(entry.id())),
        Ok(_) => Ok(None),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
