//! Rows of objects that a controller owns, found by name, by uid and by their owner without a search.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{Namespace, ResourceName};

/// Names an object of one kind.
pub(super) type Key = (Namespace, ResourceName);

/// What a row must tell of its object.
pub(super) trait Row {
    fn uid(&self) -> &str;
    fn owner_uid(&self) -> &str;
}

/// All rows of one kind.
pub(super) struct OwnedRows<R> {
    rows: HashMap<Key, Arc<R>>,
    by_uid: HashMap<String, Key>,
    by_owner: HashMap<String, HashSet<Key>>,
}

impl<R> Default for OwnedRows<R> {
    fn default() -> Self {
        Self { rows: HashMap::new(), by_uid: HashMap::new(), by_owner: HashMap::new() }
    }
}

impl<R: Row> OwnedRows<R> {
    pub(super) fn get(&self, key: &Key) -> Option<&Arc<R>> {
        self.rows.get(key)
    }

    pub(super) fn with_uid(&self, uid: &str) -> Option<&Arc<R>> {
        self.rows.get(self.by_uid.get(uid)?)
    }

    /// Returns what an owner has, in no order.
    pub(super) fn of(&self, owner_uid: &str) -> impl Iterator<Item = &Arc<R>> {
        self.by_owner.get(owner_uid).into_iter().flatten().filter_map(|key| self.rows.get(key))
    }

    /// Puts a row in the place of the one of the same name.
    pub(super) fn insert(&mut self, key: Key, row: R) {
        self.remove(&key);
        self.by_uid.insert(row.uid().to_owned(), key.clone());
        self.by_owner.entry(row.owner_uid().to_owned()).or_default().insert(key.clone());
        self.rows.insert(key, Arc::new(row));
    }

    pub(super) fn remove(&mut self, key: &Key) {
        if let Some(row) = self.rows.remove(key) {
            self.forget(key, &row);
        }
    }

    /// Removes the rows that do not stay, and returns them.
    pub(super) fn retain(&mut self, stays: impl Fn(&Key) -> bool) -> Vec<Arc<R>> {
        let gone: Vec<Key> = self.rows.keys().filter(|key| !stays(key)).cloned().collect();
        let mut removed = Vec::new();
        for key in gone {
            if let Some(row) = self.rows.remove(&key) {
                self.forget(&key, &row);
                removed.push(row);
            }
        }
        removed
    }

    fn forget(&mut self, key: &Key, row: &R) {
        self.by_uid.remove(row.uid());
        if let Some(keys) = self.by_owner.get_mut(row.owner_uid()) {
            keys.remove(key);
            if keys.is_empty() {
                self.by_owner.remove(row.owner_uid());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Owned {
        uid: &'static str,
        owner: &'static str,
    }

    impl Row for Owned {
        fn uid(&self) -> &str {
            self.uid
        }

        fn owner_uid(&self) -> &str {
            self.owner
        }
    }

    fn key(name: &str) -> Key {
        ("shop".parse().unwrap(), name.parse().unwrap())
    }

    #[test]
    fn a_row_is_found_as_long_as_it_is_there() {
        let mut rows = OwnedRows::default();
        rows.insert(key("a"), Owned { uid: "1", owner: "x" });
        rows.insert(key("b"), Owned { uid: "2", owner: "x" });
        assert_eq!(rows.of("x").count(), 2);
        // Deleted and made again between two events.
        rows.insert(key("a"), Owned { uid: "3", owner: "y" });
        assert_eq!((rows.of("x").count(), rows.of("y").count()), (1, 1));
        assert!(rows.with_uid("1").is_none() && rows.with_uid("3").is_some());
        let removed = rows.retain(|key| key.1.as_str() != "a");
        assert_eq!(removed.len(), 1);
        assert!(rows.of("y").next().is_none() && rows.by_owner.len() == 1 && rows.by_uid.len() == 1);
        rows.remove(&key("b"));
        assert!(rows.rows.is_empty() && rows.by_owner.is_empty() && rows.by_uid.is_empty());
    }
}
