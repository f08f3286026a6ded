//! The manifest itself and the few ways to walk a tree.

use serde_json::{Map, Value};

/// A resource in recordable form: only [`crate::sanitize`] makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest(Value);

impl Manifest {
    /// Wraps a tree that was sanitised.
    pub(crate) fn new(tree: Value) -> Self {
        Self(tree)
    }

    /// Returns the tree.
    pub fn tree(&self) -> &Value {
        &self.0
    }

    /// Returns the tree to be changed.
    pub(crate) fn tree_mut(&mut self) -> &mut Value {
        &mut self.0
    }

    /// Gives the tree away.
    pub fn into_tree(self) -> Value {
        self.0
    }

    /// Takes out a status, which people's files may hold without meaning it.
    #[must_use]
    pub fn without_status(mut self) -> Self {
        if let Some(root) = self.0.as_object_mut() {
            root.remove("status");
        }
        self
    }

    /// Returns `apps/v1`, or nothing where the document has none.
    pub fn api_version(&self) -> &str {
        text(&self.0, &["apiVersion"])
    }

    /// Returns `Deployment`, or nothing where the document has none.
    pub fn kind(&self) -> &str {
        text(&self.0, &["kind"])
    }

    /// Returns the resource's name, or nothing where the document has none.
    pub fn name(&self) -> &str {
        text(&self.0, &["metadata", "name"])
    }

    /// Returns the namespace, `None` for a cluster-scoped resource.
    pub fn namespace(&self) -> Option<&str> {
        self.0.get("metadata")?.get("namespace")?.as_str().filter(|namespace| !namespace.is_empty())
    }
}

/// Returns the value some keys down.
pub(crate) fn at<'a>(tree: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(tree, |value, key| value.get(key))
}

/// Returns the text some keys down, empty where there is none.
pub(crate) fn text<'a>(tree: &'a Value, path: &[&str]) -> &'a str {
    at(tree, path).and_then(Value::as_str).unwrap_or_default()
}

/// Returns the map some keys down.
pub(crate) fn map_mut<'a>(tree: &'a mut Value, path: &[&str]) -> Option<&'a mut Map<String, Value>> {
    path.iter().try_fold(tree, |value, key| value.get_mut(key))?.as_object_mut()
}

/// Takes out the value some keys down, and the maps above it that are empty because of that.
pub(crate) fn prune(tree: &mut Value, path: &[&str]) {
    let Some((last, above)) = path.split_last() else { return };
    let removed = map_mut(tree, above).is_some_and(|map| map.remove(*last).is_some());
    let emptied = removed && at(tree, above).and_then(Value::as_object).is_some_and(Map::is_empty);
    if emptied && !above.is_empty() {
        prune(tree, above);
    }
}

/// Tells whether a document is of this API group (`""` for the core API) and kind, in any version.
pub(crate) fn is_kind(tree: &Value, group: &str, kind: &str) -> bool {
    let api_version = text(tree, &["apiVersion"]);
    let own = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    own == group && text(tree, &["kind"]) == kind
}
