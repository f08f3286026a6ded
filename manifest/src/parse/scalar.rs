//! Which scalar is what: the rules of kubectl, so that a text means here what it means to `kubectl apply`.
//!
//! kubectl reads through sigs.k8s.io/yaml, whose goyaml.v2 takes YAML 1.1's words for true and false, octal `0644`,
//! `1_000` and merge keys, and leaves dates, times such as `22:22` and `=` as text.

use granit_parser::ScalarStyle;
use serde_json::{Number, Value};

use crate::parse::{ParseError, Place};

/// A map's key.
pub(super) enum Key {
    Named(String),
    /// `<<`, which brings in another map's entries.
    Merge,
}

/// Reads a value.
pub(super) fn value(text: &str, style: ScalarStyle, tag: Option<&str>, place: Place) -> Result<Value, ParseError> {
    let plain = matches!(style, ScalarStyle::Plain);
    match tag {
        Some("str") => Ok(Value::String(text.to_owned())),
        None if !plain => Ok(Value::String(text.to_owned())),
        None => resolve(text, place),
        Some(tag @ ("int" | "float" | "bool" | "null")) => {
            let value = resolve(text, place)?;
            let fits = match tag {
                "int" => value.is_i64() || value.is_u64(),
                "float" => value.is_number(),
                "bool" => value.is_boolean(),
                _ => value.is_null(),
            };
            if fits { Ok(value) } else { Err(ParseError::new(place, format!("This value is no !!{tag}."))) }
        }
        Some(tag) => Err(ParseError::new(place, format!("The tag !!{tag} means nothing to Kubernetes."))),
    }
}

/// Reads a key. Kubernetes knows texts alone; what another reader would turn into another text is refused.
pub(super) fn key(text: &str, style: ScalarStyle, tag: Option<&str>, place: Place) -> Result<Key, ParseError> {
    let plain = matches!(style, ScalarStyle::Plain) && tag.is_none();
    if plain && text == "<<" {
        return Ok(Key::Merge);
    }
    if !plain && matches!(tag, None | Some("str")) {
        return Ok(Key::Named(text.to_owned()));
    }
    let read = match value(text, style, tag, place)? {
        Value::String(text) => return Ok(Key::Named(text)),
        Value::Null => "null".to_owned(),
        other => other.to_string(),
    };
    if read == text && read != "null" {
        return Ok(Key::Named(read));
    }
    let message = format!("The key `{text}` reads as {read}; put it in quotes if the text is meant.");
    Err(ParseError::new(place, message))
}

/// Resolves a plain scalar without a tag.
pub(super) fn resolve(text: &str, place: Place) -> Result<Value, ParseError> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf"
        | "-.INF" => {
            let message = format!("`{text}` is no number Kubernetes can take; put it in quotes if the text is meant.");
            return Err(ParseError::new(place, message));
        }
        text => match number(text) {
            Some(number) => Value::Number(number),
            None => Value::String(text.to_owned()),
        },
    })
}

/// Reads a number; `None` for a text, such as one that is too large for any number.
fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) || text.len() > 400 {
        return None;
    }
    let clean: String = text.chars().filter(|c| *c != '_').collect();
    let (negative, digits) = match clean.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, clean.strip_prefix('+').unwrap_or(&clean)),
    };
    let (radix, digits) = based(digits).unwrap_or((10, digits));
    if !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && let Ok(number) = u64::from_str_radix(digits, radix)
        && let Some(number) = integer(negative, number)
    {
        return Some(number);
    }
    decimal(&clean)
}

fn based(digits: &str) -> Option<(u32, &str)> {
    let (radix, rest) = match digits.get(..2)? {
        "0x" | "0X" => (16, digits.get(2..)?),
        "0b" | "0B" => (2, digits.get(2..)?),
        "0o" | "0O" => (8, digits.get(2..)?),
        start if start.starts_with('0') => (8, digits.get(1..)?),
        _ => return None,
    };
    let valid = !rest.is_empty() && rest.chars().all(|c| c.is_digit(radix));
    valid.then_some((radix, rest))
}

fn integer(negative: bool, number: u64) -> Option<Number> {
    if negative { 0_i64.checked_sub_unsigned(number).map(Number::from) } else { Some(Number::from(number)) }
}

/// Reads a decimal fraction: `1.5`, `.5`, `1.`, `1e3`, also `08`, which kubectl takes for 8. Without digits after a dot
/// a whole number is an integer, since Kubernetes takes no `1000.0` where it wants one.
fn decimal(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let valid = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    if !valid {
        return None;
    }
    let float: f64 = text.parse().ok()?;
    if fraction.is_empty() && float.abs() < 1e15 && float.fract() == 0.0 {
        // Exact, since it is whole and well below 2^53.
        return format!("{float:.0}").parse::<i64>().ok().map(Number::from);
    }
    Number::from_f64(float)
}
