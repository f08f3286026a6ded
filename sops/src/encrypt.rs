//! From a manifest to the text of its record.

use jiff::Timestamp;
use serde_json::Value;

use crate::cipher;
use crate::keys::{DataKey, Recipients};
use crate::leaf::{Leaf, Opened};
use crate::mac::{Coverage, Mac};
use crate::metadata::{Metadata, SOPS, VERSION, Wrapped};
use crate::previous::Previous;
use crate::selection::Selection;
use crate::tree;

/// How a manifest is encrypted.
#[derive(Debug)]
pub struct Encryption<'a> {
    pub recipients: &'a Recipients,
    /// The record's own key.
    pub data_key: &'a DataKey,
    pub selection: &'a Selection,
    /// The record as it is now, by whomever, if there is one. Of a text under the same data key, all is kept that did
    /// not change; any other text counts for nothing.
    pub previous: Option<&'a str>,
    /// When the values changed, if they did; kept in whole seconds.
    pub now: Timestamp,
}

/// Why a manifest was not encrypted.
#[derive(Debug, thiserror::Error)]
pub enum EncryptError {
    /// The record must begin anew with another data key: this one is known to somebody who may not read any longer.
    #[error("the data key was wrapped for {recipient}, who is no recipient any longer")]
    KeyOutlived { recipient: String },
    /// SOPS could not read it: no map, a `sops` key of its own, an integer above 2^63.
    #[error("SOPS has no form for this manifest: {0}")]
    Unsupported(&'static str),
}

/// Encrypts the selected values of a manifest and returns the text of the record, which `sops -d` reads.
///
/// What did not change since the previous text is taken from it, so that a manifest that says the same makes the same
/// text, byte for byte, and one changed value changes one ciphertext and the MAC. The MAC covers encrypted values alone
/// (`mac_only_encrypted`, since SOPS 3.9): the other fields of a record can be edited without SOPS and without a key,
/// and a change of theirs leaves the `sops` map as it is. Nulls and empty texts are not encrypted; SOPS has it so.
///
/// # Errors
/// When a recipient was removed but not the data key replaced, and for what SOPS could not read.
pub fn encrypt(manifest: &Value, encryption: &Encryption<'_>) -> Result<String, EncryptError> {
    let Some(map) = manifest.as_object() else { return Err(EncryptError::Unsupported("it is no map")) };
    if map.contains_key(SOPS) {
        return Err(EncryptError::Unsupported("it has a `sops` key of its own"));
    }
    // The order of values is the order they are written in, so it is read from what is written.
    let tree = tree::read(&manifest::render_tree(manifest))
        .map_err(|_| EncryptError::Unsupported("it holds what SOPS cannot read"))?;
    let mut previous = encryption.previous.and_then(|text| Previous::read(text, encryption.data_key));
    let age = wrap(encryption, previous.as_ref())?;
    let mut mac = Mac::new(Coverage::Encrypted);
    let tree = tree.map_leaves(&mut |path, leaf| {
        if !encryption.selection.selects(path) {
            return Ok(Opened::Value(leaf));
        }
        mac.feed(&leaf, true);
        let place = cipher::bound_to(path);
        let known = previous.as_mut().and_then(|previous| previous.take(&place, &leaf));
        let sealed = known.unwrap_or_else(|| cipher::seal(encryption.data_key, &leaf, &place));
        Ok::<_, EncryptError>(Opened::Value(Leaf::Text(sealed)))
    })?;
    let mac = mac.finish();
    let (mac, lastmodified) = previous.as_ref().and_then(|previous| previous.sealed_mac(&mac)).unwrap_or_else(|| {
        let now = encryption.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        (cipher::seal(encryption.data_key, &mac, &now), now)
    });
    let metadata = Metadata {
        age,
        encrypted_regex: Some(encryption.selection.expression()),
        lastmodified,
        mac,
        mac_only_encrypted: true,
        version: VERSION.to_owned(),
        ..Metadata::default()
    };
    let mut record = Value::from(tree);
    if let Some(map) = record.as_object_mut() {
        map.insert(SOPS.to_owned(), serde_json::to_value(metadata).expect("texts and one truth value"));
    }
    Ok(manifest::render_tree(&record))
}

/// Wraps the data key for each recipient, as before where it was.
fn wrap(encryption: &Encryption<'_>, previous: Option<&Previous>) -> Result<Vec<Wrapped>, EncryptError> {
    let wrap = |(recipient, key): (String, &age::x25519::Recipient)| {
        previous.and_then(|previous| previous.wrapped(&recipient)).cloned().unwrap_or_else(|| {
            let enc = age::encrypt_and_armor(key, encryption.data_key.expose());
            Wrapped { enc: enc.expect("wrapping for X25519, in memory, has no errors"), recipient }
        })
    };
    let wrapped: Vec<Wrapped> = encryption.recipients.iter().map(wrap).collect();
    let mut before = previous.iter().flat_map(|previous| &previous.metadata.age);
    match before.find(|before| wrapped.iter().all(|now| now.recipient != before.recipient)) {
        Some(Wrapped { recipient, .. }) => Err(EncryptError::KeyOutlived { recipient: recipient.clone() }),
        None => Ok(wrapped),
    }
}

#[cfg(test)]
mod tests;
