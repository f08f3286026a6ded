//! Folders as Git stores them: a mode, a name and an id for each entry, in Git's order.

use std::cmp::Ordering;

use git2::{FileMode, Oid};

use super::failure::RepositoryError;

const FOLDER: &[u8] = b"40000";

/// The entries of a folder, to be looked up and changed.
pub(super) struct Folder<'a> {
    entries: Vec<Entry<'a>>,
}

/// An entry of a folder.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    mode: &'a [u8],
    name: &'a [u8],
    pub(super) id: Oid,
}

impl<'a> Entry<'a> {
    /// A regular file, no symbolic link and no submodule.
    pub(super) fn is_file(&self) -> bool {
        self.mode.starts_with(b"100")
    }

    /// Some tools write a zero before the mode.
    pub(super) fn is_folder(&self) -> bool {
        self.mode.strip_prefix(b"0").unwrap_or(self.mode) == FOLDER
    }

    /// What Git sorts by: a folder's name ends with a slash.
    fn key(&self) -> impl Iterator<Item = &'a u8> {
        self.name.iter().chain(self.is_folder().then_some(&b'/'))
    }
}

impl<'a> Folder<'a> {
    /// Reads the content of a tree object.
    pub(super) fn read(content: &'a [u8]) -> Result<Self, RepositoryError> {
        let mut entries = Vec::with_capacity(content.len() / 32);
        let mut rest = content;
        while !rest.is_empty() {
            let (entry, after) = read_entry(rest)
                .ok_or_else(|| RepositoryError::Storage(git2::Error::from_str("a folder is not what Git writes")))?;
            entries.push(entry);
            rest = after;
        }
        Ok(Self { entries })
    }

    pub(super) fn find(&self, name: &str) -> Option<Entry<'a>> {
        self.entries.iter().find(|entry| entry.name == name.as_bytes()).copied()
    }

    /// Takes an entry out, or puts one in the place of what has its name.
    pub(super) fn set(&mut self, name: &'a str, new: Option<(Oid, FileMode)>) {
        self.entries.retain(|entry| entry.name != name.as_bytes());
        if let Some((id, mode)) = new {
            let new = Entry { mode: mode_of(mode), name: name.as_bytes(), id };
            let place = self.entries.partition_point(|entry| entry.key().cmp(new.key()) == Ordering::Less);
            self.entries.insert(place, new);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the content of the tree object.
    pub(super) fn write(&self) -> Vec<u8> {
        let length = self.entries.iter().map(|entry| entry.mode.len() + entry.name.len() + 22).sum();
        let mut content = Vec::with_capacity(length);
        for entry in &self.entries {
            content.extend_from_slice(entry.mode);
            content.push(b' ');
            content.extend_from_slice(entry.name);
            content.push(0);
            content.extend_from_slice(entry.id.as_bytes());
        }
        content
    }
}

fn read_entry(content: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let (mode, rest) = content.split_at_checked(content.iter().position(|byte| *byte == b' ')?)?;
    let rest = rest.get(1..)?;
    let (name, rest) = rest.split_at_checked(rest.iter().position(|byte| *byte == 0)?)?;
    let (id, rest) = rest.get(1..)?.split_at_checked(20)?;
    Some((Entry { mode, name, id: Oid::from_bytes(id).ok()? }, rest))
}

fn mode_of(mode: FileMode) -> &'static [u8] {
    match mode {
        FileMode::Tree => FOLDER,
        FileMode::BlobExecutable => b"100755",
        FileMode::BlobGroupWritable => b"100664",
        FileMode::Link => b"120000",
        FileMode::Commit => b"160000",
        _ => b"100644",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_in_the_order_of_git() {
        let id = Oid::from_bytes(&[7; 20]).unwrap();
        let mut folder = Folder::read(b"").unwrap();
        let (file, below) = (Some((id, FileMode::Blob)), Some((id, FileMode::Tree)));
        for (name, entry) in [("a", below), ("a.b", file), ("a0", file), ("a-b", file), ("b", file)] {
            folder.set(name, entry);
        }
        let names = |folder: &Folder<'_>| -> Vec<String> {
            folder.entries.iter().map(|entry| String::from_utf8_lossy(entry.name).into_owned()).collect()
        };
        assert_eq!(names(&folder), ["a-b", "a.b", "a", "a0", "b"]);
        let content = folder.write();
        let mut again = Folder::read(&content).unwrap();
        assert_eq!(again.write(), content);
        assert!(again.find("a").unwrap().is_folder() && again.find("b").unwrap().is_file());
        assert!(Folder::read(&[b"040000 a\0".as_slice(), &[7; 20]].concat()).unwrap().find("a").unwrap().is_folder());
        // A file in the place of a folder has another place.
        again.set("a", file);
        again.set("b", None);
        assert_eq!(names(&again), ["a", "a-b", "a.b", "a0"]);
        assert!(Folder::read(&content[..content.len() - 1]).is_err());
    }
}
