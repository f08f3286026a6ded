//! How many records there are of each kind, kept as they come and go: nobody walks through all of them to know.

use std::collections::HashMap;

use model::{Kind, Namespace, ResourceName, ResourceRef};

use super::book::Book;

/// Records at the head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    all: usize,
    /// By the folder that a kind's records lie in.
    kinds: HashMap<String, usize>,
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

    /// Returns how many lie in a kind's folder.
    pub(super) fn of_kind(&self, folder: &str) -> usize {
        self.kinds.get(folder).copied().unwrap_or(0)
    }
}

/// Returns the folder that a record's kind has, such as `deployment`; `None` outside of the cluster's folder.
pub(super) fn kind_part<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    path.strip_prefix(folder)?.strip_prefix('/')?.split('/').nth(1)
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
