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

    /// Whether whoever checks it out may run it, or write to it.
    pub(super) fn file_mode(&self) -> FileMode {
        match self.mode {
            b"100755" => FileMode::BlobExecutable,
            b"100664" => FileMode::BlobGroupWritable,
            _ => FileMode::Blob,
        }
    }

    /// A commit of another repository, which is not in this one.
    pub(super) fn is_submodule(&self) -> bool {
        self.mode == mode_of(FileMode::Commit)
    }

    /// Some tools write a zero before the mode.
    pub(super) fn is_folder(&self) -> bool {
        self.mode.strip_prefix(b"0").unwrap_or(self.mode) == FOLDER
    }

    /// Compares as Git sorts: as if a folder's name ended with a slash.
    fn order(&self, other: &Self) -> Ordering {
        let shared = self.name.len().min(other.name.len());
        let next = |entry: &Self| entry.name.get(shared).copied().or(entry.is_folder().then_some(b'/'));
        self.name.get(..shared).cmp(&other.name.get(..shared)).then_with(|| next(self).cmp(&next(other)))
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
        // Others may have written it in another order, which Git's own programs would not read either.
        if !entries.is_sorted_by(|one, other| one.order(other).is_le()) {
            entries.sort_by(Entry::order);
        }
        Ok(Self { entries })
    }

    pub(super) fn find(&self, name: &str) -> Option<Entry<'a>> {
        self.entry(name.as_bytes())
    }

    /// Lists the entries that an older version does not have so, and what it has of their names.
    pub(super) fn beside<'b>(&self, older: &Folder<'b>) -> Vec<(Entry<'a>, Option<Entry<'b>>)> {
        let is_same =
            |one: &Entry<'_>, other: &Entry<'_>| (one.id, one.name, one.mode) == (other.id, other.name, other.mode);
        let alike = |(one, other): &(&Entry<'_>, &Entry<'_>)| is_same(one, other);
        let start = self.entries.iter().zip(&older.entries).take_while(alike).count();
        let rest = self.entries.get(start..).unwrap_or_default();
        let older_rest = older.entries.get(start..).unwrap_or_default();
        let end = rest.iter().rev().zip(older_rest.iter().rev()).take_while(alike).count();
        let between = rest.iter().take(rest.len() - end).map(|entry| (*entry, older.entry(entry.name)));
        between.filter(|(entry, there)| there.is_none_or(|there| !is_same(entry, &there))).collect()
    }

    fn entry(&self, name: &[u8]) -> Option<Entry<'a>> {
        self.places(name).next().and_then(|place| self.entries.get(place)).copied()
    }

    /// Takes entries out, or puts new ones in the place of what has their names; each name once.
    pub(super) fn set(&mut self, changes: &[(&'a str, Option<(Oid, FileMode)>)]) {
        let mut gone: Vec<usize> = changes.iter().flat_map(|(name, _)| self.places(name.as_bytes())).collect();
        gone.sort_unstable();
        let mut gone = gone.into_iter().peekable();
        let mut place = 0;
        self.entries.retain(|_| {
            let goes = gone.next_if_eq(&place).is_some();
            place += 1;
            !goes
        });
        let new = changes
            .iter()
            .filter_map(|(name, new)| new.map(|(id, mode)| Entry { mode: mode_of(mode), name: name.as_bytes(), id }));
        self.entries.extend(new);
        // Nearly in order already, which this sort makes use of.
        self.entries.sort_by(Entry::order);
    }

    /// Returns where a file and a folder of this name lie.
    fn places(&self, name: &[u8]) -> impl Iterator<Item = usize> {
        let at = |mode| {
            let wanted = Entry { mode, name, id: Oid::ZERO_SHA1 };
            self.entries.binary_search_by(|entry| entry.order(&wanted)).ok()
        };
        [at(mode_of(FileMode::Blob)), at(FOLDER)].into_iter().flatten()
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
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    type Names = BTreeMap<String, (u8, bool)>;

    fn folder_of(names: &Names) -> Folder<'_> {
        let mut folder = Folder::read(b"").unwrap();
        let entry = |(id, is_file): (u8, bool)| {
            Some((Oid::from_bytes(&[id; 20]).unwrap(), if is_file { FileMode::Blob } else { FileMode::Tree }))
        };
        let changes: Vec<_> = names.iter().map(|(name, what)| (name.as_str(), entry(*what))).collect();
        folder.set(&changes);
        folder
    }

    fn names() -> impl Strategy<Value = Names> {
        prop::collection::btree_map("[a-c][.0-]?[a-c]?", (0_u8..3, any::<bool>()), 0..12)
    }

    proptest! {
        #[test]
        fn what_differs_is_told_with_what_was_there(old in names(), new in names()) {
            let (one, other) = (folder_of(&old), folder_of(&new));
            let told: Names = other.beside(&one).into_iter().map(|(entry, there)| {
                let name = String::from_utf8_lossy(entry.name).into_owned();
                let before = there.map(|there| (there.id.as_bytes()[0], there.is_file()));
                assert_eq!(before, old.get(&name).copied());
                (name, (entry.id.as_bytes()[0], entry.is_file()))
            }).collect();
            let expect: Names =
                new.iter().filter(|(name, what)| old.get(*name) != Some(what)).map(|(n, w)| (n.clone(), *w)).collect();
            prop_assert_eq!(told, expect);
        }

        #[test]
        fn entries_are_set_and_found_in_any_order(old in names(), changes in prop::collection::btree_map("[a-c][.0-]?[a-c]?", prop::option::of((0_u8..3, any::<bool>())), 0..6)) {
            let mut expect = old.clone();
            for (name, what) in &changes {
                match what {
                    Some(what) => drop(expect.insert(name.clone(), *what)),
                    None => drop(expect.remove(name)),
                }
            }
            let mut folder = folder_of(&old);
            let new = folder_of(&expect);
            let changes: Vec<_> = changes.keys().map(|name| {
                let entry = new.find(name).map(|it| (it.id, if it.is_file() { FileMode::Blob } else { FileMode::Tree }));
                (name.as_str(), entry)
            }).collect();
            folder.set(&changes);
            prop_assert_eq!(folder.write(), new.write());
            for name in old.keys().filter(|name| !expect.contains_key(*name)) {
                prop_assert!(folder.find(name).is_none());
            }
        }
    }

    #[test]
    fn entries_are_in_the_order_of_git() {
        let id = Oid::from_bytes(&[7; 20]).unwrap();
        let mut folder = Folder::read(b"").unwrap();
        let (file, below) = (Some((id, FileMode::Blob)), Some((id, FileMode::Tree)));
        for (name, entry) in [("a", below), ("a.b", file), ("a0", file), ("a-b", file), ("b", file)] {
            folder.set(&[(name, entry)]);
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
        again.set(&[("a", file), ("b", None)]);
        assert_eq!(names(&again), ["a", "a-b", "a.b", "a0"]);
        assert!(Folder::read(&content[..content.len() - 1]).is_err());
    }
}
