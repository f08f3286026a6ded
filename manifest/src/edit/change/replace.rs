//! Puts one value in the place of another.

use granit_parser::ScalarStyle;
use serde_json::Value;

use crate::edit::Why;
use crate::edit::change::{Editor, Place};
use crate::edit::lines;
use crate::edit::notation::Notation;
use crate::edit::style::{self, Old};
use crate::edit::syntax::{Form, Kind, Node};
use crate::render::Writer;

impl Editor<'_> {
    /// Writes another value where a node stands. The comment behind it in its line stays, those within it go.
    pub(super) fn replace(&mut self, node: &Node, place: Place, want: &Value, field: &str) -> Result<(), Why> {
        if node.is_entangled() {
            return Err(Why::Entangled);
        }
        let (column, behind) = match place {
            Place::Root => return Err(Why::Notation),
            Place::Flow => return self.replace_in_brackets(node, want, field),
            Place::Key { column, behind } | Place::Dash { column, behind } => (column, behind),
        };
        if let Kind::Scalar { style, indent } = node.kind
            && node.end > node.content
        {
            let old = self.old(node, style, indent, column);
            if is_block(style) {
                if let Some((header, body)) = want.as_str().and_then(|string| style::block(&old, string)) {
                    let end = self.header_end(node);
                    self.push(node.content, end, header);
                    let rest = lines::next(self.text, end)..self.lines_end(node);
                    self.push_lines(rest, body);
                    return Ok(());
                }
            } else if let Some(text) = style::inline(&old, want, Form::Block) {
                self.push(node.content, node.end, text);
                return Ok(());
            }
        }
        if matches!(node.kind, Kind::Map { form: Form::Flow, .. } | Kind::List { form: Form::Flow, .. })
            && !node.children().is_empty()
            && (want.is_object() || want.is_array())
        {
            let text = self.notation.flow(want, field, "");
            self.push(node.content, node.end, text);
            return Ok(());
        }
        let mut writer = Writer::new(self.indents());
        match place {
            Place::Dash { .. } => writer.write_behind_dash(want, field, column),
            _ => writer.write_value(want, field, column),
        }
        let (head, rest) = writer.text.split_once('\n').unwrap_or((&writer.text, ""));
        self.replace_lines(node, behind, head, rest)
    }

    /// Replaces what is behind a key or dash, in its line and below.
    fn replace_lines(&mut self, node: &Node, behind: usize, head: &str, rest: &str) -> Result<(), Why> {
        let same_line = lines::start(self.text, behind) == lines::start(self.text, node.content);
        let below = match &node.kind {
            _ if node.is_block() && same_line => {
                self.push_lines(behind..self.lines_end(node), format!("{head}\n{rest}"));
                return Ok(());
            }
            _ if node.is_block() => {
                self.push(behind, behind, head);
                lines::next(self.text, behind)..self.lines_end(node)
            }
            Kind::Scalar { style, .. } if is_block(*style) && same_line => {
                let end = self.header_end(node);
                self.push(behind, end, head);
                lines::next(self.text, end)..self.lines_end(node)
            }
            _ if self.text.get(behind..node.content).is_some_and(|gap| gap.contains('#')) => return Err(Why::Notation),
            _ if is_block_node(node) => return Err(Why::Notation),
            _ => {
                self.push(behind, node.end.max(behind), head);
                let after = lines::next(self.text, node.end.max(behind));
                after..after
            }
        };
        self.push_lines(below, rest.to_owned());
        Ok(())
    }

    fn replace_in_brackets(&mut self, node: &Node, want: &Value, field: &str) -> Result<(), Why> {
        let text = match (&node.kind, &self.notation) {
            (Kind::Scalar { style, indent }, Notation::Yaml(_)) if node.end > node.content => {
                let old = self.old(node, *style, *indent, 0);
                style::inline(&old, want, Form::Flow)
            }
            _ => None,
        };
        let line = lines::before(self.text, node.content);
        let indent = line.get(..line.len() - line.trim_start().len()).unwrap_or_default();
        let text = text.unwrap_or_else(|| self.notation.flow(want, field, indent));
        if node.end > node.content {
            self.push(node.content, node.end, text);
        } else {
            self.push(node.content, lines::skip_spaces(self.text, node.end), format!(" {text}"));
        }
        Ok(())
    }

    fn old(&self, node: &Node, style: ScalarStyle, indent: usize, column: usize) -> Old<'_> {
        Old { words: self.text.get(node.content..node.end).unwrap_or_default(), style, indent, column }
    }

    /// Returns where a block scalar's header ends.
    fn header_end(&self, node: &Node) -> usize {
        let words = self.text.get(node.content..node.end).unwrap_or_default();
        node.content + words.find(['\r', '\n', ' ', '\t', '#']).unwrap_or(words.len())
    }

    fn lines_end(&self, node: &Node) -> usize {
        lines::after(self.text, node.end)
    }
}

fn is_block(style: ScalarStyle) -> bool {
    matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
}

fn is_block_node(node: &Node) -> bool {
    matches!(node.kind, Kind::Scalar { style, .. } if is_block(style))
}
