//! New objects: made in memory, then brought to disk together as one pack.
//!
//! A pack costs three disk syncs. Objects of their own would cost two each, and a commit of one file makes seven or so.
//! Folders are edited in the form they are stored in: libgit2 would read and write each entry anew, and look for each
//! new object in all packs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use git2::{FileMode, ObjectType, Oid, Repository as Git};
use sha1::{Digest, Sha1};

use super::commit::Before;
use super::failure::RepositoryError;
use super::join::DEEPEST;
use super::lookup::text_of;
use super::maintain::pack_folder;
use super::pack::{NewPack, delta};
use super::sign::{Signer, Words};
use super::tree::Folder;

/// What paths become.
pub(super) type Edits = BTreeMap<String, NewFile>;

/// A blob, and its mode: without one, a file that is there keeps its own.
pub(super) type File = (Oid, Option<FileMode>);

/// What a path becomes.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewFile {
    /// `None` deletes it.
    pub(super) file: Option<File>,
    /// What has to be there before, if that matters.
    pub(super) before: Before,
}

/// Folders of late, so that the next batch does not read them again.
#[derive(Default)]
pub(super) struct Trees {
    contents: HashMap<Oid, Arc<[u8]>>,
    bytes: usize,
    /// The newest commit and its tree.
    newest: Option<(Oid, Oid)>,
}

impl Trees {
    const MOST_BYTES: usize = 16 * 1024 * 1024;

    /// Keeps a folder in the place of an older version.
    fn keep(&mut self, id: Oid, content: Arc<[u8]>, before: Option<Oid>) {
        let older = before.and_then(|before| self.contents.remove(&before));
        self.bytes -= older.map_or(0, |older| older.len());
        if self.bytes + content.len() > Self::MOST_BYTES {
            self.contents.clear();
            self.bytes = 0;
        }
        let length = content.len();
        let same = self.contents.insert(id, content);
        self.bytes += length - same.map_or(0, |same| same.len());
    }
}

/// Objects that are not on disk yet.
pub(super) struct Batch<'a> {
    git: &'a Git,
    trees: &'a mut Trees,
    /// In the order they were made.
    objects: Vec<Object>,
    contents: HashMap<Oid, Arc<[u8]>>,
    /// In all contents.
    bytes: usize,
}

struct Object {
    id: Oid,
    kind: ObjectType,
    /// What stood in a folder's place.
    before: Option<Oid>,
}

impl<'a> Batch<'a> {
    /// What is kept in memory before it is written; a pack more costs less than the memory.
    const MOST_BYTES: usize = 32 * 1024 * 1024;

    pub(super) fn new(git: &'a Git, trees: &'a mut Trees) -> Self {
        Self { git, trees, objects: Vec::new(), contents: HashMap::new(), bytes: 0 }
    }

    /// Makes a blob.
    pub(super) fn blob(&mut self, content: Arc<[u8]>) -> Result<Oid, RepositoryError> {
        self.put(ObjectType::Blob, content, None)
    }

    /// Reads a blob as text, made here or not; what is not UTF-8 or larger than the limit gives `None`.
    pub(super) fn text_of(&self, blob: Oid, limit_bytes: usize) -> Result<Option<String>, RepositoryError> {
        match self.contents.get(&blob) {
            Some(content) => Ok(String::from_utf8(content.to_vec()).ok().filter(|text| text.len() <= limit_bytes)),
            None => text_of(self.git, blob, limit_bytes),
        }
    }

    /// Returns a commit's tree.
    pub(super) fn tree_of(&self, commit: Oid) -> Result<Oid, RepositoryError> {
        match self.trees.newest {
            Some((newest, tree)) if newest == commit => Ok(tree),
            _ => Ok(self.git.find_commit(commit)?.tree_id()),
        }
    }

    /// Finds a file; fails where a file stands in the place of a folder or the other way round.
    pub(super) fn file_at(&mut self, tree: Option<Oid>, path: &str) -> Result<Option<Oid>, RepositoryError> {
        let wrong = || RepositoryError::Path { path: path.to_owned() };
        let mut tree = tree;
        let mut names = path.split('/').peekable();
        while let (Some(id), Some(name)) = (tree, names.next()) {
            let content = self.tree(id)?;
            let entry = Folder::read(&content)?.find(name);
            let (id, is_file, is_folder) = match entry {
                Some(entry) => (entry.id, entry.is_file(), entry.is_folder()),
                None => return Ok(None),
            };
            match names.peek() {
                None if is_file => return Ok(Some(id)),
                Some(_) if is_folder => tree = Some(id),
                _ => return Err(wrong()),
            }
        }
        Ok(None)
    }

    /// Applies edits to a tree; returns the same tree when nothing changes.
    ///
    /// # Errors
    /// [`RepositoryError::Path`] with the edit that cannot be made, [`RepositoryError::Moved`] where something else was
    /// there before.
    pub(super) fn edit(&mut self, tree: Option<Oid>, edits: &Edits) -> Result<Oid, RepositoryError> {
        let edits: Vec<Edit<'_>> =
            edits.iter().map(|(path, new)| Edit { path, rest: path.as_str(), new: *new }).collect();
        match self.edit_folder(tree, &edits)? {
            Some(tree) => Ok(tree),
            None => self.put(ObjectType::Tree, Arc::default(), None),
        }
    }

    /// Returns the folder's new tree, `None` when nothing is left in it.
    fn edit_folder(&mut self, old: Option<Oid>, edits: &[Edit<'_>]) -> Result<Option<Oid>, RepositoryError> {
        let content = old.map_or_else(|| Ok(Arc::default()), |old| self.tree(old))?;
        let mut folder = Folder::read(&content)?;
        let mut below: BTreeMap<&str, Vec<Edit<'_>>> = BTreeMap::new();
        let mut changes = Vec::new();
        for edit in edits {
            if let Some((name, rest)) = edit.rest.split_once('/') {
                below.entry(name).or_default().push(Edit { rest, ..*edit });
                continue;
            }
            let there = folder.find(edit.rest);
            if there.is_some_and(|there| !there.is_file()) {
                return Err(RepositoryError::Path { path: edit.path.to_owned() });
            }
            let there = there.map(|there| (there.id, there.file_mode()));
            if !edit.new.before.allows(there.map(|(id, _)| id)) {
                return Err(RepositoryError::Moved);
            }
            let mode = there.map_or(FileMode::Blob, |(_, mode)| mode);
            let new = edit.new.file.map(|(id, given)| (id, given.unwrap_or(mode)));
            if there != new {
                changes.push((edit.rest, new));
            }
        }
        for (name, edits) in below {
            let there = folder.find(name);
            if let (Some(first), true) = (edits.first(), there.is_some_and(|there| !there.is_folder())) {
                return Err(RepositoryError::Path { path: first.path.to_owned() });
            }
            let old = there.map(|there| there.id);
            let new = self.edit_folder(old, &edits)?;
            if new != old {
                changes.push((name, new.map(|id| (id, FileMode::Tree))));
            }
        }
        if changes.is_empty() {
            return Ok(old);
        }
        folder.set(&changes);
        if folder.is_empty() { Ok(None) } else { self.put(ObjectType::Tree, folder.write().into(), old).map(Some) }
    }

    /// Makes a commit that no reference leads to yet.
    pub(super) fn commit(
        &mut self,
        words: &Words<'_>,
        tree: Oid,
        parent: Option<Oid>,
        signer: Option<&Signer>,
    ) -> Result<Oid, RepositoryError> {
        let content = words.content(tree, parent, signer)?;
        let id = self.put(ObjectType::Commit, content.into(), None)?;
        self.trees.newest = Some((id, tree));
        if self.bytes > Self::MOST_BYTES {
            self.write()?;
        }
        Ok(id)
    }

    fn tree(&mut self, id: Oid) -> Result<Arc<[u8]>, RepositoryError> {
        if let Some(content) = self.contents.get(&id).or_else(|| self.trees.contents.get(&id)) {
            return Ok(content.clone());
        }
        let content: Arc<[u8]> = self.git.odb()?.read(id)?.data().into();
        self.trees.keep(id, content.clone(), None);
        Ok(content)
    }

    fn put(&mut self, kind: ObjectType, content: Arc<[u8]>, before: Option<Oid>) -> Result<Oid, RepositoryError> {
        let mut hash = Sha1::new();
        hash.update(format!("{} {}\0", kind.str(), content.len()));
        hash.update(&content);
        let id = Oid::from_bytes(&hash.finalize())?;
        if !self.contents.contains_key(&id) {
            self.objects.push(Object { id, kind, before });
            self.bytes += content.len();
            self.contents.insert(id, content);
        }
        Ok(id)
    }

    /// Brings what is in memory to disk.
    pub(super) fn write(&mut self) -> Result<(), RepositoryError> {
        let (objects, contents) = (std::mem::take(&mut self.objects), std::mem::take(&mut self.contents));
        self.bytes = 0;
        if objects.is_empty() {
            return Ok(());
        }
        let folder = pack_folder(self.git.path());
        let mut pack = NewPack::begin(&folder, objects.len())?;
        // How many versions stand behind each folder.
        let mut depths: HashMap<Oid, u32> = HashMap::new();
        for Object { id, kind, before: older } in &objects {
            let content = contents.get(id).ok_or(RepositoryError::NotFound)?;
            let before = older.and_then(|before| {
                let depth = depths.get(&before).copied().filter(|depth| *depth < DEEPEST)?;
                Some((before, depth, delta(contents.get(&before)?, content)?))
            });
            match &before {
                Some((before, _, delta)) => pack.add_delta(*id, *before, delta)?,
                None => pack.add(*id, *kind, content)?,
            }
            if *kind == ObjectType::Tree {
                depths.insert(*id, before.map_or(0, |(_, depth, _)| depth + 1));
                self.trees.keep(*id, content.clone(), *older);
            }
        }
        pack.finish(&folder)?;
        Ok(())
    }
}

/// What becomes of a file, with the rest of its path below a folder.
#[derive(Clone, Copy)]
struct Edit<'a> {
    path: &'a str,
    rest: &'a str,
    new: NewFile,
}
