//! The `sops` map of a document (`stores/stores.go` of SOPS).

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cipher;
use crate::decrypt::DecryptError;
use crate::keys::{DataKey, Identity};
use crate::leaf::{Leaf, Opened};
use crate::mac::Coverage;
use crate::selector::Selector;

/// The key it stands at.
pub(crate) const SOPS: &str = "sops";

/// The version of SOPS whose format this is.
pub(crate) const VERSION: &str = "3.13.3";

/// What SOPS takes for granted in a document that does not say which values are encrypted.
const UNENCRYPTED_SUFFIX: &str = "_unencrypted";

/// What is read and written; other masters' keys than age's are passed over.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Metadata {
    #[serde(default)]
    pub(crate) age: Vec<Wrapped>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encrypted_comment_regex: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encrypted_regex: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encrypted_suffix: Option<String>,
    /// In RFC 3339 with whole seconds; the MAC is bound to it.
    pub(crate) lastmodified: String,
    pub(crate) mac: String,
    #[serde(default)]
    pub(crate) mac_only_encrypted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key_groups: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unencrypted_comment_regex: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unencrypted_regex: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unencrypted_suffix: Option<String>,
    pub(crate) version: String,
}

/// The data key, wrapped for one recipient.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Wrapped {
    /// An age file, armored.
    pub(crate) enc: String,
    pub(crate) recipient: String,
}

impl Metadata {
    pub(crate) fn read(map: Value) -> Result<Self, DecryptError> {
        serde_json::from_value(map).map_err(|_| DecryptError::Malformed("sops"))
    }

    /// Unwraps the data key.
    pub(crate) fn unwrap(&self, identity: &Identity) -> Result<DataKey, DecryptError> {
        if self.key_groups.is_some() {
            return Err(DecryptError::Unsupported("a data key in parts (key_groups)"));
        }
        self.age.iter().find_map(|wrapped| identity.unwrap(&wrapped.enc)).ok_or(DecryptError::NotForThisIdentity)
    }

    /// Decrypts the MAC; `None` when this is not the document's data key.
    pub(crate) fn open_mac(&self, key: &DataKey) -> Option<Leaf> {
        match cipher::open(key, &self.mac, &self.lastmodified)? {
            Opened::Value(mac) if !self.mac.is_empty() => Some(mac),
            _ => None,
        }
    }

    pub(crate) fn coverage(&self) -> Coverage {
        if self.mac_only_encrypted { Coverage::Encrypted } else { Coverage::All }
    }

    pub(crate) fn selector(&self) -> Result<Selector, DecryptError> {
        let regex = |text: &String| Regex::new(text).map_err(|_| DecryptError::Unsupported("this regular expression"));
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let mut found = Vec::new();
        found.extend(given(&self.unencrypted_suffix).map(Selector::UnencryptedSuffix));
        found.extend(given(&self.encrypted_suffix).map(Selector::EncryptedSuffix));
        if let Some(text) = given(&self.unencrypted_regex) {
            found.push(Selector::UnencryptedRegex(regex(&text)?));
        }
        if let Some(text) = given(&self.encrypted_regex) {
            found.push(Selector::EncryptedRegex(regex(&text)?));
        }
        found.extend(given(&self.unencrypted_comment_regex).map(|_| Selector::Comment));
        found.extend(given(&self.encrypted_comment_regex).map(|_| Selector::Comment));
        let only = found.pop().unwrap_or_else(|| Selector::UnencryptedSuffix(UNENCRYPTED_SUFFIX.to_owned()));
        if found.is_empty() { Ok(only) } else { Err(DecryptError::Malformed("sops")) }
    }
}
