//! How the documents of a file are written: where each part begins and ends, and in which notation.

mod build;

use std::ops::Range;

use granit_parser::ScalarStyle;

pub(super) use build::read;

/// One document of a file, the empty ones too.
#[derive(Debug)]
pub(super) struct Source {
    /// From its `---` line, or from where the document before it ended, up to where the next one begins.
    pub range: Range<usize>,
    /// The line of its `---`.
    pub marker: Option<usize>,
    /// Whether it ends with `...`.
    pub closed: bool,
    pub root: Node,
}

impl Source {
    /// Tells whether there is nothing in it; [`crate::parse`] leaves such documents out.
    pub(super) fn is_empty(&self, text: &str) -> bool {
        let words = text.get(self.root.content..self.root.end).unwrap_or_default();
        matches!(self.root.kind, Kind::Scalar { style: ScalarStyle::Plain, .. })
            && matches!(words, "" | "~" | "null" | "Null" | "NULL")
    }
}

/// A value as it is written.
#[derive(Debug)]
pub(super) struct Node {
    /// Where it begins, with its anchor and tag.
    pub start: usize,
    /// Where it begins without them.
    pub content: usize,
    /// Behind its last character; behind the last line break too where that counts (`|+`).
    pub end: usize,
    /// Whether it has an anchor or a tag.
    pub marked: bool,
    pub kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// `indent` is the column of a block scalar's lines.
    Scalar {
        style: ScalarStyle,
        indent: usize,
    },
    Alias,
    Map {
        form: Form,
        entries: Vec<Entry>,
    },
    List {
        form: Form,
        items: Vec<Item>,
    },
    /// Something that is read but never edited in place: a key behind `?`, `[a: b]`, a tag between key and text.
    Odd,
}

/// Whether a collection is written with indentation or with brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Block,
    Flow,
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Entry {
    /// `None` for `<<`.
    pub key: Option<String>,
    /// Where the key begins.
    pub start: usize,
    /// Behind the colon.
    pub behind: usize,
    pub value: Node,
}

/// An item of a list.
#[derive(Debug)]
pub(super) struct Item {
    /// Where its dash stands, or where it begins between brackets.
    pub start: usize,
    /// Behind its dash.
    pub behind: usize,
    pub value: Node,
}

impl Node {
    /// Tells whether it is written with indentation.
    pub(super) fn is_block(&self) -> bool {
        matches!(self.kind, Kind::Map { form: Form::Block, .. } | Kind::List { form: Form::Block, .. })
    }

    /// Returns the values directly in it.
    pub(super) fn children(&self) -> Vec<&Node> {
        match &self.kind {
            Kind::Map { entries, .. } => entries.iter().map(|entry| &entry.value).collect(),
            Kind::List { items, .. } => items.iter().map(|item| &item.value).collect(),
            _ => Vec::new(),
        }
    }

    /// Tells whether it, or anything in it, has an anchor or a tag, is an alias or merges another map.
    pub(super) fn is_entangled(&self) -> bool {
        let merges = matches!(&self.kind, Kind::Map { entries, .. } if entries.iter().any(|entry| entry.key.is_none()));
        self.marked
            || merges
            || matches!(self.kind, Kind::Alias | Kind::Odd)
            || self.children().into_iter().any(Node::is_entangled)
    }
}
