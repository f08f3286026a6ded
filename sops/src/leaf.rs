//! Single values: their types, and the bytes that SOPS encrypts and hashes (`sops.ToBytes`, `aes/cipher.go`).

use std::borrow::Cow;

use serde_json::{Number, Value};

/// A value that is neither null, a list nor a map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Leaf {
    Text(String),
    Int(i64),
    /// Always finite.
    Float(f64),
    Bool(bool),
}

/// What stood behind a ciphertext.
#[derive(Debug, PartialEq)]
pub(crate) enum Opened {
    Value(Leaf),
    /// A comment between the items of a list, which SOPS writes as an item.
    Comment,
}

impl Leaf {
    /// Returns the bytes that are encrypted and hashed: decimal numbers without an exponent, `True` and `False`.
    pub(crate) fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Text(text) => Cow::Borrowed(text.as_bytes()),
            Self::Int(number) => Cow::Owned(number.to_string().into_bytes()),
            Self::Float(number) => Cow::Owned(decimal(*number).into_bytes()),
            Self::Bool(true) => Cow::Borrowed(b"True"),
            Self::Bool(false) => Cow::Borrowed(b"False"),
        }
    }

    /// Returns the name of the type, as it stands in a ciphertext.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "str",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Bool(_) => "bool",
        }
    }
}

impl Opened {
    /// Reads decrypted bytes; `None` for those that are not of this type.
    pub(crate) fn read(kind: &str, bytes: Vec<u8>) -> Option<Self> {
        let text = String::from_utf8(bytes).ok()?;
        Some(Self::Value(match kind {
            // SOPS keeps a timestamp in RFC 3339, and a manifest knows times as texts.
            "str" | "bytes" | "time" => Leaf::Text(text),
            "int" => Leaf::Int(text.parse().ok()?),
            "float" => Leaf::Float(text.parse().ok().filter(|number: &f64| number.is_finite())?),
            "bool" => Leaf::Bool(truth(&text)?),
            "comment" => return Some(Self::Comment),
            _ => return None,
        }))
    }
}

/// Reads what Go's `strconv.ParseBool` reads.
fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

impl From<Leaf> for Value {
    fn from(leaf: Leaf) -> Self {
        match leaf {
            Leaf::Text(text) => Self::String(text),
            Leaf::Int(number) => Self::Number(number.into()),
            Leaf::Float(number) => Number::from_f64(number).map_or(Self::Null, Self::Number),
            Leaf::Bool(truth) => Self::Bool(truth),
        }
    }
}

/// Writes the shortest digits that read back, without an exponent, as Go's `FormatFloat(number, 'f', -1, 64)` does.
///
/// Where two such numbers are equally near, Go takes the even digit, as `serde_json` does and `Display` does not.
fn decimal(number: f64) -> String {
    let Some(text) = Number::from_f64(number).map(|number| number.to_string()) else { return number.to_string() };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |mantissa| ("-", mantissa));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let exponent: isize = exponent.parse().unwrap_or_default();
    let shift = exponent.unsigned_abs();
    let (whole, fraction) = if exponent < 0 {
        let padded = format!("{}{whole}", "0".repeat(shift));
        let (whole, moved) = padded.split_at(padded.len() - shift);
        (whole.to_owned(), format!("{moved}{fraction}"))
    } else {
        let padded = format!("{fraction}{}", "0".repeat(shift.saturating_sub(fraction.len())));
        let (moved, fraction) = padded.split_at(shift);
        (format!("{whole}{moved}"), fraction.to_owned())
    };
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(leaf: Leaf, kind: &str, bytes: &str) {
        assert_eq!((leaf.kind(), String::from_utf8_lossy(&leaf.bytes()).as_ref()), (kind, bytes));
        assert_eq!(Opened::read(kind, bytes.as_bytes().to_vec()), Some(Opened::Value(leaf)));
    }

    #[test]
    fn values_have_the_bytes_that_sops_gives_them() {
        check(Leaf::Text("Grüße\n".to_owned()), "str", "Grüße\n");
        check(Leaf::Int(-42), "int", "-42");
        check(Leaf::Int(i64::MAX), "int", "9223372036854775807");
        check(Leaf::Float(1.0), "float", "1");
        check(Leaf::Float(0.1), "float", "0.1");
        check(Leaf::Float(1e21), "float", "1000000000000000000000");
        check(Leaf::Float(-1.25e16), "float", "-12500000000000000");
        check(Leaf::Float(1_687_119_463_537_409.2), "float", "1687119463537409.2");
        check(Leaf::Float(1.5e-7), "float", "0.00000015");
        check(Leaf::Bool(true), "bool", "True");
        check(Leaf::Bool(false), "bool", "False");
    }

    proptest::proptest! {
        #[test]
        fn any_number_reads_back(number in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            let text = decimal(number);
            proptest::prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte)), "{}", text);
            proptest::prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), number.to_bits());
        }
    }

    #[test]
    fn what_is_not_of_its_type_is_refused() {
        for (kind, bytes) in [("int", "1.5"), ("float", "inf"), ("bool", "yes"), ("colour", "red")] {
            assert_eq!(Opened::read(kind, bytes.as_bytes().to_vec()), None, "{kind} {bytes}");
        }
        assert_eq!(Opened::read("str", vec![0xff]), None);
        assert_eq!(Opened::read("comment", b" why".to_vec()), Some(Opened::Comment));
    }
}
