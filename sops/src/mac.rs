//! The MAC of a document: SHA-512 over its values in the order they are written (`Tree.Encrypt` in `sops.go`).

use sha2::{Digest as _, Sha512};

use crate::leaf::Leaf;

/// What a MAC begins with that covers encrypted values alone: the SHA-256 of `sops`
/// (`MACOnlyEncryptedInitialization` in `sops.go`).
const ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b, 0x0b, 0x97, 0x5b,
    0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// Which values a document's MAC covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coverage {
    All,
    Encrypted,
}

pub(crate) struct Mac {
    hash: Sha512,
    coverage: Coverage,
}

impl Mac {
    pub(crate) fn new(coverage: Coverage) -> Self {
        let mut hash = Sha512::new();
        if coverage == Coverage::Encrypted {
            hash.update(ONLY_ENCRYPTED);
        }
        Self { hash, coverage }
    }

    /// Takes the next value, as it is before encryption.
    pub(crate) fn feed(&mut self, leaf: &Leaf, encrypted: bool) {
        if encrypted || self.coverage == Coverage::All {
            self.hash.update(leaf.bytes());
        }
    }

    /// Returns the digest as SOPS encrypts it: a text of hexadecimal digits in capitals.
    pub(crate) fn finish(self) -> Leaf {
        Leaf::Text(self.hash.finalize().iter().map(|byte| format!("{byte:02X}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use sha2::Sha256;

    use super::*;

    #[test]
    fn the_beginning_is_the_hash_of_the_programs_name() {
        assert_eq!(ONLY_ENCRYPTED.as_slice(), Sha256::digest(b"sops").as_slice());
    }

    #[test]
    fn only_what_is_covered_counts() {
        let digest = |coverage, leaves: &[(&str, bool)]| {
            let mut mac = Mac::new(coverage);
            leaves.iter().for_each(|(text, encrypted)| mac.feed(&Leaf::Text((*text).to_owned()), *encrypted));
            mac.finish()
        };
        let [plain, secret] = [("plain", false), ("secret", true)];
        assert_eq!(digest(Coverage::Encrypted, &[plain, secret]), digest(Coverage::Encrypted, &[secret]));
        assert_ne!(digest(Coverage::All, &[plain, secret]), digest(Coverage::All, &[secret]));
        assert_ne!(digest(Coverage::All, &[plain, secret]), digest(Coverage::All, &[secret, plain]));
        assert_ne!(digest(Coverage::All, &[secret]), digest(Coverage::Encrypted, &[secret]));
    }
}
