//! What stands for a value in a record that nobody can decrypt.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::keys::FingerprintKey;

/// Returns 16 hexadecimal digits (64 bits of HMAC-SHA256) that change when the value changes.
///
/// It is keyed since most secrets can be guessed: from a plain hash, whoever reads the record could find a password by
/// hashing a list of likely ones. `name` says where the value stands (the record and its keys), so that the same value
/// in two places cannot be recognised either. 64 bits are enough to tell two values of one place apart, and too few to
/// stand for the value anywhere else.
pub fn fingerprint(key: &FingerprintKey, name: &str, value: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("HMAC takes keys of any length");
    // With its length in front no part of a name can be taken for one of a value.
    mac.update(&(name.len() as u64).to_le_bytes());
    mac.update(name.as_bytes());
    mac.update(value);
    mac.finalize().into_bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(left: (u8, &str, &str), right: (u8, &str, &str), same: bool) {
        let [left, right] = [left, right]
            .map(|(key, name, value)| fingerprint(&FingerprintKey::from_bytes(&[key; 32]), name, value.as_bytes()));
        assert_eq!(left == right, same, "{left} {right}");
        assert!(left.len() == 16 && left.chars().all(|digit| digit.is_ascii_hexdigit()), "{left}");
    }

    #[test]
    fn a_fingerprint_depends_on_key_name_and_value() {
        check((1, "db/password", "hunter2"), (1, "db/password", "hunter2"), true);
        check((1, "db/password", "hunter2"), (1, "db/password", "hunter3"), false);
        check((1, "db/password", "hunter2"), (1, "web/password", "hunter2"), false);
        check((1, "db/password", "hunter2"), (2, "db/password", "hunter2"), false);
        check((1, "ab", "c"), (1, "a", "bc"), false);
        check((1, "", ""), (1, "a", ""), false);
    }

    /// Records hold them, so they must stay what they are. Made with Python's `hmac`.
    #[test]
    fn a_fingerprint_is_the_same_for_ever() {
        let key = FingerprintKey::from_bytes(&[1; 32]);
        assert_eq!(fingerprint(&key, "db/password", b"hunter2"), "79ca9109df1aa375");
    }
}
