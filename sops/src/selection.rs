//! Which values are to be encrypted, said in the way SOPS keeps it in a document.
//!
//! SOPS has no selector for single places. `encrypted_regex` is held against each key on the way to a value, without
//! the indices of lists, and one that matches has all below it encrypted (`shouldBeEncrypted` in `sops.go`).
//! `encrypted_comment_regex` could mark single values, but only in comments that a tree does not hold and the next
//! program to write the file may lose. So a selection is a set of names, written as `^(data|stringData)$`: names that
//! are exact where a place has one of its own (a ConfigMap's keys, annotations), and take more than was asked for where
//! it has not (`value` for one variable of a container takes the values of all).

use std::collections::BTreeSet;

/// The names of keys whose values are encrypted, with all below them; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection(BTreeSet<String>);

/// Why there is no selection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    #[error("no value is to be encrypted")]
    Nothing,
    /// Holds the path, its keys joined by dots.
    #[error("`{0}` cannot be encrypted without what says which resource this is")]
    Identity(String),
}

/// Keys on the way to what says which resource a document is: encrypted, nobody could tell, not even kubectl.
const IDENTITY: [&str; 5] = ["apiVersion", "kind", "metadata", "name", "namespace"];

impl Selection {
    /// Selects the values of a Secret.
    pub fn secret() -> Self {
        Self(["data", "stringData"].map(str::to_owned).into())
    }

    /// Selects at least the values at these paths, each the keys from the root without the indices of lists. Of each
    /// path the deepest key is taken that is not also on the way to what says which resource this is.
    ///
    /// # Errors
    /// When there is no path, or one has no such key.
    pub fn covering<'a>(paths: impl IntoIterator<Item = &'a [&'a str]>) -> Result<Self, SelectionError> {
        let name = |path: &[&str]| {
            let key = path.iter().rev().find(|key| !IDENTITY.contains(key));
            key.map(|key| (*key).to_owned()).ok_or_else(|| SelectionError::Identity(path.join(".")))
        };
        let names = paths.into_iter().map(name).collect::<Result<BTreeSet<String>, _>>()?;
        if names.is_empty() { Err(SelectionError::Nothing) } else { Ok(Self(names)) }
    }

    /// Tells whether the value at this path is encrypted.
    pub(crate) fn selects(&self, path: &[String]) -> bool {
        path.iter().any(|key| self.0.contains(key))
    }

    /// Returns the expression for `encrypted_regex`, in the syntax that Go and Rust share.
    pub(crate) fn expression(&self) -> String {
        let names: Vec<String> = self.0.iter().map(|name| regex::escape(name)).collect();
        format!("^({})$", names.join("|"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(paths: &[&[&str]], expect: Result<&str, SelectionError>) {
        let selection = Selection::covering(paths.iter().copied());
        assert_eq!(selection.map(|selection| selection.expression()), expect.map(str::to_owned));
    }

    #[test]
    fn a_path_is_covered_by_its_deepest_key_that_identifies_nothing() {
        check(&[&["data", "token"], &["data", "a.b"]], Ok(r"^(a\.b|token)$"));
        check(&[&["spec", "template", "spec", "containers", "env", "value"]], Ok("^(value)$"));
        check(&[&["data", "name"]], Ok("^(data)$"));
        check(&[&["metadata", "annotations", "namespace"]], Ok("^(annotations)$"));
        check(&[&["metadata", "name"]], Err(SelectionError::Identity("metadata.name".to_owned())));
        check(&[], Err(SelectionError::Nothing));
    }

    #[test]
    fn a_selected_key_takes_all_below_it() {
        let secret = Selection::secret();
        let selects = |path: &[&str]| secret.selects(&path.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>());
        assert_eq!(secret.expression(), "^(data|stringData)$");
        assert!(selects(&["data", "a"]) && selects(&["x", "stringData", "a", "b"]) && selects(&["data"]));
        assert!(!selects(&["metadata", "name"]) && !selects(&["dataset"]) && !selects(&[]));
    }
}
