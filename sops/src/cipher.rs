//! Single ciphertexts: `ENC[AES256_GCM,data:...,iv:...,tag:...,type:...]` (`aes/cipher.go` of SOPS).

use aes_gcm::aead::consts::U32;
use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::RngCore as _;

use crate::keys::DataKey;
use crate::leaf::{Leaf, Opened};

/// SOPS takes 32 bytes where GCM's usual nonce has 12.
type Cipher = AesGcm<Aes256, U32>;

const TAG_BYTES: usize = 16;

/// Returns what a ciphertext is bound to: the keys above it, each followed by a colon. A list's items have the path of
/// the list (`Tree.Encrypt` and `walkSlice` in `sops.go`).
pub(crate) fn bound_to(path: &[String]) -> String {
    path.iter().flat_map(|key| [key.as_str(), ":"]).collect()
}

/// Encrypts a value; an empty text stays one, as SOPS has it.
pub(crate) fn seal(key: &DataKey, leaf: &Leaf, bound_to: &str) -> String {
    let bytes = leaf.bytes();
    if bytes.is_empty() {
        return String::new();
    }
    let mut iv = [0; 32];
    rand::rng().fill_bytes(&mut iv);
    let payload = Payload { msg: &bytes, aad: bound_to.as_bytes() };
    let sealed = Cipher::new(key.expose().into())
        .encrypt(Nonce::from_slice(&iv), payload)
        .expect("a value is far below the 64 GiB that AES-GCM takes");
    let (data, tag) = sealed.split_at(sealed.len().saturating_sub(TAG_BYTES));
    let [data, iv, tag] = [data, iv.as_slice(), tag].map(|bytes| STANDARD.encode(bytes));
    format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{}]", leaf.kind())
}

/// Decrypts what [`seal`] or SOPS made; `None` for what has another form, key or place.
pub(crate) fn open(key: &DataKey, text: &str, bound_to: &str) -> Option<Opened> {
    if text.is_empty() {
        return Some(Opened::Value(Leaf::Text(String::new())));
    }
    let [data, iv, tag, kind] = split(text)?;
    let [mut data, iv, tag] = [STANDARD.decode(data).ok()?, STANDARD.decode(iv).ok()?, STANDARD.decode(tag).ok()?];
    if iv.len() != 32 || tag.len() != TAG_BYTES {
        return None;
    }
    data.extend(tag);
    let payload = Payload { msg: &data, aad: bound_to.as_bytes() };
    let bytes = Cipher::new(key.expose().into()).decrypt(Nonce::from_slice(&iv), payload).ok()?;
    Opened::read(kind, bytes)
}

/// Encrypts a text that is no part of a manifest, in the form of a single value; it opens with the same key and the
/// same place only.
pub fn seal_text(key: &DataKey, text: &str, place: &str) -> String {
    seal(key, &Leaf::Text(text.to_owned()), place)
}

/// Decrypts what [`seal_text`] made; `None` for what has another form, key or place.
pub fn open_text(key: &DataKey, sealed: &str, place: &str) -> Option<String> {
    match open(key, sealed, place)? {
        Opened::Value(Leaf::Text(text)) => Some(text),
        _ => None,
    }
}

/// Tells whether a text has the form of a ciphertext.
pub(crate) fn is_sealed(text: &str) -> bool {
    split(text).is_some()
}

/// Returns data, initialisation vector and tag, in base64, and the type.
fn split(text: &str) -> Option<[&str; 4]> {
    let inner = text.strip_prefix("ENC[AES256_GCM,data:")?.strip_suffix(']')?;
    let (data, rest) = inner.split_once(",iv:")?;
    let (iv, rest) = rest.split_once(",tag:")?;
    let (tag, kind) = rest.split_once(",type:")?;
    Some([data, iv, tag, kind])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(leaf: Leaf) {
        let key = DataKey::generate();
        let sealed = seal(&key, &leaf, "data:a:");
        assert!(is_sealed(&sealed), "{sealed}");
        assert_eq!(open(&key, &sealed, "data:b:"), None);
        assert_eq!(open(&DataKey::generate(), &sealed, "data:a:"), None);
        assert_eq!(open(&key, &sealed.replacen("type:", "type:x", 1), "data:a:"), None);
        assert_ne!(seal(&key, &leaf, "data:a:"), sealed, "each ciphertext has an IV of its own");
        assert_eq!(open(&key, &sealed, "data:a:"), Some(Opened::Value(leaf)));
    }

    #[test]
    fn a_text_opens_with_its_key_at_its_place() {
        let key = DataKey::generate();
        for text in ["", "kind: Deployment\n"] {
            assert_eq!(open_text(&key, &seal_text(&key, text, "a"), "a").as_deref(), Some(text));
        }
        assert_eq!(open_text(&key, &seal_text(&key, "typed", "a"), "b"), None);
        assert_eq!(open_text(&key, "typed", "a"), None);
    }

    #[test]
    fn a_value_opens_with_its_key_at_its_place() {
        check(Leaf::Text("hunter2".to_owned()));
        check(Leaf::Text("zwei\nZeilen 🔑".to_owned()));
        check(Leaf::Int(7));
        check(Leaf::Float(0.5));
        check(Leaf::Bool(false));
    }

    #[test]
    fn an_empty_text_is_left_alone() {
        let key = DataKey::generate();
        let empty = Leaf::Text(String::new());
        assert_eq!(seal(&key, &empty, "data:a:"), "");
        assert_eq!(open(&key, "", "data:a:"), Some(Opened::Value(empty)));
    }

    #[test]
    fn a_path_is_its_keys_each_with_a_colon() {
        assert_eq!(bound_to(&["data".to_owned(), "a:b".to_owned()]), "data:a:b:");
        assert_eq!(bound_to(&[]), "");
    }

    #[test]
    fn other_texts_are_no_ciphertexts() {
        let key = DataKey::generate();
        for text in
            ["ENC[]", "ENC[AES256_GCM,data:,iv:,tag:,type:str]", "ENC[AES256_GCM,data:%,iv:a,tag:b,type:str]", "x"]
        {
            assert_eq!(open(&key, text, ""), None, "{text}");
        }
    }
}
