//! The keys: of one record, of fingerprints, and of the people who may read (`age/keysource.go` of SOPS).

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::RngCore as _;
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::Sha256;

/// A secret of 32 bytes, cleared from memory when it is dropped.
macro_rules! secret_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(SecretBox<[u8; 32]>);

        impl $name {
            /// Makes a new key from the operating system's random numbers.
            pub fn generate() -> Self {
                Self(SecretBox::init_with_mut(|bytes: &mut [u8; 32]| rand::rng().fill_bytes(bytes)))
            }

            /// Takes the key that [`Self::expose`] gave.
            pub fn from_bytes(bytes: &[u8; 32]) -> Self {
                Self(SecretBox::init_with_mut(|own: &mut [u8; 32]| own.copy_from_slice(bytes)))
            }

            /// Returns the key's bytes, for keeping them.
            pub fn expose(&self) -> &[u8; 32] {
                self.0.expose_secret()
            }
        }
    };
}

secret_key! {
    /// The key that encrypts the values of one record; SOPS wraps it for each recipient.
    ///
    /// A record keeps its key for as long as none of its recipients is removed.
    DataKey
}

secret_key! {
    /// The key of [`crate::fingerprint`]; one for all records.
    FingerprintKey
}

secret_key! {
    /// The one key that is kept: all others are made of it, so that no list of keys has to be.
    MasterKey
}

impl MasterKey {
    /// Makes the key of fingerprints.
    pub fn fingerprint_key(&self) -> FingerprintKey {
        FingerprintKey::from_bytes(&self.derive("fingerprints", 0))
    }

    /// Makes the data key of one record. The next `generation` makes other keys, for when a recipient was removed.
    pub fn data_key(&self, record: &str, generation: u32) -> DataKey {
        DataKey::from_bytes(&self.derive(record, generation))
    }

    /// HMAC-SHA256 as the expansion of one block (RFC 5869, section 2.3); a record's name never is `fingerprints`,
    /// since it has slashes.
    fn derive(&self, name: &str, generation: u32) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.expose()).expect("HMAC takes keys of any length");
        mac.update(name.as_bytes());
        mac.update(&[0]);
        mac.update(&generation.to_le_bytes());
        mac.update(&[1]);
        mac.finalize().into_bytes().into()
    }
}

/// The age private key of somebody who may read, `AGE-SECRET-KEY-1...`; never shown, cleared when dropped.
pub struct Identity(age::x25519::Identity);

/// The age public keys, `age1...`, of those who may read what is encrypted; at least one, each once.
#[derive(Clone, Debug)]
pub struct Recipients(Vec<age::x25519::Recipient>);

/// What is wrong with a list of recipients.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecipientError {
    /// Names the wrong one, as it was given: public keys are no secrets.
    #[error("`{0}` is no age public key (age1...)")]
    Malformed(String),
    /// The beginning of a private key stands where a public one belongs; the rest is not repeated.
    #[error("an age private key (AGE-SECRET-KEY-1...) stands where a public one (age1...) belongs")]
    Private,
    #[error("there is no age recipient")]
    None,
}

/// The text is no age private key; what it is instead is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no age private key (AGE-SECRET-KEY-1...)")]
pub struct IdentityError;

impl Recipients {
    /// Reads public keys; their order is kept.
    ///
    /// # Errors
    /// Names the first that is no X25519 public key of age.
    pub fn parse(texts: &[&str]) -> Result<Self, RecipientError> {
        let mut recipients: Vec<age::x25519::Recipient> = Vec::new();
        for text in texts.iter().map(|text| text.trim()) {
            let recipient = text.parse().map_err(|_| match text.get(..15) {
                Some(start) if start.eq_ignore_ascii_case("AGE-SECRET-KEY-") => RecipientError::Private,
                _ => RecipientError::Malformed(text.to_owned()),
            })?;
            if !recipients.contains(&recipient) {
                recipients.push(recipient);
            }
        }
        if recipients.is_empty() { Err(RecipientError::None) } else { Ok(Self(recipients)) }
    }

    /// Returns the public keys.
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    /// Returns each public key with what wraps a data key for it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (String, &age::x25519::Recipient)> {
        self.0.iter().map(|recipient| (recipient.to_string(), recipient))
    }
}

impl Identity {
    /// Reads a private key.
    ///
    /// # Errors
    /// When the text is no X25519 private key of age.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        text.trim().parse().map(Self).map_err(|_| IdentityError)
    }

    /// Returns the public key, `age1...`.
    pub fn public_key(&self) -> String {
        self.0.to_public().to_string()
    }

    /// Unwraps a data key; `None` for what is wrapped for somebody else, or is no data key.
    pub(crate) fn unwrap(&self, armored: &str) -> Option<DataKey> {
        let bytes = zeroize::Zeroizing::new(age::decrypt(&self.0, armored.as_bytes()).ok()?);
        bytes.as_slice().try_into().ok().map(DataKey::from_bytes)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Identity([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
    const PRIVATE: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

    fn check(texts: &[&str], expect: Result<usize, RecipientError>) {
        assert_eq!(Recipients::parse(texts).map(|recipients| recipients.0.len()), expect);
    }

    #[test]
    fn a_wrong_recipient_is_named_and_a_private_key_is_not_repeated() {
        check(&[PUBLIC], Ok(1));
        check(&[PUBLIC, &format!(" {PUBLIC}\n")], Ok(1));
        check(&[], Err(RecipientError::None));
        check(&[PUBLIC, "age1nobody"], Err(RecipientError::Malformed("age1nobody".to_owned())));
        check(&["ssh-ed25519 AAAA"], Err(RecipientError::Malformed("ssh-ed25519 AAAA".to_owned())));
        check(&[PRIVATE], Err(RecipientError::Private));
    }

    #[test]
    fn an_identity_has_its_public_key_and_shows_nothing_else() {
        let identity = Identity::parse(&format!("{PRIVATE}\n")).unwrap();
        assert_eq!(identity.public_key(), PUBLIC);
        assert_eq!(format!("{identity:?}"), "Identity([REDACTED])");
        assert_eq!(Identity::parse(PUBLIC).unwrap_err(), IdentityError);
    }

    #[test]
    fn each_record_and_generation_has_a_key_of_its_own() {
        let master = MasterKey::from_bytes(&[1; 32]);
        let key = |record: &str, generation| *master.data_key(record, generation).expose();
        assert_eq!(key("a/b", 0), key("a/b", 0));
        assert_ne!(key("a/b", 0), key("a/c", 0));
        assert_ne!(key("a/b", 0), key("a/b", 1));
        assert_ne!(key("a/b", 0), *master.fingerprint_key().expose());
        assert_ne!(key("a/b", 0), *MasterKey::from_bytes(&[2; 32]).data_key("a/b", 0).expose());
    }

    #[test]
    fn a_data_key_keeps_its_bytes_and_does_not_show_them() {
        let key = DataKey::from_bytes(&[7; 32]);
        assert_eq!(key.expose(), &[7; 32]);
        assert!(!format!("{key:?}").contains('7'));
        assert_ne!(DataKey::generate().expose(), DataKey::generate().expose());
    }
}
