//! Puts the scanner's events together to nodes, with the places of what has no event: colons, dashes, headers.

use std::iter::Peekable;
use std::ops::Range;
use std::vec::IntoIter;

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle, Tag};

use crate::edit::lines;
use crate::edit::syntax::{Entry, Form, Item, Kind, Node, Source};
use crate::parse::options;

/// Reads how a text is written that [`crate::parse`] could read; `None` where the scanner's places do not add up.
pub(in crate::edit) fn read(text: &str) -> Option<Vec<Source>> {
    let mut options = options();
    options.emit_anchor_events = true;
    let events: Result<Vec<_>, _> = Parser::new_from_str_with_options(text, options).collect();
    let mut reader = Reader { text, events: events.ok()?.into_iter().peekable() };
    let mut sources = Vec::<Source>::new();
    while let Some((event, span)) = reader.events.next() {
        let Event::DocumentStart(explicit, _) = event else { continue };
        let at = span.byte_range()?.start;
        let marker = explicit.then_some(at);
        let start = match sources.last() {
            None => 0,
            Some(last) if last.closed => last.range.end,
            Some(_) => marker?,
        };
        if let Some(last) = sources.last_mut() {
            last.range.end = start;
        }
        let root = reader.node(marker.map_or(start, |marker| marker + 3))?;
        let Some((Event::DocumentEnd, span)) = reader.events.next() else { return None };
        let closed = span.slice(text)? == "...";
        let end = if closed { lines::next(text, span.byte_range()?.end) } else { text.len() };
        sources.push(Source { range: start..end, marker, closed, root });
    }
    if let Some(last) = sources.last_mut() {
        last.range.end = text.len();
    }
    Some(sources)
}

struct Reader<'a> {
    text: &'a str,
    events: Peekable<IntoIter<(Event<'a>, Span)>>,
}

/// Where a node's anchor and tag stand.
struct Marks {
    start: usize,
    end: usize,
    some: bool,
}

impl Marks {
    fn node(&self, content: usize, end: usize, kind: Kind) -> Node {
        Node { start: content.min(self.start), content, end, marked: self.some, kind }
    }
}

impl Reader<'_> {
    /// Reads the node that stands somewhere behind `after`.
    fn node(&mut self, after: usize) -> Option<Node> {
        let (event, span) = self.events.next()?;
        let range = span.byte_range()?;
        match event {
            Event::Alias(_) => {
                Some(Node { start: range.start, content: range.start, end: range.end, marked: true, kind: Kind::Alias })
            }
            Event::Scalar(_, style, anchor, tag) => {
                let marks = self.marks(anchor, tag.as_deref(), &span)?;
                let kind = Kind::Scalar { style, indent: 0 };
                match style {
                    ScalarStyle::Literal | ScalarStyle::Folded => self.block_scalar(style, &span, &marks, after),
                    // Nothing is written: the scanner names the colon's own place.
                    _ if range.is_empty() => {
                        let end = after.max(marks.end);
                        Some(Node { start: after.min(marks.start), ..marks.node(end, end, kind) })
                    }
                    _ => Some(marks.node(range.start, range.end, kind)),
                }
            }
            Event::MappingStart(style, anchor, tag) => {
                let marks = self.marks(anchor, tag.as_deref(), &span)?;
                self.map(form(style), &range, &marks)
            }
            Event::SequenceStart(style, anchor, tag) => {
                let marks = self.marks(anchor, tag.as_deref(), &span)?;
                self.list(form(style), &range, &marks, after)
            }
            _ => None,
        }
    }

    fn marks(&mut self, anchor: usize, tag: Option<&Tag>, span: &Span) -> Option<Marks> {
        let mut marks = Marks { start: usize::MAX, end: 0, some: anchor != 0 || tag.is_some() };
        let mut take = |range: Range<usize>| {
            marks.start = marks.start.min(range.start);
            marks.end = marks.end.max(range.end);
        };
        if tag.is_some() {
            take(span.tag_span()?.byte_range()?);
        }
        if anchor != 0 {
            let (Event::Anchor(..), span) = self.events.next()? else { return None };
            take(span.byte_range()?);
        }
        Some(marks)
    }

    fn block_scalar(&mut self, style: ScalarStyle, span: &Span, marks: &Marks, after: usize) -> Option<Node> {
        let content = lines::skip_blank(self.text, after.max(marks.end));
        let header = self.text.get(content..)?;
        if !header.starts_with(['|', '>']) {
            let range = span.byte_range()?;
            return Some(marks.node(range.start, range.end, Kind::Odd));
        }
        let header = header.get(..header.find([' ', '\t', '\r', '\n', '#']).unwrap_or(header.len()))?;
        let body = span.slice(self.text)?;
        let body = if header.contains('+') { body.trim_end_matches([' ', '\t']) } else { body.trim_end() };
        let begin = span.byte_range()?.start;
        let end = if body.is_empty() { content + header.len() } else { begin + body.len() };
        Some(marks.node(content, end, Kind::Scalar { style, indent: span.indent.unwrap_or_default() }))
    }

    fn map(&mut self, form: Form, open: &Range<usize>, marks: &Marks) -> Option<Node> {
        let mut entries = Vec::new();
        // `[a: b]` is a map without brackets of its own.
        let mut is_odd = form == Form::Flow && open.is_empty();
        loop {
            if let Some((_, close)) = self.events.next_if(|(event, _)| matches!(event, Event::MappingEnd)) {
                let first = entries.first().map(|entry: &Entry| entry.start);
                let last = entries.last().map(|entry: &Entry| entry.value.end);
                let (content, end) = bounds(form, open, &close.byte_range()?, first, last);
                let kind = if is_odd { Kind::Odd } else { Kind::Map { form, entries } };
                return Some(marks.node(content, end, kind));
            }
            let (entry, plain) = self.entry(form)?;
            is_odd |= !plain;
            entries.push(entry);
        }
    }

    /// Reads a key with its value, and whether the key is an ordinary one: no `?`, anchor, tag or alias.
    fn entry(&mut self, form: Form) -> Option<(Entry, bool)> {
        let (event, span) = self.events.next()?;
        let range = span.byte_range()?;
        let (key, mut plain) = match event {
            Event::Scalar(name, style, anchor, tag) => {
                let marks = self.marks(anchor, tag.as_deref(), &span)?;
                let merges = style == ScalarStyle::Plain && name == "<<";
                let one_line = !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                ((!merges).then(|| name.into_owned()), one_line && !marks.some)
            }
            _ => (None, false),
        };
        let before = self.text.get(..range.start)?.trim_end_matches([' ', '\t']);
        let start = match before.strip_suffix('?') {
            Some(rest) => {
                plain = false;
                rest.len()
            }
            None => range.start,
        };
        let colon = match form {
            Form::Block => lines::skip_spaces(self.text, range.end),
            Form::Flow => lines::skip_blank(self.text, range.end),
        };
        let has_colon = self.text.get(colon..)?.starts_with(':');
        let behind = if has_colon { colon + 1 } else { range.end };
        let value = self.node(behind)?;
        Some((Entry { key, start, behind, value }, plain && has_colon))
    }

    fn list(&mut self, form: Form, open: &Range<usize>, marks: &Marks, after: usize) -> Option<Node> {
        let mut items = Vec::<Item>::new();
        let mut at = after.max(marks.end);
        loop {
            if let Some((_, close)) = self.events.next_if(|(event, _)| matches!(event, Event::SequenceEnd)) {
                let first = items.first().map(|item| item.start);
                let last = items.last().map(|item| item.value.end);
                let (content, end) = bounds(form, open, &close.byte_range()?, first, last);
                return Some(marks.node(content, end, Kind::List { form, items }));
            }
            let item = match form {
                Form::Block => {
                    let dash = lines::skip_blank(self.text, at);
                    if !self.text.get(dash..)?.starts_with('-') {
                        return None;
                    }
                    Item { start: dash, behind: dash + 1, value: self.node(dash + 1)? }
                }
                Form::Flow => {
                    let value = self.node(open.end)?;
                    Item { start: value.start, behind: value.start, value }
                }
            };
            at = item.value.end;
            items.push(item);
        }
    }
}

/// Says where a collection begins and ends: at its brackets, or with its first and last part.
fn bounds(
    form: Form,
    open: &Range<usize>,
    close: &Range<usize>,
    first: Option<usize>,
    last: Option<usize>,
) -> (usize, usize) {
    match form {
        Form::Flow => (open.start, close.end),
        Form::Block => (first.unwrap_or(open.start), last.unwrap_or(open.end)),
    }
}

fn form(style: StructureStyle) -> Form {
    match style {
        StructureStyle::Block => Form::Block,
        StructureStyle::Flow => Form::Flow,
    }
}
