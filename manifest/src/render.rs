//! Writes a tree as YAML that readers of YAML 1.1 and 1.2 take the same way.
//!
//! The text depends on the tree alone: keys come in a fixed order, strings are plain only where no reader could take
//! them for something else, several lines are a literal block where that is exact, and nothing is ever folded.

mod order;
mod scalar;

use serde_json::Value;

use crate::render::scalar::Style;
use crate::tree::Manifest;

/// Renders a manifest as one YAML document that ends in a line feed.
pub fn render(manifest: &Manifest) -> String {
    render_tree(manifest.tree())
}

/// Renders any tree, in the same way; a Secret's values are not hidden here.
pub fn render_tree(tree: &Value) -> String {
    let mut text = String::new();
    match tree {
        Value::Object(map) if !map.is_empty() => write_map(&mut text, tree, "", 0, false),
        Value::Array(items) if !items.is_empty() => write_list(&mut text, items, "", 0, false),
        _ => {
            write_value(&mut text, tree, "", 0);
            // At the very start there is no space to set it off.
            text.drain(..1.min(text.len()));
        }
    }
    text
}

/// Writes a map's entries; the first stands on the present line when `inline` (after `- `).
fn write_map(text: &mut String, map: &Value, parent: &str, indent: usize, inline: bool) {
    for (index, (key, value)) in order::entries(map, parent).into_iter().enumerate() {
        if index > 0 || !inline {
            pad(text, indent);
        }
        let written = scalar::key(key);
        // An implicit key has at most 1,024 characters in YAML.
        if written.len() > 1000 {
            text.push_str("? ");
            text.push_str(&written);
            text.push('\n');
            pad(text, indent);
        } else {
            text.push_str(&written);
        }
        text.push(':');
        write_value(text, value, key, indent);
    }
}

/// Writes a list's items, in line with the key above as Kubernetes documents it.
fn write_list(text: &mut String, items: &[Value], parent: &str, indent: usize, inline: bool) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 || !inline {
            pad(text, indent);
        }
        text.push('-');
        match item {
            Value::Object(map) if !map.is_empty() => {
                text.push(' ');
                write_map(text, item, parent, indent + 2, true);
            }
            Value::Array(inner) if !inner.is_empty() => {
                text.push(' ');
                write_list(text, inner, parent, indent + 2, true);
            }
            _ => write_value(text, item, parent, indent),
        }
    }
}

/// Writes what follows `key:` or `-`, with the end of the line.
fn write_value(text: &mut String, value: &Value, parent: &str, indent: usize) {
    match value {
        Value::Null => text.push_str(" null\n"),
        Value::Bool(value) => text.push_str(if *value { " true\n" } else { " false\n" }),
        Value::Number(number) => {
            text.push(' ');
            text.push_str(&scalar::number(number));
            text.push('\n');
        }
        Value::String(string) => write_string(text, string, indent),
        Value::Array(items) if items.is_empty() => text.push_str(" []\n"),
        Value::Array(items) => {
            text.push('\n');
            write_list(text, items, parent, indent, false);
        }
        Value::Object(map) if map.is_empty() => text.push_str(" {}\n"),
        Value::Object(_) => {
            text.push('\n');
            write_map(text, value, parent, indent + 2, false);
        }
    }
}

fn write_string(text: &mut String, string: &str, indent: usize) {
    text.push(' ');
    match scalar::style(string) {
        Style::Plain => text.push_str(string),
        Style::Quoted => scalar::quote(text, string),
        Style::Literal(header) => {
            text.push_str(header);
            text.push('\n');
            for line in string.strip_suffix('\n').unwrap_or(string).split('\n') {
                if !line.is_empty() {
                    pad(text, indent + 2);
                    text.push_str(line);
                }
                text.push('\n');
            }
            return;
        }
    }
    text.push('\n');
}

fn pad(text: &mut String, indent: usize) {
    text.extend(std::iter::repeat_n(' ', indent));
}

#[cfg(test)]
mod tests;
