//! Settings in a text: `name = value`, `name: value`, `"name":"value"`, several in a line too.

use super::{ends_as_credential, is_named_as_one, placeholder};

/// Tells whether a text sets something whose name says that it is a credential, but for comments.
pub(in crate::credentials) fn has_setting(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim().trim_start_matches("- ").trim_start_matches("export ").trim_start();
        let is_comment = ["#", ";", "//", "-- "].iter().any(|mark| line.starts_with(mark)) || line == "--";
        !is_comment && line.match_indices(['=', ':']).any(|(at, sign)| is_setting(line, at, sign))
    })
}

/// Tells whether a credential is set at a `=` or `:` of a line.
fn is_setting(line: &str, at: usize, sign: &str) -> bool {
    let (before, after) = (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default());
    // `==`, `!=`, `:=` compare or belong to a language; `=>` sets.
    if after.starts_with(['=', '~']) || before.ends_with(['=', '!', '<', '>', ':', '~', '+']) {
        return false;
    }
    let after = if sign == "=" { after.strip_prefix('>').unwrap_or(after) } else { after };
    let Some((start, name)) = name_before(before).filter(|(_, name)| ends_as_credential(name)) else { return false };
    let place = Place::of(before.get(..start).unwrap_or_default(), before.get(start..).unwrap_or_default(), sign);
    let Some(value) = value_after(after, &place) else { return false };
    // Between others an unquoted word may be code: `connect(user=user, password=password)`.
    let is_code =
        |value: &str| value.contains(['(', '[']) || ends_as_credential(value.trim_end_matches([')', ',', ';']));
    let may_be_code = matches!(place, Place::Between) && !after.trim_start().starts_with(['"', '\'', '\\']);
    is_named_as_one(name, value) && !(may_be_code && is_code(value))
}

/// Where a name stands.
enum Place {
    /// At the beginning of its line: the value is the rest, unless a mark of several settings is in it.
    First,
    /// After `{` or `,` in a map in brackets.
    InBrackets,
    /// In quotes, wherever they are.
    Quoted,
    /// After another setting: `host=db password=x`.
    Between,
    /// In a sentence.
    Prose,
}

impl Place {
    fn of(before: &str, name: &str, sign: &str) -> Self {
        let last = before.trim_end().chars().next_back();
        let is_open = before.trim_end().ends_with('{') && !before.ends_with("${") && !before.ends_with("{{");
        let in_brackets = is_open || (last == Some(',') && before.contains('{'));
        match (last, sign) {
            (None, _) => Self::First,
            _ if name.trim_end().ends_with(['"', '\'']) => Self::Quoted,
            // Without spaces it compares, in a selector of metrics.
            (_, sign) if in_brackets && (sign == ":" || name.ends_with(char::is_whitespace)) => Self::InBrackets,
            (Some(';' | '&' | '?'), _) => Self::Between,
            (Some(last), "=") if !in_brackets && !name.ends_with(char::is_whitespace) => {
                let apart = before.ends_with(char::is_whitespace) || matches!(last, ',' | '"' | '\'' | '-');
                if apart { Self::Between } else { Self::Prose }
            }
            _ => Self::Prose,
        }
    }
}

/// Finds the name at the end of a text, without its quotes, and where it begins with them.
fn name_before(text: &str) -> Option<(usize, &str)> {
    const LONGEST: usize = 100;
    let is_in_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let text = text.trim_end();
    let bare = text.trim_end_matches(['"', '\'', '\\']);
    let start = bare.char_indices().rev().take_while(|(_, c)| is_in_name(*c)).last().map(|(at, _)| at)?;
    let name = bare.get(start..)?;
    let outer =
        if bare.len() < text.len() { text.get(..start)?.trim_end_matches(['"', '\'', '\\']).len() } else { start };
    (name.len() <= LONGEST).then_some((outer, name.trim_start_matches('-')))
}

/// Finds the value at the beginning of a text; `None` where it is prose, or no plain value.
fn value_after<'a>(text: &'a str, place: &Place) -> Option<&'a str> {
    if matches!(place, Place::Prose) {
        return None;
    }
    let spaced = text.starts_with(char::is_whitespace);
    let value = text.trim_start();
    for quote in ["\\\"", "\"", "'"] {
        if let Some(rest) = value.strip_prefix(quote) {
            return Some(rest.split(quote).next().unwrap_or_default());
        }
    }
    // What is filled in later may have spaces in it, and may go on in the next line.
    if let Some(length) = placeholder(value) {
        return value.get(length..).filter(|rest| rest.chars().next().is_some_and(char::is_alphanumeric));
    }
    if ["$(", "${", "{", "[", "`"].iter().any(|open| value.starts_with(open)) {
        return None;
    }
    let value = value.split(" #").next().unwrap_or_default();
    let (value, is_word) = match place {
        Place::First if value.contains(';') => (value.split(';').next().unwrap_or_default(), false),
        Place::First => (value, spaced),
        Place::InBrackets | Place::Quoted | Place::Prose => {
            (value.split([',', '}', ']']).next().unwrap_or_default(), true)
        }
        Place::Between => (value.split([';', '&', '"', '\'']).next().unwrap_or_default(), false),
    };
    let value = value.trim().trim_end_matches([',', ';']).trim_end();
    let word = value.split(char::is_whitespace).next().unwrap_or_default();
    // What is not quoted and has several words is prose, but not where the next setting follows.
    (word == value || !is_word).then_some(word)
}
