//! Writes a tree as YAML that readers of YAML 1.1 and 1.2 take the same way.
//!
//! The text depends on the tree alone: keys come in a fixed order, strings are plain only where no reader could take
//! them for something else, several lines are a literal block where that is exact, and nothing is ever folded.

pub(crate) mod order;
pub(crate) mod scalar;

use serde_json::Value;

use crate::render::scalar::Style;
use crate::tree::Manifest;

/// By how many columns things stand further right than what holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Indents {
    /// A map below its key.
    pub map: usize,
    /// A list's dash below its key.
    pub list: usize,
    /// An item behind its dash.
    pub item: usize,
}

/// How records are written.
pub(crate) const INDENTS: Indents = Indents { map: 2, list: 0, item: 2 };

/// Renders a manifest as one YAML document that ends in a line feed.
pub fn render(manifest: &Manifest) -> String {
    render_tree(manifest.tree())
}

/// Renders any tree, in the same way; a Secret's values are not hidden here.
pub fn render_tree(tree: &Value) -> String {
    let mut writer = Writer::new(INDENTS);
    match tree {
        Value::Object(map) if !map.is_empty() => writer.write_map(tree, "", 0, false),
        Value::Array(items) if !items.is_empty() => writer.write_list(items, "", 0, false),
        _ => {
            writer.write_value(tree, "", 0);
            // At the very start there is no space to set it off.
            writer.text.drain(..1.min(writer.text.len()));
        }
    }
    writer.text
}

/// Writes parts of a document, each up to the end of its last line; `parent` is the key that a map or a list stands at,
/// `indent` the column of the key or dash that a value follows.
pub(crate) struct Writer {
    pub text: String,
    indents: Indents,
}

impl Writer {
    /// Begins with nothing.
    pub(crate) fn new(indents: Indents) -> Self {
        Self { text: String::new(), indents }
    }

    /// Writes a map's entries; the first stands on the present line when `inline` (after `- `).
    pub(crate) fn write_map(&mut self, map: &Value, parent: &str, indent: usize, inline: bool) {
        for (index, (key, value)) in order::entries(map, parent).into_iter().enumerate() {
            if index > 0 || !inline {
                self.pad(indent);
            }
            let written = scalar::key(key);
            // An implicit key has at most 1,024 characters in YAML.
            if written.len() > 1000 {
                self.text.push_str("? ");
                self.text.push_str(&written);
                self.text.push('\n');
                self.pad(indent);
            } else {
                self.text.push_str(&written);
            }
            self.text.push(':');
            self.write_value(value, key, indent);
        }
    }

    /// Writes a list's items, in line with the key above as Kubernetes documents it.
    fn write_list(&mut self, items: &[Value], parent: &str, indent: usize, inline: bool) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 || !inline {
                self.pad(indent);
            }
            self.write_item(item, parent, indent);
        }
    }

    /// Writes a dash and what follows it.
    pub(crate) fn write_item(&mut self, item: &Value, parent: &str, indent: usize) {
        self.text.push('-');
        self.write_behind_dash(item, parent, indent);
    }

    /// Writes what follows a dash, with the end of the line.
    pub(crate) fn write_behind_dash(&mut self, item: &Value, parent: &str, indent: usize) {
        let inner = indent + self.indents.item;
        match item {
            Value::Object(map) if !map.is_empty() => {
                self.pad(self.indents.item.saturating_sub(1));
                self.write_map(item, parent, inner, true);
            }
            Value::Array(items) if !items.is_empty() => {
                self.pad(self.indents.item.saturating_sub(1));
                self.write_list(items, parent, inner, true);
            }
            _ => self.write_value(item, parent, indent),
        }
    }

    /// Writes what follows `key:` or `-`, with the end of the line.
    pub(crate) fn write_value(&mut self, value: &Value, parent: &str, indent: usize) {
        match value {
            Value::Null => self.text.push_str(" null\n"),
            Value::Bool(value) => self.text.push_str(if *value { " true\n" } else { " false\n" }),
            Value::Number(number) => {
                self.text.push(' ');
                self.text.push_str(&scalar::number(number));
                self.text.push('\n');
            }
            Value::String(string) => self.write_string(string, indent),
            Value::Array(items) if items.is_empty() => self.text.push_str(" []\n"),
            Value::Array(items) => {
                self.text.push('\n');
                self.write_list(items, parent, indent + self.indents.list, false);
            }
            Value::Object(map) if map.is_empty() => self.text.push_str(" {}\n"),
            Value::Object(_) => {
                self.text.push('\n');
                self.write_map(value, parent, indent + self.indents.map, false);
            }
        }
    }

    fn write_string(&mut self, string: &str, indent: usize) {
        self.text.push(' ');
        match scalar::style(string) {
            Style::Plain => self.text.push_str(string),
            Style::Quoted => scalar::quote(&mut self.text, string),
            Style::Literal(header) => {
                self.text.push_str(header);
                self.text.push('\n');
                for line in string.strip_suffix('\n').unwrap_or(string).split('\n') {
                    if !line.is_empty() {
                        self.pad(indent + self.indents.map);
                        self.text.push_str(line);
                    }
                    self.text.push('\n');
                }
                return;
            }
        }
        self.text.push('\n');
    }

    fn pad(&mut self, indent: usize) {
        self.text.extend(std::iter::repeat_n(' ', indent));
    }
}

#[cfg(test)]
mod tests;
