//! What a remote lacks, told by what it has.
//!
//! libgit2's own push looks at every entry of every folder of every commit, and tries ten bases for each object. A commit
//! and its parent are alike but for a few entries, and what has changed stands in the place of what it is like.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{ObjectType, Oid, Repository as Git};

use super::failure::RepositoryError;
use super::join::{COMPARED, DEEPEST};
use super::pack::{NewPack, delta, stream, told_by, whole};
use super::tree::Folder;

/// What an object may be told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bases {
    /// Others of the same commits alone.
    Among,
    /// Also those that the remote has, as gitformat-pack(5) has it for packs on their way.
    AlsoThere,
}

/// The objects of some commits that are not in what came before them.
pub(super) struct Lacking<'a> {
    git: &'a Git,
    bases: Bases,
    seen: HashSet<Oid>,
    /// Folders of the commit before, and of this one.
    folders: [HashMap<Oid, Arc<[u8]>>; 2],
    /// How many versions stand behind each object.
    depths: HashMap<Oid, u32>,
    entries: Vec<(Oid, Vec<u8>)>,
}

impl<'a> Lacking<'a> {
    /// Gathers the objects of commits that follow what the remote has, parents first.
    pub(super) fn of(git: &'a Git, commits: &[Oid], bases: Bases) -> Result<Self, RepositoryError> {
        let mut lacking = Self {
            git,
            bases,
            seen: HashSet::new(),
            folders: Default::default(),
            depths: HashMap::new(),
            entries: Vec::new(),
        };
        for id in commits {
            let commit = git.find_commit(*id)?;
            let before = commit.parent_ids().next().map(|parent| git.find_commit(parent)).transpose()?;
            lacking.add_folder(before.map(|before| before.tree_id()), commit.tree_id())?;
            let objects = git.odb()?;
            let content = objects.read(*id)?;
            lacking.entries.push((*id, whole(ObjectType::Commit, content.data())?));
            let [before, now] = &mut lacking.folders;
            *before = std::mem::take(now);
        }
        Ok(lacking)
    }

    /// Returns them as they travel.
    pub(super) fn into_stream(self) -> io::Result<Vec<u8>> {
        stream(self.entries.len(), self.entries.iter().map(|(_, raw)| raw.as_slice()))
    }

    /// Writes them into a folder of packs.
    pub(super) fn write(self, folder: &Path) -> io::Result<PathBuf> {
        let mut pack = NewPack::begin(folder, self.entries.len())?;
        for (id, raw) in &self.entries {
            pack.copy(*id, raw)?;
        }
        pack.finish(folder)
    }

    fn add_folder(&mut self, old: Option<Oid>, new: Oid) -> Result<(), RepositoryError> {
        if old == Some(new) || !self.seen.insert(new) {
            return Ok(());
        }
        let content = self.folder(new)?;
        let before = old.map(|old| Ok::<_, RepositoryError>((old, self.folder(old)?))).transpose()?;
        self.add(new, ObjectType::Tree, &content, before.as_ref().map(|(id, content)| (*id, content.as_ref())))?;
        let older = Folder::read(before.as_ref().map_or(&[], |(_, content)| content))?;
        for (entry, there) in Folder::read(&content)?.beside(&older) {
            if entry.is_folder() {
                self.add_folder(there.filter(|there| there.is_folder()).map(|there| there.id), entry.id)?;
            } else if !entry.is_submodule() && self.seen.insert(entry.id) {
                let objects = self.git.odb()?;
                let content = objects.read(entry.id)?;
                let before = there.filter(|there| there.is_file()).map(|there| there.id);
                let before = before.map(|id| Ok::<_, git2::Error>((id, objects.read(id)?))).transpose()?;
                let before = before.as_ref().map(|(id, content)| (*id, content.data()));
                self.add(entry.id, ObjectType::Blob, content.data(), before)?;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        id: Oid,
        kind: ObjectType,
        content: &[u8],
        before: Option<(Oid, &[u8])>,
    ) -> Result<(), RepositoryError> {
        let comparable = COMPARED.contains(&content.len());
        let told = before.filter(|(_, older)| comparable && older.len() < COMPARED.end).and_then(|(older, text)| {
            // One that is not among these is at the remote: it is in a parent of the first commit.
            let there = (self.bases == Bases::AlsoThere).then_some(0);
            let depth = self.depths.get(&older).copied().or(there).filter(|it| *it < DEEPEST)?;
            Some((older, depth + 1, delta(text, content)?))
        });
        let (raw, depth) = match told {
            Some((older, depth, delta)) => (told_by(older, &delta)?, depth),
            None => (whole(kind, content)?, 0),
        };
        self.depths.insert(id, depth);
        self.entries.push((id, raw));
        Ok(())
    }

    fn folder(&mut self, id: Oid) -> Result<Arc<[u8]>, RepositoryError> {
        let [before, now] = &mut self.folders;
        if let Some(content) = now.get(&id) {
            return Ok(content.clone());
        }
        let content = match before.get(&id) {
            Some(content) => content.clone(),
            None => self.git.odb()?.read(id)?.data().into(),
        };
        now.insert(id, content.clone());
        Ok(content)
    }
}
