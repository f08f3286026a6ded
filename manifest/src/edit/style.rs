//! Writes a new text in the style of the old one: its quotes, or its kind of block.

use granit_parser::ScalarStyle;
use serde_json::Value;

use crate::edit::notation::is_flow_safe;
use crate::edit::syntax::Form;
use crate::parse::resolves_to_text;
use crate::render::scalar::{self, Style};

/// A scalar as it is written.
pub(super) struct Old<'a> {
    /// With quotes, or with the header of a block, up to its last character.
    pub words: &'a str,
    pub style: ScalarStyle,
    /// The column of a block's lines.
    pub indent: usize,
    /// The column of the key or dash before it.
    pub column: usize,
}

/// Writes a value on the line that it stands on; `None` where it needs a block.
pub(super) fn inline(old: &Old<'_>, value: &Value, form: Form) -> Option<String> {
    let string = match value {
        Value::String(string) => string,
        Value::Number(number) => return Some(scalar::number(number)),
        Value::Null | Value::Bool(_) => return Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => return None,
    };
    let fits = form == Form::Block || is_flow_safe(string);
    match old.style {
        ScalarStyle::Plain if fits && stays_plain(old.words, string) => return Some(string.clone()),
        ScalarStyle::SingleQuoted if string.chars().all(scalar::is_printable) => {
            return Some(format!("'{}'", string.replace('\'', "''")));
        }
        ScalarStyle::DoubleQuoted => return Some(quoted(string)),
        _ => {}
    }
    match scalar::style(string) {
        Style::Plain if fits => Some(string.clone()),
        Style::Literal(_) if form == Form::Block => None,
        _ => Some(quoted(string)),
    }
}

/// Writes a text as a block like the old one: the header, and the lines below it. `None` where it cannot be one.
pub(super) fn block(old: &Old<'_>, string: &str) -> Option<(String, String)> {
    let header = old.words.split(['\r', '\n', ' ', '\t', '#']).next()?;
    let body = string.trim_end_matches('\n');
    let (first, digits) = (header.chars().next()?, header.chars().filter(char::is_ascii_digit).collect::<String>());
    let is_exact = |line: &str| {
        line.chars().all(|c| c == '\t' || scalar::is_printable(c)) && (line.is_empty() || !line.trim().is_empty())
    };
    let begins_blank = body.trim_start_matches('\n').starts_with([' ', '\t']);
    if body.is_empty() || !body.split('\n').all(is_exact) || (digits.is_empty() && begins_blank) {
        return None;
    }
    let indent = if old.indent > old.column { old.indent } else { old.column + 2 };
    let chomp = match string.len() - body.len() {
        0 => "-",
        1 if header.contains('+') => "+",
        1 => "",
        _ => "+",
    };
    let lines = match first {
        '>' => fold(old.words, body)?,
        _ => body.split('\n').map(str::to_owned).collect(),
    };
    let mut text = String::new();
    for line in &lines {
        if !line.is_empty() {
            text.extend(std::iter::repeat_n(' ', indent));
            text.push_str(line);
        }
        text.push('\n');
    }
    let rest = string.len() - body.len();
    text.extend(std::iter::repeat_n('\n', rest.saturating_sub(1)));
    Some((format!("{first}{digits}{chomp}"), text))
}

/// A plain text stays plain where every reader takes it for itself, or where kubectl does and the old one was no
/// safer (`1.2.3`).
fn stays_plain(old: &str, string: &str) -> bool {
    scalar::is_plain(string) || (!scalar::is_plain(old) && resolves_to_text(string))
}

fn quoted(string: &str) -> String {
    let mut text = String::new();
    scalar::quote(&mut text, string);
    text
}

/// Folds paragraphs into lines. What was a paragraph before keeps its lines, and so do the lines before a change.
fn fold(old: &str, body: &str) -> Option<Vec<String>> {
    let known = paragraphs(old.split_once('\n').map(|(_, body)| body).unwrap_or_default());
    let width = known.iter().flatten().map(|line| line.chars().count()).max().unwrap_or(80).max(40);
    let mut lines = Vec::new();
    for (index, paragraph) in body.split('\n').enumerate() {
        if index > 0 {
            lines.push(String::new());
        }
        if paragraph.is_empty() {
            continue;
        }
        // What begins or ends with a blank is not folded in the same way.
        if paragraph.starts_with([' ', '\t']) || paragraph.ends_with([' ', '\t']) {
            return None;
        }
        wrap(&mut lines, paragraph, &known, width);
    }
    Some(lines)
}

fn paragraphs(body: &str) -> Vec<Vec<&str>> {
    let mut paragraphs: Vec<Vec<&str>> = vec![Vec::new()];
    for line in body.lines().map(str::trim) {
        match paragraphs.last_mut() {
            Some(last) if !line.is_empty() => last.push(line),
            _ => paragraphs.push(Vec::new()),
        }
    }
    paragraphs
}

fn wrap(lines: &mut Vec<String>, paragraph: &str, known: &[Vec<&str>], width: usize) {
    // The old lines that it begins with, of the paragraph that has most of them in common.
    let common = |old: &Vec<&str>| {
        let mut rest = paragraph;
        let same = |line: &&&str| {
            let Some(after) = rest.strip_prefix(**line) else { return false };
            let whole = after.is_empty() || (after.starts_with(' ') && !after.starts_with("  "));
            if whole {
                rest = after.strip_prefix(' ').unwrap_or(after);
            }
            whole
        };
        old.iter().take_while(same).count()
    };
    let best = known.iter().max_by_key(|old| common(old));
    let mut rest = paragraph;
    if let Some(best) = best {
        for line in best.iter().take(common(best)) {
            lines.push((*line).to_owned());
            rest = rest.strip_prefix(line).unwrap_or_default();
            rest = rest.strip_prefix(' ').unwrap_or(rest);
        }
    }
    let mut line = String::new();
    for word in rest.split(' ') {
        // Only a single blank between two words becomes a line break.
        let breaks = !word.is_empty() && !line.is_empty() && !line.ends_with(' ');
        if breaks && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
            line.push_str(word);
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
}
