//! Reads YAML as kubectl reads it, into plain trees, within limits and with errors that name the place.
//!
//! The scanner is granit-parser; which scalar is what is decided in `parse/scalar.rs`, since kubectl's rules (YAML 1.1
//! without its dates and times) are those of no Rust library. Anchors and merge keys are expanded; every tag but those
//! of plain types is refused.

mod build;
mod scalar;
mod words;

use granit_parser::{Event, Options, Parser};
use serde_json::Value;

use crate::parse::build::Builder;

/// The largest text that is read. Kubernetes takes objects of 1.5 MiB, and a record is at most some escapes longer.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The deepest nesting that is read; CustomResourceDefinitions reach 40.
pub const MAX_DEPTH: usize = 100;

/// One document of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub tree: Value,
    /// The line its content begins on, from 1.
    pub line: u32,
}

/// What is wrong with a text, and where; the message is a whole sentence without the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Line {line}, column {column}: {message}")]
pub struct ParseError {
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    pub message: String,
}

impl ParseError {
    fn new(place: Place, message: impl Into<String>) -> Self {
        Self { line: place.line, column: place.column, message: message.into() }
    }
}

/// A place in the text, from 1.
#[derive(Clone, Copy, Debug)]
struct Place {
    line: u32,
    column: u32,
}

/// Reads all documents of a text; empty ones are left out.
///
/// # Errors
/// Says what cannot be read, with line and column: syntax, a duplicate key, a limit, a value that JSON cannot hold.
pub fn parse(text: &str) -> Result<Vec<Document>, ParseError> {
    let start = Place { line: 1, column: 1 };
    if text.len() > MAX_BYTES {
        let message = format!("The text is longer than {} MiB, more than Kubernetes takes.", MAX_BYTES / 1024 / 1024);
        return Err(ParseError::new(start, message));
    }
    if let Some(place) = forbidden_character(text) {
        let message = "There is a control character that YAML does not allow; write it as an escape in quotes.";
        return Err(ParseError::new(place, message));
    }
    let mut documents = Vec::new();
    let mut builder = Builder::default();
    for event in Parser::new_from_str_with_options(text, options()) {
        let (event, span) = event.map_err(|error| ParseError::new(place(*error.marker()), words::sentence(&error)))?;
        let place = place(span.start);
        match event {
            Event::DocumentStart(..) => builder = Builder::default(),
            Event::DocumentEnd => documents.extend(std::mem::take(&mut builder).finish()),
            event => builder.take(event, place)?,
        }
    }
    Ok(documents)
}

/// How every text is scanned.
pub(crate) fn options() -> Options {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    options
}

/// Tells whether a plain scalar would be read as the very text it is written as.
pub(crate) fn resolves_to_text(text: &str) -> bool {
    let plain = parse(&format!("k: {text}\n"));
    !text.contains('\n')
        && plain.is_ok_and(|found| matches!(found.as_slice(), [one] if one.tree == serde_json::json!({ "k": text })))
}

fn place(marker: granit_parser::Marker) -> Place {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place { line: number(marker.line()).max(1), column: number(marker.col()).saturating_add(1) }
}

/// YAML has no other control characters than these, and the scanner lets some pass.
fn forbidden_character(text: &str) -> Option<Place> {
    let is_forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    let offset = text.find(is_forbidden)?;
    let before = text.get(..offset)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Some(Place { line: u32::try_from(line).ok()?, column: u32::try_from(column).ok()? })
}

#[cfg(test)]
mod tests;
