//! From the text of a record, ours or another's, to its manifest (`cmd/sops/common/common.go` of SOPS).

use serde_json::Value;

use crate::cipher;
use crate::keys::{DataKey, Identity};
use crate::leaf::{Leaf, Opened};
use crate::mac::Mac;
use crate::metadata::{Metadata, SOPS};
use crate::tree::{self, ReadError, Tree};

/// Why a record was not decrypted.
#[derive(Debug, thiserror::Error)]
pub enum DecryptError {
    /// It is no YAML, or more than one document.
    #[error("the document cannot be read")]
    Unreadable(#[source] ReadError),
    /// There is no `sops` map: the document is as it is meant.
    #[error("the document is not encrypted")]
    NotEncrypted,
    /// Holds the path, its keys joined by dots, of what is not as SOPS writes it.
    #[error("`{0}` is not as SOPS writes it")]
    Malformed(&'static str),
    /// Holds what of SOPS is not known here.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    #[error("the document is not encrypted for this identity")]
    NotForThisIdentity,
    /// The key is another record's, or an earlier one, or somebody changed the MAC.
    #[error("the document is not encrypted with this data key")]
    OtherKey,
    /// Somebody put something else there: holds the path, its keys joined by dots.
    #[error("the value at `{0}` was not encrypted for its place")]
    Value(String),
    /// Somebody changed, added or took away a value without SOPS.
    #[error("the document was changed since it was encrypted")]
    Changed,
}

/// Decrypts a record and returns its manifest, without the `sops` map.
///
/// What SOPS does not protect is not proven here either: which keys have nulls and empty texts, how lists are nested,
/// and in a document with `mac_only_encrypted`, as [`crate::encrypt`] makes it, all that is not encrypted.
///
/// # Errors
/// For a text that is not encrypted, not with this key, or not what was encrypted: nothing of it is returned then.
pub fn decrypt(record: &str, key: &DataKey) -> Result<Value, DecryptError> {
    let (tree, metadata) = read(record)?;
    let expect = metadata.open_mac(key).ok_or(DecryptError::OtherKey)?;
    let selector = metadata.selector()?;
    let mut mac = Mac::new(metadata.coverage());
    let tree = tree.map_leaves(&mut |path, leaf| {
        let encrypted = selector.selects(path, &leaf);
        let opened = match (encrypted, leaf) {
            (false, leaf) => Some(Opened::Value(leaf)),
            (true, Leaf::Text(text)) => cipher::open(key, &text, &cipher::bound_to(path)),
            (true, _) => None,
        };
        let opened = opened.ok_or_else(|| DecryptError::Value(path.join(".")))?;
        if let Opened::Value(value) = &opened {
            mac.feed(value, encrypted);
        }
        Ok(opened)
    })?;
    if mac.finish() == expect { Ok(tree.into()) } else { Err(DecryptError::Changed) }
}

/// Unwraps a record's data key with the private key of one of its recipients.
///
/// # Errors
/// For a text that is not encrypted, or not for this identity.
pub fn unwrap_data_key(record: &str, identity: &Identity) -> Result<DataKey, DecryptError> {
    read(record)?.1.unwrap(identity)
}

/// Returns the public keys of those who can read a record, as it names them.
///
/// # Errors
/// For a text that is not encrypted.
pub fn recipients_of(record: &str) -> Result<Vec<String>, DecryptError> {
    Ok(read(record)?.1.age.into_iter().map(|wrapped| wrapped.recipient).collect())
}

fn read(record: &str) -> Result<(Tree, Metadata), DecryptError> {
    let mut tree = tree::read(record).map_err(DecryptError::Unreadable)?;
    let metadata = tree.take(SOPS).ok_or(DecryptError::NotEncrypted)?;
    Ok((tree, Metadata::read(metadata.into())?))
}
