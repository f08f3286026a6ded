//! Quantities, of which the API server writes each number in one way only.
//!
//! See <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>.

use serde_json::Value;

/// Maps of quantities, and fields that are one.
const MAPS: [&str; 10] = [
    "limits",
    "requests",
    "hard",
    "capacity",
    "max",
    "min",
    "default",
    "defaultRequest",
    "maxLimitRequestRatio",
    "podFixed",
];
const FIELDS: [&str; 3] = ["sizeLimit", "divisor", "averageValue"];

/// The suffixes, with what each stands for: a power of ten, or one of two.
const TENS: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const TWOS: [(&str, u32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

/// Tells whether one of Kubernetes' own kinds has a quantity in a field of a map.
pub(crate) fn is_quantity(map: &str, field: &str) -> bool {
    MAPS.contains(&map) || FIELDS.contains(&field) || (map == "target" && field == "value")
}

/// Tells whether two values are the same quantity: `1000m` and `1`, `1024Mi` and `1Gi`.
pub(crate) fn same_quantity(one: &Value, other: &Value) -> bool {
    let read = |value: &Value| match value {
        Value::String(text) => billionths(text),
        Value::Number(number) => billionths(&number.to_string()),
        _ => None,
    };
    read(one).is_some_and(|one| read(other) == Some(one))
}

/// Reads a quantity in billionths, the smallest part that Kubernetes knows; what is smaller is rounded away from 0.
fn billionths(text: &str) -> Option<i128> {
    let text = text.trim();
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let digits: i128 = format!("{whole}{part}").parse().ok()?;
    let mut tens = 9_i32.checked_sub(i32::try_from(part.len()).ok()?)?;
    let mut value = digits;
    if let Some((_, power)) = TENS.iter().find(|(name, _)| *name == suffix) {
        tens += power;
    } else if let Some((_, power)) = TWOS.iter().find(|(name, _)| *name == suffix) {
        value = value.checked_mul(1_i128.checked_shl(*power)?)?;
    } else {
        let power: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
        tens = tens.checked_add(power)?;
    }
    let scale = 10_i128.checked_pow(tens.unsigned_abs());
    let value = match (tens >= 0, scale) {
        (true, scale) => value.checked_mul(scale?)?,
        (false, Some(scale)) => value / scale + i128::from(value % scale != 0),
        (false, None) => i128::from(value != 0),
    };
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(one: Value, other: Value, expect: bool) {
        assert_eq!(same_quantity(&one, &other), expect, "{one} {other}");
    }

    #[test]
    fn the_same_number_is_the_same_quantity() {
        check(json!("1000m"), json!("1"), true);
        check(json!(1), json!("1"), true);
        check(json!(0.5), json!("500m"), true);
        check(json!("1024Mi"), json!("1Gi"), true);
        check(json!("1.5Gi"), json!("1536Mi"), true);
        check(json!("1e3"), json!("1k"), true);
        check(json!("1E3"), json!("1k"), true);
        check(json!("1E"), json!("1000P"), true);
        check(json!("0.0000000001"), json!("1n"), true);
        check(json!("-1"), json!("-1000m"), true);
        check(json!(".5"), json!("500m"), true);
        check(json!("1G"), json!("1Gi"), false);
        check(json!("100m"), json!("1"), false);
    }

    #[test]
    fn what_is_no_quantity_is_the_same_as_nothing() {
        for text in ["", "m", "1x", "1.2.3", "one", "-", "1e", "1Kib", "99999999999999999999999999999999999999999"] {
            check(json!(text), json!(text), false);
        }
        check(json!(null), json!(null), false);
    }
}
