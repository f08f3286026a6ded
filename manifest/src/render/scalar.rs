//! How single values are written.

use std::fmt::Write as _;

use serde_json::Number;

/// The notation that keeps a string exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Quoted,
    /// With its header: `|`, `|-` or `|+`.
    Literal(&'static str),
}

/// What one of the readers takes for a null, a truth value or a merge. All that begins like a number, and all that
/// holds another character than plain ones, is quoted anyway.
const RESERVED: [&str; 11] = ["null", "y", "yes", "n", "no", "true", "false", "on", "off", "nan", "inf"];

/// Chooses the notation of a string value.
pub(crate) fn style(text: &str) -> Style {
    if is_plain(text) {
        return Style::Plain;
    }
    let body = text.trim_end_matches('\n');
    let whole_lines = |line: &str| !line.ends_with([' ', '\t']);
    // A reader finds out the indentation from the first line, so that must not begin with a blank.
    let literal = body.contains('\n') || (body.len() < text.len() && !body.is_empty());
    let exact = literal
        && body.chars().all(|c| c == '\n' || c == '\t' || is_printable(c))
        && body.split('\n').all(whole_lines)
        && !body.trim_start_matches('\n').starts_with([' ', '\t']);
    match (exact, text.len() - body.len()) {
        (false, _) => Style::Quoted,
        (true, 0) => Style::Literal("|-"),
        (true, 1) => Style::Literal("|"),
        (true, _) => Style::Literal("|+"),
    }
}

/// Writes a key, plain or quoted.
pub(crate) fn key(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut written = String::with_capacity(text.len() + 2);
    quote(&mut written, text);
    written
}

/// Writes a number so that an integer stays one and a fraction too, in every reader.
pub(crate) fn number(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else { return number.to_string() };
    let magnitude = float.abs();
    if magnitude != 0.0 && !(1e-5..1e16).contains(&magnitude) {
        // YAML 1.1 wants the dot and the exponent's sign.
        let text = format!("{float:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let dot = if mantissa.contains('.') { "" } else { ".0" };
        let sign = if exponent.starts_with('-') { "" } else { "+" };
        return format!("{mantissa}{dot}e{sign}{exponent}");
    }
    let text = float.to_string();
    if text.contains('.') { text } else { format!("{text}.0") }
}

/// Writes a string between double quotes, with the escapes that both versions of YAML know.
pub(crate) fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            c => {
                let code = u32::from(c);
                // Writing to a string cannot fail.
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02X}"),
                    0x100..=0xffff => write!(out, "\\u{code:04X}"),
                    _ => write!(out, "\\U{code:08X}"),
                };
            }
        }
    }
    out.push('"');
}

/// Characters that no reader changes, refuses or takes for the end of a line, and that a person can see.
pub(crate) fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' => {
            // Line and paragraph separators, the byte order mark, and what turns the direction of text around.
            !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
                && !('\u{e000}'..='\u{f8ff}').contains(&c)
        }
        '\u{10000}'..='\u{effff}' => u32::from(c) & 0xfffe != 0xfffe,
        _ => false,
    }
}

/// Tells whether every reader takes a text without quotes for the same text.
pub(crate) fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    // `-c` and `--verbose` are texts to everybody, `-.inf` and `-1` are not.
    let option = text.strip_prefix('-').map(|rest| rest.strip_prefix('-').unwrap_or(rest));
    let option = option.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
    let begins = first.is_ascii_alphanumeric() || matches!(first, '/' | '_') || is_letter(first) || option;
    let allowed = |c: char| c.is_ascii_alphanumeric() || " /_.-:+=@,;()$~^<>\\'*&!?|%".contains(c) || is_letter(c);
    begins
        && text.len() <= 400
        && text.chars().all(allowed)
        && !text.contains(": ")
        && !text.ends_with([' ', ':'])
        && !RESERVED.iter().any(|word| text.eq_ignore_ascii_case(word))
        && !looks_numeric(text)
}

fn is_letter(c: char) -> bool {
    !c.is_ascii() && c.is_alphabetic() && is_printable(c)
}

/// Wider than any reader's numbers, dates, times and versions: `1_000`, `0x1F`, `22:22`, `1e3`, `2024-01-01`, `1.2.3`.
fn looks_numeric(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '_')
        && text.chars().all(|c| c.is_ascii_hexdigit() || "_xXoO.:+-eETtZz ,".contains(c))
}
