//! What a record holds in place of a Secret's values, and of others that look like credentials: fingerprints, or what
//! age recipients can decrypt.
//!
//! The watch gives the values to [`Sealer::take`] as soon as an object is decoded. Without recipients they end there;
//! with recipients they travel beside the object, out of everybody's sight, to the recorder's [`Sealer::seal`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};

use manifest::{
    Credential, Manifest, NOT_RECORDED, SecretPlace, forget_values, not_recorded, replace_credentials, replace_secret,
};
use model::{ResourceRef, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sops::{EncryptError, Encryption, FingerprintKey, MasterKey, Recipients, Selection};

use crate::StartError;

/// Names the key of drafts; no record's name is without slashes.
const DRAFTS: &str = "drafts";

/// Makes what stands for values.
#[derive(Debug)]
pub(crate) struct Sealer {
    file: PathBuf,
    master: MasterKey,
    fingerprints: FingerprintKey,
    recipients: Option<Recipients>,
    /// Which data keys are in use.
    generation: AtomicU32,
    /// The rules for credentials that people have switched off.
    off: RwLock<BTreeSet<String>>,
}

/// A Secret's values by key, in base64 as the API server gives them; never shown, cleared from memory when dropped.
pub(crate) struct SecretValues(BTreeMap<String, SecretString>);

/// What is kept in the data directory.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The master key, in hexadecimal.
    key: String,
    generation: u32,
    /// Who can read what was encrypted with this generation.
    recipients: Vec<String>,
}

impl Sealer {
    /// Reads the key in the data directory, or makes one. Data keys are renewed when a recipient was removed.
    ///
    /// # Errors
    /// The file cannot be read or written; then nothing could be recognised as unchanged.
    pub(crate) fn open(data_dir: &Path, recipients: Option<Recipients>) -> Result<Self, StartError> {
        let file = data_dir.join("secrets.key");
        let wrong = |error: &dyn fmt::Display| {
            tracing::error!(%error, file = %file.display(), "the key for Secrets cannot be used");
            StartError::Store(format!(
                "The key for Secrets, {}, cannot be read and written. Check DENSHIMON_DATA_DIR and its rights, or bring \
                 the file back from a backup.",
                file.display()
            ))
        };
        let kept = match fs::read(&file) {
            Ok(bytes) => Some(serde_json::from_slice::<Kept>(&bytes).map_err(|error| wrong(&error))?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(wrong(&error)),
        };
        let (master, generation, before) = match kept {
            None => (MasterKey::generate(), 0, Vec::new()),
            Some(kept) => {
                let bytes = unhex(&kept.key).ok_or_else(|| wrong(&"it holds no key of 32 bytes"))?;
                (MasterKey::from_bytes(&bytes), kept.generation, kept.recipients)
            }
        };
        let now = recipients.as_ref().map(Recipients::texts).unwrap_or_default();
        // Without recipients nothing is encrypted, and whoever comes back later may be somebody else.
        let removed = before.iter().any(|recipient| !now.contains(recipient));
        let generation = AtomicU32::new(generation + u32::from(removed));
        let fingerprints = master.fingerprint_key();
        let off = RwLock::default();
        let sealer = Self { file: file.clone(), master, fingerprints, recipients, generation, off };
        fs::create_dir_all(data_dir).and_then(|()| sealer.keep()).map_err(|error| wrong(&error))?;
        Ok(sealer)
    }

    /// Puts fingerprints in the place of a Secret's values, and of the annotations and labels in which tools repeat
    /// them; gives the values when there is somebody to encrypt them for.
    pub(crate) fn take(&self, resource: &ResourceRef, secret: &mut Value) -> Option<SecretValues> {
        let mut taken = BTreeMap::new();
        replace_secret(secret, |place, text| match place {
            SecretPlace::Key(key) => {
                let stand_in = self.stand_in(resource, &key, text);
                taken.insert(key, SecretString::from(text));
                stand_in
            }
            // No key of a Secret has a `/` in it.
            SecretPlace::Metadata(name) => self.stand_in(resource, &format!("metadata/{name}"), text),
        });
        self.recipients.is_some().then_some(SecretValues(taken))
    }

    /// Tells whether anybody can decrypt values.
    pub(crate) fn encrypts(&self) -> bool {
        self.recipients.is_some()
    }

    /// Switches rules for credentials off, and all others on.
    pub(crate) fn switch_off(&self, rules: BTreeSet<String>) {
        *self.off.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    /// Tells whether a rule for credentials is on.
    pub(crate) fn is_on(&self, rule: &str) -> bool {
        !self.off.read().unwrap_or_else(PoisonError::into_inner).contains(rule)
    }

    /// Puts fingerprints in the place of values that look like credentials, and lists them.
    pub(crate) fn cover(&self, resource: &ResourceRef, tree: &mut Value) -> Vec<Credential> {
        let off = self.off.read().unwrap_or_else(PoisonError::into_inner).clone();
        let stand_in = |found: &Credential, value: &str| {
            let place = format!("{}/{}", found.path.join("."), found.place);
            self.stand_in(resource, &place, value)
        };
        replace_credentials(tree, |rule| !off.contains(rule), stand_in)
    }

    /// Takes the values out of a manifest, those of a Secret and those that look like credentials, without a trace of
    /// what they were: as it compares with a file whose values are a person's.
    pub(crate) fn forget(&self, manifest: &Manifest) -> Value {
        let mut tree = forget_values(manifest).into_tree();
        replace_credentials(&mut tree, |rule| self.is_on(rule), |_, _| NOT_RECORDED.to_owned());
        tree
    }

    /// Returns a Secret's tree with its values in it, to be sealed.
    pub(crate) fn open_secret(mut tree: Value, values: &SecretValues) -> Value {
        if let Some(data) = tree.get_mut("data").and_then(Value::as_object_mut) {
            for (key, value) in data {
                if let Some(known) = values.0.get(key) {
                    *value = Value::String(known.expose_secret().to_owned());
                }
            }
        }
        tree
    }

    /// Returns the text of a record, its selected values encrypted; what did not change since the previous text stays
    /// as it is there.
    ///
    /// # Errors
    /// There are no recipients, or SOPS has no form for it.
    pub(crate) fn seal(
        &self,
        resource: &ResourceRef,
        tree: &Value,
        selection: &Selection,
        previous: Option<&str>,
        now: Timestamp,
    ) -> Result<String, EncryptError> {
        let Some(recipients) = &self.recipients else { return Err(EncryptError::Unsupported("nobody can read it")) };
        let seal = |generation| {
            let data_key = self.master.data_key(&name_of(resource), generation);
            sops::encrypt(tree, &Encryption { recipients, data_key: &data_key, selection, previous, now })
        };
        match seal(self.generation.load(Ordering::Relaxed)) {
            // Somebody who added a recipient by hand has this record's key, and may not be meant to keep it.
            Err(EncryptError::KeyOutlived { recipient }) => {
                tracing::warn!(%recipient, %resource, "a record was encrypted for somebody else too; data keys are renewed");
                let generation = self.generation.fetch_add(1, Ordering::Relaxed) + 1;
                if let Err(error) = self.keep() {
                    tracing::error!(%error, "the key for Secrets could not be written");
                }
                seal(generation)
            }
            sealed => sealed,
        }
    }

    /// Encrypts what somebody typed, for nobody but this program; `id` is the draft's.
    pub(crate) fn seal_draft(&self, id: &str, text: &str) -> String {
        sops::seal_text(&self.master.data_key(DRAFTS, 0), text, id)
    }

    /// Decrypts what [`Self::seal_draft`] made; `None` when the key is another since.
    pub(crate) fn open_draft(&self, id: &str, sealed: &str) -> Option<String> {
        sops::open_text(&self.master.data_key(DRAFTS, 0), sealed, id)
    }

    fn stand_in(&self, resource: &ResourceRef, key: &str, value: &str) -> String {
        let place = format!("{}/{key}", name_of(resource));
        not_recorded(&sops::fingerprint(&self.fingerprints, &place, value.as_bytes()))
    }

    /// Writes the file anew, readable by nobody else.
    fn keep(&self) -> std::io::Result<()> {
        let kept = Kept {
            key: self.master.expose().iter().map(|byte| format!("{byte:02x}")).collect(),
            generation: self.generation.load(Ordering::Relaxed),
            recipients: self.recipients.as_ref().map(Recipients::texts).unwrap_or_default(),
        };
        let new = self.file.with_extension("new");
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(&kept)?)?;
        file.sync_all()?;
        fs::rename(new, &self.file)
    }
}

impl fmt::Debug for SecretValues {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretValues([REDACTED])")
    }
}

/// Names a resource within its cluster, wherever its record lies.
fn name_of(resource: &ResourceRef) -> String {
    let namespace = resource.namespace.as_ref().map_or("", |namespace| namespace.as_str());
    format!("{}/{namespace}/{}", resource.kind.qualified(), resource.name)
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let byte = |at: usize| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok();
    let bytes: Vec<u8> = (0..32).map(byte).collect::<Option<_>>()?;
    bytes.try_into().ok().filter(|_| text.len() == 64)
}

#[cfg(test)]
mod tests;
