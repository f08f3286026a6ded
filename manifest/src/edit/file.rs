//! A file with what it says and how it is written, and the ways to put one document of it anew.

use std::cell::OnceCell;
use std::ops::Range;

use serde_json::Value;

use crate::edit::change::{Editor, Place};
use crate::edit::notation::Notation;
use crate::edit::pieces::{Piece, put_in};
use crate::edit::syntax::{Item, Kind, Node, Source, read};
use crate::edit::{Address, EditError, Why, lines};
use crate::parse::{Document, parse};
use crate::render::{INDENTS, Writer, render_tree};

/// Invisible at the very start of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A file of a repository.
pub(super) struct File {
    /// Without the byte order mark, and with a line feed at its end.
    pub text: String,
    pub documents: Vec<Document>,
    /// All of them, the empty ones too; none where the scanner's places do not add up.
    sources: OnceCell<Vec<Source>>,
    has_mark: bool,
    /// Whether the text ended in a line break before one was added.
    pub is_ended: bool,
    line_break: &'static str,
}

impl File {
    /// Reads a file.
    pub(super) fn read(text: &str) -> Result<Self, EditError> {
        let documents = parse(text).map_err(EditError::Unreadable)?;
        let bare = text.strip_prefix(BYTE_ORDER_MARK);
        let has_mark = bare.is_some();
        let mut text = bare.unwrap_or(text).to_owned();
        let line_break = match text.split_once('\n') {
            Some((first, _)) if first.ends_with('\r') => "\r\n",
            _ => "\n",
        };
        // Alone, it ends a line for YAML and for few others.
        if text.replace("\r\n", "").contains('\r') {
            return Err(EditError::Unsafe);
        }
        let is_ended = text.ends_with('\n');
        if !is_ended {
            text.push_str(line_break);
        }
        Ok(Self { text, documents, sources: OnceCell::new(), has_mark, is_ended, line_break })
    }

    /// Returns all documents' places, the empty ones too.
    pub(super) fn sources(&self) -> &[Source] {
        self.sources.get_or_init(|| read(&self.text).unwrap_or_default())
    }

    /// Returns how a document is written.
    pub(super) fn source(&self, document: usize) -> Option<&Source> {
        let mut sources = self.sources().iter().filter(|source| !source.is_empty(&self.text));
        let found = sources.nth(document)?;
        (sources.count() + document + 1 == self.documents.len()).then_some(found)
    }

    /// Returns the list of resources that a document is, with where each stands.
    pub(super) fn items(&self, document: usize) -> Option<(&Node, &[Item])> {
        let Kind::Map { entries, .. } = &self.source(document)?.root.kind else { return None };
        let entry = entries.iter().find(|entry| entry.key.as_deref() == Some("items"))?;
        let Kind::List { items, .. } = &entry.value.kind else { return None };
        Some((&entry.value, items))
    }

    /// Changes a document or an item of it in place.
    pub(super) fn change(&self, address: Address, have: &Value, want: &Value) -> Result<String, Why> {
        let source = self.source(address.document).ok_or(Why::Notation)?;
        let mut editor = Editor::new(&self.text, Notation::of(&self.text, &source.root));
        match address.item {
            None => editor.change(&source.root, Place::Root, have, want, "")?,
            Some(index) => {
                let (list, items) = self.items(address.document).ok_or(Why::Entangled)?;
                let item = items.get(index).ok_or(Why::Notation)?;
                editor.change(&item.value, self.place(list, item), have, want, "")?;
            }
        }
        self.with(editor.pieces).ok_or(Why::Notation)
    }

    /// Returns the text with pieces of it replaced, with the file's own line breaks.
    pub(super) fn with(&self, mut pieces: Vec<Piece>) -> Option<String> {
        for piece in &mut pieces {
            piece.text = piece.text.replace("\r\n", "\n").replace('\n', self.line_break);
        }
        put_in(&self.text, 0..self.text.len(), pieces)
    }

    /// Writes one item of a document anew.
    pub(super) fn write_item_anew(&self, address: Address, want: &Value) -> Option<String> {
        let (list, items) = self.items(address.document)?;
        let item = items.get(address.item?)?;
        if let Place::Dash { column, behind } = self.place(list, item) {
            let mut writer = Writer::new(INDENTS);
            writer.write_behind_dash(want, "", column);
            return self.with_one(behind..self.end_of(&item.value, column), writer.text);
        }
        let notation = Notation::of(&self.text, &self.source(address.document)?.root);
        let before = lines::before(&self.text, item.start);
        let indent = before.get(..before.len() - before.trim_start().len())?;
        self.with_one(item.start..item.value.end, notation.flow(want, "", indent))
    }

    /// Writes one document anew.
    pub(super) fn write_anew(&self, document: usize, want: &Value) -> Option<String> {
        let Some(source) = self.source(document) else {
            return (self.documents.len() == 1).then(|| render_tree(want).replace('\n', self.line_break));
        };
        let root = &source.root;
        if let notation @ Notation::Json(_) = Notation::of(&self.text, root) {
            return self.with_one(root.start..root.end, notation.flow(want, "", ""));
        }
        // Behind `---` in its line there is room for brackets only.
        let before = lines::before(&self.text, root.start).trim_end();
        let (set_off, start) = match before {
            "" => ("", root.start),
            marker => ("\n", lines::start(&self.text, root.start) + marker.len()),
        };
        self.with_one(start..self.end_of(root, 0), format!("{set_off}{}", render_tree(want)))
    }

    /// Returns the texts that a new text may stand in the file as: without a line feed at the end if there was none.
    pub(super) fn finish(&self, text: String) -> impl Iterator<Item = String> {
        let bare = (!self.is_ended).then(|| text.strip_suffix(self.line_break).map(str::to_owned)).flatten();
        let mark = if self.has_mark { BYTE_ORDER_MARK.to_string() } else { String::new() };
        bare.into_iter().chain([text]).map(move |text| format!("{mark}{text}"))
    }

    /// Finishes a new text if it means the same as the file but for one document, which is gone or means `want`.
    pub(super) fn verify(&self, text: String, document: usize, want: Option<&Value>) -> Option<String> {
        self.finish(text).find(|text| {
            let expect = self
                .documents
                .iter()
                .enumerate()
                .filter_map(|(index, old)| if index == document { want } else { Some(&old.tree) });
            parse(text).is_ok_and(|found| found.iter().map(|document| &document.tree).eq(expect))
        })
    }

    /// Returns where the lines of a value end with the comments that are indented as parts of it: below a block of text
    /// that is new they would become text.
    fn end_of(&self, node: &Node, column: usize) -> usize {
        lines::past_all_comments(&self.text, lines::after(&self.text, node.end), column, self.text.len())
    }

    fn with_one(&self, range: Range<usize>, text: String) -> Option<String> {
        self.with(vec![Piece { range, text }])
    }

    fn place(&self, list: &Node, item: &Item) -> Place {
        if list.is_block() {
            Place::Dash { column: lines::column(&self.text, item.start), behind: item.behind }
        } else {
            Place::Flow
        }
    }
}
