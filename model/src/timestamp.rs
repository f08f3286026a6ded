//! Points in time as text (RFC 3339), read and written in few words.
//!
//! The server calculates with [`jiff`]; a page only compares and shows, and jiff's parser, printer and their errors
//! would be a tenth of what a browser downloads.

use crate::Timestamp;

/// Seconds in a day.
const DAY: i64 = 86_400;

/// Reads `2026-11-23T10:00:00.987Z` or the same with an offset; `None` for all else and for years beyond 0 to 9999.
pub fn parse(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let at = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at_checked(at)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let offset = match zone.split_at_checked(1)? {
        ("+", offset) => seconds_of(offset)?,
        ("-", offset) => -seconds_of(offset)?,
        (_, "") => 0,
        _ => return None,
    };
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_from_civil(year, month, day) * DAY + hour * 3_600 + minute * 60 + second - offset;
    Timestamp::new(seconds, nanoseconds(fraction)?).ok()
}

/// Returns `2026-11-23T10:00:00Z`; what is less than a second is cut off.
pub fn to_second(at: Timestamp) -> String {
    // jiff counts both parts towards zero, so before 1970 the fraction belongs to the second below.
    let seconds = at.as_second() - i64::from(at.subsec_nanosecond() < 0);
    let (year, month, day) = civil_from_days(seconds.div_euclid(DAY));
    let rest = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn numbers<const COUNT: usize>(text: &str, separator: char, widths: [usize; COUNT]) -> Option<[i64; COUNT]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; COUNT];
    for (number, width) in numbers.iter_mut().zip(widths) {
        *number = digits(parts.next().filter(|part| part.len() == width)?)?;
    }
    parts.next().is_none().then_some(numbers)
}

fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn seconds_of(offset: &str) -> Option<i64> {
    let [hours, minutes] = numbers(offset, ':', [2, 2])?;
    (hours < 24 && minutes < 60).then_some(hours * 3_600 + minutes * 60)
}

fn nanoseconds(fraction: &str) -> Option<i32> {
    let count = u32::try_from(fraction.len()).ok().filter(|count| (1..=9).contains(count))?;
    i32::try_from(digits(fraction)? * 10_i64.pow(9 - count)).ok()
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970, by Howard Hinnant's `days_from_civil` (<https://howardhinnant.github.io/date_algorithms.html>).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day, by the same source's `civil_from_days`.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// For `#[serde(with)]`: written as jiff does, read as [`parse`] does.
pub(crate) mod text {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use crate::Timestamp;

    pub(crate) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        at.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::parse(&text).ok_or_else(|| D::Error::custom("a time looks like 2026-11-23T10:00:00Z"))
    }
}

/// The same for what may be missing.
pub(crate) mod optional {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use crate::Timestamp;

    pub(crate) fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        at.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let Some(text) = text else { return Ok(None) };
        super::parse(&text).map(Some).ok_or_else(|| D::Error::custom("a time looks like 2026-11-23T10:00:00Z"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The years 0 to 9999.
    const SECONDS: std::ops::Range<i64> = -62_167_219_200..253_402_207_200;

    proptest! {
        #[test]
        fn what_jiff_writes_is_read_the_same(seconds in SECONDS, nanoseconds in 0..1_000_000_000) {
            let at = Timestamp::new(seconds, nanoseconds).unwrap();
            prop_assert_eq!(parse(&at.to_string()), Some(at));
            prop_assert_eq!(to_second(at), format!("{at:.0}"));
        }

        #[test]
        fn what_is_read_is_read_by_jiff_the_same(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-][01][0-9]:[0-5][0-9])",
        ) {
            prop_assert_eq!(parse(&text), text.parse().ok());
        }

        #[test]
        fn no_text_is_too_odd(text in "\\PC*") {
            let _ = parse(&text);
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "T", "2026-02-29T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T10:00:00", "é-11-23T10:00:00Z"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
