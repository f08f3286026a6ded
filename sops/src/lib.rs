//! Encrypts the values of one manifest in the SOPS file format for age recipients, and decrypts them again.
//!
//! What comes out is the text of a record that `sops -d` reads; what `sops` wrote can be read here. The format is that
//! of SOPS 3.13 (github.com/getsops/sops/v3); each module names the file of SOPS it follows.
//!
//! A document is a text and not a tree, since its MAC covers values in the order they are written. [`encrypt`] writes
//! by [`manifest::render_tree`] and needs the record's [`DataKey`], never an [`Identity`]: who keeps the data keys can
//! tell which values are still the same and leaves their ciphertexts alone, without being able to read other records.
//!
//! Without recipients a record holds [`fingerprint`]s in place of values.
//!
//! Nothing here waits, reads a file or asks a clock; random numbers come from the operating system. No error and no
//! `Debug` holds a value or a key.

mod cipher;
mod decrypt;
mod encrypt;
mod fingerprint;
mod keys;
mod leaf;
mod mac;
mod metadata;
mod previous;
mod selection;
mod selector;
mod tree;

pub use cipher::{open_text, seal_text};
pub use decrypt::{DecryptError, decrypt, recipients_of, unwrap_data_key};
pub use encrypt::{EncryptError, Encryption, encrypt};
pub use fingerprint::fingerprint;
pub use keys::{DataKey, FingerprintKey, Identity, IdentityError, MasterKey, RecipientError, Recipients};
pub use selection::{Selection, SelectionError};
pub use tree::ReadError;
