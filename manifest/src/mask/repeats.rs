//! Where else a Secret's values stand: tools keep what they applied in annotations, whole or in part.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use crate::tree::text;

/// What tools keep whole objects in, perhaps in a form that cannot be looked into.
const KEEPS_OBJECTS: [&str; 4] = [
    "banzaicloud.com/last-applied",
    "kapp.k14s.io/original",
    "kapp.k14s.io/original-diff",
    "objectset.rio.cattle.io/applied",
];

/// How compressed data begins: gzip, zlib, zstd, zip, xz, bzip2, LZ4.
const COMPRESSED: [&[u8]; 10] = [
    b"\x1f\x8b",
    b"\x78\x01",
    b"\x78\x5e",
    b"\x78\x9c",
    b"\x78\xda",
    b"\x28\xb5\x2f\xfd",
    b"PK\x03\x04",
    b"\xfd7zXZ",
    b"BZh",
    b"\x04\x22\x4d\x18",
];

/// A shorter value can be guessed, and is part of too many words.
const SHORTEST: usize = 4;
/// A shorter value counts only where it is a word of its own.
const SURE: usize = 8;
/// A shorter word is not looked into as base64.
const SHORTEST_ENCODED: usize = 8;
/// What is encoded may hold what is encoded.
const DEPTH: usize = 3;

/// The texts by which a Secret's values are recognised.
pub(super) struct Repeats(Vec<String>);

impl Repeats {
    /// Reads the values of a Secret before anything takes their place.
    pub(super) fn of(secret: &Value) -> Self {
        let mut texts = Vec::new();
        let strings = |field: &str| secret.get(field).and_then(Value::as_object).into_iter().flatten();
        for value in strings("data").chain(strings("stringData")).filter_map(|(_, value)| value.as_str()) {
            if super::is_stand_in(value) {
                continue;
            }
            texts.push(value.trim().trim_end_matches('=').to_owned());
            let decoded = decode(value.trim()).and_then(|bytes| String::from_utf8(bytes).ok());
            for clear in [Some(value.to_owned()), decoded].into_iter().flatten() {
                let clear = clear.trim();
                texts.push(clear.to_owned());
                // As it stands in JSON.
                texts.push(Value::from(clear).to_string().trim_matches('"').to_owned());
                texts.push(encode(clear).trim_end_matches('=').to_owned());
            }
        }
        // What the record's place tells is nobody's secret, and many labels say it.
        let [name, namespace] = ["name", "namespace"].map(|field| text(secret, &["metadata", field]));
        texts.retain(|text| {
            text.len() >= SHORTEST && !name.contains(text.as_str()) && !namespace.contains(text.as_str())
        });
        texts.sort_unstable();
        texts.dedup();
        Self(texts)
    }

    /// Tells whether an annotation or a label repeats a value, or may.
    pub(super) fn are_in(&self, name: &str, text: &str) -> bool {
        KEEPS_OBJECTS.contains(&name) || self.stand_in(text, DEPTH)
    }

    fn stand_in(&self, text: &str, depth: usize) -> bool {
        holds_data(text) || self.0.iter().any(|value| holds(text, value)) || self.are_encoded_in(text, depth)
    }

    fn are_encoded_in(&self, text: &str, depth: usize) -> bool {
        let in_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
        let words = text.split(|c| !in_base64(c)).filter(|word| word.len() >= SHORTEST_ENCODED);
        let mut decoded = words.filter_map(decode);
        depth > 0
            && decoded.any(|bytes| {
                COMPRESSED.iter().any(|start| bytes.starts_with(start))
                    || std::str::from_utf8(&bytes).is_ok_and(|text| self.stand_in(text, depth - 1))
            })
    }
}

/// Tells whether a text names a Secret as a kind, whatever else it is.
pub fn mentions_secret(text: &str) -> bool {
    let is_secret = |rest: &str| {
        let rest = rest.trim_start_matches(is_between);
        rest.get(.."secret".len()).is_some_and(|word| word.eq_ignore_ascii_case("secret"))
    };
    fields(text, "kind").any(is_secret) || fields(text, "stringData").next().is_some()
}

/// Tells whether a text has a map `data` or `stringData`, as a Secret has, in YAML or in JSON, however often quoted.
fn holds_data(text: &str) -> bool {
    let is_map = |rest: &str| !rest.trim_start_matches([' ', '\t']).starts_with(|c: char| c.is_alphanumeric());
    fields(text, "data").any(is_map) || fields(text, "stringData").next().is_some()
}

/// Returns what follows each field of this name.
fn fields<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(name).filter_map(move |(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        let rest = text.get(at + name.len()..)?.trim_start_matches(is_between);
        rest.strip_prefix(':').filter(|_| before.is_none_or(|c| !c.is_alphanumeric() || is_escape(text, at)))
    })
}

/// Tells whether the character before is the `n` or `t` of an escape, as in a quoted text.
fn is_escape(text: &str, at: usize) -> bool {
    text.get(..at).is_some_and(|before| before.ends_with("\\n") || before.ends_with("\\t"))
}

fn is_between(c: char) -> bool {
    matches!(c, ' ' | '\t' | '"' | '\'' | '\\')
}

fn holds(text: &str, value: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(value).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + value.len()..).and_then(|text| text.chars().next());
        value.len() >= SURE || (is_edge(before) && is_edge(after))
    })
}

/// Reads base64 in either alphabet, with or without its padding.
fn decode(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let decode = |alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok();
    decode(&alphabet::STANDARD).or_else(|| decode(&alphabet::URL_SAFE))
}

fn encode(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}
