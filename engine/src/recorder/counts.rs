//! How many records there are of each kind, and how many values they lack by each rule, kept as they come and go: nobody
//! walks through all of them to know.

use std::collections::{HashMap, HashSet};

use model::{Kind, Namespace, ResourceName, ResourceRef};

use super::book::{Book, Masked, Pages};

/// Records at the head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    all: usize,
    /// By the folder that a kind's records lie in.
    kinds: HashMap<String, usize>,
    /// Values that look like credentials, by the rule that found them.
    masked: HashMap<&'static str, usize>,
}

impl Counts {
    /// Counts records by their paths, those of kinds below the cluster's folder.
    pub(super) fn of<'a>(paths: impl Iterator<Item = &'a str>, folder: &str) -> Self {
        let mut counts = Self::default();
        paths.for_each(|path| counts.change(path, folder, false, true));
        counts
    }

    /// Notes whether there was a record at a path, and is now.
    pub(super) fn change(&mut self, path: &str, folder: &str, before: bool, after: bool) {
        let kind = kind_part(path, folder).unwrap_or_default();
        match (before, after) {
            (false, true) => {
                self.all += 1;
                match self.kinds.get_mut(kind) {
                    Some(count) => *count += 1,
                    None => drop(self.kinds.insert(kind.to_owned(), 1)),
                }
            }
            (true, false) => {
                self.all = self.all.saturating_sub(1);
                if let Some(count) = self.kinds.get_mut(kind) {
                    *count = count.saturating_sub(1);
                }
            }
            _ => {}
        }
    }

    /// Returns how many there are.
    pub(super) fn all(&self) -> usize {
        self.all
    }

    /// Notes what a record kept out of Git before, and does now.
    fn change_masked(&mut self, before: &[Masked], after: &[Masked]) {
        for rule in before.iter().filter_map(|masked| masked.rule) {
            let count = self.masked.entry(rule).or_default();
            *count = count.saturating_sub(1);
        }
        for rule in after.iter().filter_map(|masked| masked.rule) {
            *self.masked.entry(rule).or_default() += 1;
        }
    }

    /// Returns how many values a rule keeps out of records.
    pub(super) fn masked_by(&self, rule: &str) -> usize {
        self.masked.get(rule).copied().unwrap_or(0)
    }

    /// Returns how many lie in a kind's folder.
    pub(super) fn of_kind(&self, folder: &str) -> usize {
        self.kinds.get(folder).copied().unwrap_or(0)
    }
}

/// Returns the folder that a record's kind has, such as `deployment`; `None` outside of the cluster's folder.
pub(super) fn kind_part<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    path.strip_prefix(folder)?.strip_prefix('/')?.split('/').nth(1)
}

impl Pages {
    /// Counts all of the records anew, after the head was read.
    pub(super) fn count_records(&mut self, folder: &str) {
        let at_head = self.records.iter().filter(|(_, record)| record.blob.is_some());
        self.counts = Counts::of(at_head.map(|(path, _)| path.as_str()), folder);
        for record in self.records.values() {
            self.counts.change_masked(&[], &record.masked);
        }
    }

    /// Notes which values a record does not hold in clear.
    pub(super) fn mask(&mut self, path: &str, masked: Vec<Masked>) {
        if let Some(record) = self.records.get_mut(path) {
            self.counts.change_masked(&record.masked, &masked);
            record.masked = masked;
        }
    }

    /// Forgets a record that is no more.
    pub(super) fn forget(&mut self, path: &str) {
        if let Some(record) = self.records.remove(path) {
            self.counts.change_masked(&record.masked, &[]);
        }
    }
}

impl Book {
    /// Returns the folder that a kind's records lie in, such as `deployment`.
    pub(super) fn folder_of_kind(&self, kind: &Kind) -> Option<String> {
        let any: ResourceName = "any".parse().ok()?;
        let namespace: Namespace = "any".parse().ok()?;
        let resource =
            ResourceRef { cluster: self.cluster.clone(), kind: kind.clone(), namespace: Some(namespace), name: any };
        kind_part(&self.path_of(&resource), &self.folder()).map(str::to_owned)
    }

    /// Finds the kinds that are followed whose records lie at these paths; a path alone does not tell how a custom kind
    /// is written.
    pub(super) fn kinds_at(&self, paths: &[String]) -> Vec<Kind> {
        let root = self.folder();
        let folders: HashSet<&str> = paths.iter().filter_map(|path| kind_part(path, &root)).collect();
        let followed: Vec<Kind> = self.pages().kinds.keys().cloned().collect();
        let lies_there =
            |kind: &Kind| self.folder_of_kind(kind).is_some_and(|folder| folders.contains(folder.as_str()));
        followed.into_iter().filter(lies_there).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_as_records_lack_them() {
        let book = Book::new("test".parse().unwrap(), ".".into(), model::Timestamp::UNIX_EPOCH);
        let mut pages = book.pages();
        let masked = |rule| Masked { place: "key password".into(), rule, sealed: false };
        for path in ["a", "b"] {
            pages.records.entry(path.into()).or_default();
            pages.mask(path, vec![masked(Some("password-names")), masked(None)]);
        }
        assert_eq!(pages.counts.masked_by("password-names"), 2);
        pages.mask("a", vec![masked(Some("private-keys"))]);
        pages.forget("b");
        assert_eq!((pages.counts.masked_by("password-names"), pages.counts.masked_by("private-keys")), (0, 1));
        pages.count_records("");
        assert_eq!((pages.counts.masked_by("password-names"), pages.counts.masked_by("private-keys")), (0, 1));
    }

    #[test]
    fn records_are_counted_as_they_come_and_go() {
        let folder = "clusters/test";
        let paths = ["clusters/test/shop/deployment/a.yaml", "clusters/test/shop/deployment/b.yaml"];
        let mut counts = Counts::of(paths.into_iter(), folder);
        let secret = "clusters/test/shop/secret/a.yaml";
        counts.change(secret, folder, false, true);
        counts.change(secret, folder, true, true);
        counts.change(paths[0], folder, true, false);
        assert_eq!((counts.all(), counts.of_kind("deployment"), counts.of_kind("secret")), (2, 1, 1));
        assert_eq!(counts.of_kind("job"), 0);
        counts.change("elsewhere.yaml", folder, true, false);
        assert_eq!(counts.all(), 1);
    }
}
