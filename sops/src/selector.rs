//! Which values of a document are encrypted, as its `sops` map says (`shouldBeEncrypted` in `sops.go`).

use regex::Regex;

use crate::cipher;
use crate::leaf::Leaf;

/// One document has one of these (`ToInternal` in `stores/stores.go` refuses more).
#[derive(Debug)]
pub(crate) enum Selector {
    /// All but what stands below a key with this ending.
    UnencryptedSuffix(String),
    EncryptedSuffix(String),
    /// All but what stands below a key that matches.
    UnencryptedRegex(Regex),
    EncryptedRegex(Regex),
    /// Comments say it, which are not read: what has the form of a ciphertext counts as one. The MAC still finds what
    /// was put in a ciphertext's place.
    Comment,
}

impl Selector {
    /// Tells whether this value is, or should be, encrypted.
    pub(crate) fn selects(&self, path: &[String], leaf: &Leaf) -> bool {
        match self {
            Self::UnencryptedSuffix(suffix) => !path.iter().any(|key| key.ends_with(suffix)),
            Self::EncryptedSuffix(suffix) => path.iter().any(|key| key.ends_with(suffix)),
            Self::UnencryptedRegex(regex) => !path.iter().any(|key| regex.is_match(key)),
            Self::EncryptedRegex(regex) => path.iter().any(|key| regex.is_match(key)),
            Self::Comment => matches!(leaf, Leaf::Text(text) if cipher::is_sealed(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(selector: Selector, path: &[&str], expect: bool) {
        let path: Vec<String> = path.iter().map(|key| (*key).to_owned()).collect();
        assert_eq!(selector.selects(&path, &Leaf::Text("x".to_owned())), expect, "{selector:?} {path:?}");
    }

    #[test]
    fn each_key_on_the_way_counts() {
        check(Selector::UnencryptedSuffix("_plain".to_owned()), &["a_plain", "b"], false);
        check(Selector::UnencryptedSuffix("_plain".to_owned()), &["a", "b"], true);
        check(Selector::EncryptedSuffix("_secret".to_owned()), &["a_secret", "b"], true);
        check(Selector::EncryptedSuffix("_secret".to_owned()), &["a", "b"], false);
        check(Selector::UnencryptedRegex(Regex::new("^meta").unwrap()), &["metadata", "b"], false);
        check(Selector::EncryptedRegex(Regex::new("^(data)$").unwrap()), &["a", "data", "b"], true);
        check(Selector::EncryptedRegex(Regex::new("^(data)$").unwrap()), &["a", "dataset"], false);
        check(Selector::Comment, &["a"], false);
    }
}
