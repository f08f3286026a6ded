//! In which notation a document is written, and how values look in it.

use serde_json::Value;

use crate::edit::lines;
use crate::edit::syntax::{Kind, Node};
use crate::render::scalar::{self, Style};
use crate::render::{INDENTS, Indents, order};

/// How what is new is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    Yaml(Indents),
    Json(Json),
}

/// How a JSON document is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Json {
    /// One step of indentation; `None` where all stands in one line.
    step: Option<String>,
    /// Whether there is a space behind colons (and commas within a line).
    space: bool,
}

impl Notation {
    /// Finds out the notation from a document's own text.
    pub(super) fn of(text: &str, root: &Node) -> Self {
        let words = text.get(root.content..root.end).unwrap_or_default();
        if words.starts_with('{') && serde_json::from_str::<Value>(words).is_ok() {
            let body = words.trim_start_matches('{');
            let indent = body.trim_start_matches(['\r', '\n']);
            let width = indent.len() - indent.trim_start_matches([' ', '\t']).len();
            let step = body.starts_with(['\r', '\n']).then(|| indent.get(..width).unwrap_or_default().to_owned());
            let space = step.is_some() || words.contains("\": ");
            return Self::Json(Json { step, space });
        }
        let mut seen = Seen::default();
        seen.look(text, root);
        Self::Yaml(Indents {
            map: most(&seen.map).unwrap_or(INDENTS.map),
            list: most(&seen.list).unwrap_or(INDENTS.list),
            item: most(&seen.item).unwrap_or(INDENTS.item),
        })
    }

    /// Writes a value between brackets; `indent` is what its line begins with.
    pub(super) fn flow(&self, value: &Value, parent: &str, indent: &str) -> String {
        let mut text = String::new();
        match self {
            Self::Yaml(_) => yaml(&mut text, value, parent),
            Self::Json(json) => json.write(&mut text, value, parent, indent),
        }
        text
    }

    /// Returns what stands between two values in one line.
    pub(super) fn comma(&self) -> &'static str {
        match self {
            Self::Json(Json { space: false, .. }) => ",",
            _ => ", ",
        }
    }

    /// Writes a key between brackets, with its colon.
    pub(super) fn flow_key(&self, key: &str) -> String {
        match self {
            Self::Yaml(_) => format!("{}: ", flow_string(key)),
            Self::Json(json) => format!("{}:{}", json_word(&Value::from(key)), if json.space { " " } else { "" }),
        }
    }
}

impl Json {
    /// Writes a whole document.
    pub(super) fn write(&self, text: &mut String, value: &Value, parent: &str, indent: &str) {
        let inner = format!("{indent}{}", self.step.as_deref().unwrap_or_default());
        let separate = |text: &mut String, index: usize| {
            if index > 0 {
                text.push(',');
            }
            match &self.step {
                Some(_) => {
                    text.push('\n');
                    text.push_str(&inner);
                }
                None if index > 0 && self.space => text.push(' '),
                None => {}
            }
        };
        let close = |text: &mut String| {
            if self.step.is_some() {
                text.push('\n');
                text.push_str(indent);
            }
        };
        match value {
            Value::Array(items) if !items.is_empty() => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    separate(text, index);
                    self.write(text, item, parent, &inner);
                }
                close(text);
                text.push(']');
            }
            Value::Object(map) if !map.is_empty() => {
                text.push('{');
                for (index, (key, value)) in order::entries(value, parent).into_iter().enumerate() {
                    separate(text, index);
                    text.push_str(&json_word(&Value::from(key)));
                    text.push_str(if self.space { ": " } else { ":" });
                    self.write(text, value, key, &inner);
                }
                close(text);
                text.push('}');
            }
            other => text.push_str(&json_word(other)),
        }
    }
}

/// Writes a single value, with escapes for what YAML refuses and JSON allows.
fn json_word(value: &Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        match c {
            // All of these are in the range that four digits hold.
            c if c.is_control() || c == '\u{feff}' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text
}

fn yaml(text: &mut String, value: &Value, parent: &str) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                yaml(text, item, parent);
            }
            text.push(']');
        }
        Value::Object(_) => {
            text.push('{');
            for (index, (key, value)) in order::entries(value, parent).into_iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                text.push_str(&flow_string(key));
                text.push_str(": ");
                yaml(text, value, key);
            }
            text.push('}');
        }
        Value::String(string) => text.push_str(&flow_string(string)),
        Value::Number(number) => text.push_str(&scalar::number(number)),
        other => text.push_str(&other.to_string()),
    }
}

/// Writes a text so that no bracket or comma in it ends it.
pub(super) fn flow_string(string: &str) -> String {
    if scalar::style(string) == Style::Plain && is_flow_safe(string) {
        return string.to_owned();
    }
    let mut text = String::new();
    scalar::quote(&mut text, string);
    text
}

/// Tells whether a plain text may stand between brackets.
pub(super) fn is_flow_safe(string: &str) -> bool {
    !string.contains([',', '[', ']', '{', '}'])
}

#[derive(Default)]
struct Seen {
    map: Vec<usize>,
    list: Vec<usize>,
    item: Vec<usize>,
}

impl Seen {
    fn look(&mut self, text: &str, node: &Node) {
        let below = |above: usize, below: usize| {
            lines::column(text, below).checked_sub(lines::column(text, above)).filter(|steps| *steps <= 8)
        };
        match &node.kind {
            Kind::Map { entries, .. } => {
                for entry in entries.iter().filter(|entry| entry.value.is_block()) {
                    let steps = below(entry.start, entry.value.content);
                    match &entry.value.kind {
                        Kind::Map { .. } => self.map.extend(steps.filter(|steps| *steps > 0)),
                        _ => self.list.extend(steps),
                    }
                }
            }
            Kind::List { items, .. } => {
                let same_line = |item: usize, value: usize| lines::start(text, item) == lines::start(text, value);
                for item in items.iter().filter(|item| item.value.is_block()) {
                    if same_line(item.start, item.value.content) {
                        self.item.extend(below(item.start, item.value.content));
                    }
                }
            }
            _ => {}
        }
        node.children().into_iter().for_each(|child| self.look(text, child));
    }
}

/// Returns what is there most often; the first seen of several.
fn most(seen: &[usize]) -> Option<usize> {
    let count = |steps: usize| seen.iter().filter(|other| **other == steps).count();
    seen.iter().rev().copied().max_by_key(|steps| count(*steps))
}
