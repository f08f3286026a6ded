//! A hash that is the same for two manifests exactly when they say the same.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::tree::Manifest;

/// The SHA-256 of a manifest in canonical form.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 32]);

/// Hashes a manifest; the order of keys does not count.
pub fn fingerprint(manifest: &Manifest) -> Fingerprint {
    let mut hasher = Sha256::new();
    feed(&mut hasher, manifest.tree());
    Fingerprint(hasher.finalize().into())
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, formatter)
    }
}

/// Each value goes in with its type and length, so that no two trees make the same bytes.
fn feed(hasher: &mut Sha256, value: &Value) {
    match value {
        Value::Null => hasher.update(b"z"),
        Value::Bool(value) => hasher.update(if *value { b"t" } else { b"f" }),
        Value::Number(number) => feed_text(hasher, b'n', &number.to_string()),
        Value::String(text) => feed_text(hasher, b's', text),
        Value::Array(items) => {
            feed_text(hasher, b'l', &items.len().to_string());
            items.iter().for_each(|item| feed(hasher, item));
        }
        Value::Object(map) => {
            feed_text(hasher, b'm', &map.len().to_string());
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            for (key, value) in entries {
                feed_text(hasher, b'k', key);
                feed(hasher, value);
            }
        }
    }
}

fn feed_text(hasher: &mut Sha256, mark: u8, text: &str) {
    hasher.update([mark]);
    hasher.update((text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(left: Value, right: Value, same: bool) {
        let hash = |tree| fingerprint(&Manifest::new(tree));
        assert_eq!(hash(left) == hash(right), same);
    }

    #[test]
    fn the_same_content_has_the_same_fingerprint() {
        check(json!({"a": 1, "b": [null]}), json!({"b": [null], "a": 1}), true);
        check(json!({"a": 1}), json!({"a": "1"}), false);
        check(json!({"a": 1}), json!({"a": 1.0}), false);
        check(json!([["a"], "b"]), json!([["a", "b"]]), false);
        check(json!({"a": {}}), json!({"a": []}), false);
        check(json!({"a": null}), json!({}), false);
    }
}
