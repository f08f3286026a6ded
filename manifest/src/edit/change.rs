//! Turns the difference between what a document says and what it should say into pieces of text.

mod block;
mod brackets;
mod replace;

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::edit::Why;
use crate::edit::lines;
use crate::edit::matching::{Origin, origins};
use crate::edit::notation::Notation;
use crate::edit::pieces::{Piece, put_in};
use crate::edit::syntax::{Entry, Form, Item, Kind, Node};
use crate::render::{INDENTS, Indents, Writer, order};

/// Collects the pieces that change a document.
pub(super) struct Editor<'a> {
    text: &'a str,
    notation: Notation,
    pub(super) pieces: Vec<Piece>,
}

/// What a value stands behind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// Nothing: it is the document.
    Root,
    /// A key, by its column and the place behind its colon.
    Key {
        column: usize,
        behind: usize,
    },
    /// A dash, in the same way.
    Dash {
        column: usize,
        behind: usize,
    },
    Flow,
}

/// A part of a collection: an entry or an item.
#[derive(Clone, Copy, Debug)]
struct Part {
    start: usize,
    end: usize,
}

/// A part of the collection as it will be.
#[derive(Debug)]
enum Slot {
    /// By the index of the old part.
    Kept(usize),
    /// Written anew, without indentation before its first line.
    New(String),
    /// Taken along from where an old part stood.
    Moved(usize, String),
}

impl<'a> Editor<'a> {
    /// Begins without pieces.
    pub(super) fn new(text: &'a str, notation: Notation) -> Self {
        Self { text, notation, pieces: Vec::new() }
    }

    /// Changes a value from what it is to what is wanted; `field` is the key that it, or its list, stands at.
    ///
    /// # Errors
    /// Says why it cannot be done in place.
    pub(super) fn change(
        &mut self,
        node: &Node,
        place: Place,
        have: &Value,
        want: &Value,
        field: &str,
    ) -> Result<(), Why> {
        if have == want {
            return Ok(());
        }
        if node.marked {
            return Err(Why::Entangled);
        }
        match (&node.kind, have, want) {
            (Kind::Map { form, entries }, Value::Object(have), Value::Object(wanted)) => {
                let stays = |entry: &Entry| entry.key.as_ref().is_none_or(|key| wanted.contains_key(key));
                if entries.iter().any(stays) {
                    return self.change_map(*form, entries, have, want, field);
                }
            }
            (Kind::List { form, items }, Value::Array(have), Value::Array(want)) => {
                let origins = origins(field, have, want);
                if origins.iter().any(|origin| matches!(origin, Origin::Kept(_))) {
                    return self.change_list(*form, items, &origins, (have, want), field);
                }
            }
            (Kind::Odd, ..) => return Err(Why::Notation),
            _ => {}
        }
        self.replace(node, place, want, field)
    }

    /// Takes one item out of a list that has others.
    pub(super) fn take_out_item(&mut self, node: &Node, index: usize) -> Result<(), Why> {
        let Kind::List { form, items } = &node.kind else { return Err(Why::Notation) };
        let part = |item: &Item| Part { start: item.start, end: item.value.end.max(item.behind) };
        let parts: Vec<Part> = items.iter().map(part).collect();
        let slots: Vec<Slot> = (0..parts.len()).filter(|other| *other != index).map(Slot::Kept).collect();
        self.rebuild(*form, &parts, &slots)
    }

    fn change_map(
        &mut self,
        form: Form,
        entries: &[Entry],
        have: &Map<String, Value>,
        want: &Value,
        field: &str,
    ) -> Result<(), Why> {
        let merges = entries.iter().any(|entry| entry.key.is_none());
        let lost = have.keys().any(|key| want.get(key).is_none());
        if merges && lost {
            return Err(Why::Entangled);
        }
        let mut parts = Vec::with_capacity(entries.len());
        let mut slots = Vec::with_capacity(entries.len());
        let sorted = order::entries(want, field);
        let ranks: HashMap<&str, usize> = sorted.iter().enumerate().map(|(rank, (key, _))| (*key, rank)).collect();
        // The rank of each slot; what is merged has none.
        let mut order: Vec<Option<usize>> = Vec::with_capacity(entries.len());
        let mut is_own = vec![false; sorted.len()];
        for (index, entry) in entries.iter().enumerate() {
            parts.push(Part { start: entry.start, end: entry.value.end.max(entry.behind) });
            let Some(key) = &entry.key else {
                slots.push(Slot::Kept(index));
                order.push(None);
                continue;
            };
            match (have.get(key), want.get(key)) {
                (Some(have), Some(want)) => {
                    let place = match form {
                        Form::Flow => Place::Flow,
                        Form::Block => {
                            Place::Key { column: lines::column(self.text, entry.start), behind: entry.behind }
                        }
                    };
                    self.change(&entry.value, place, have, want, key)?;
                    slots.push(Slot::Kept(index));
                    let rank = ranks.get(key.as_str()).copied();
                    order.push(rank);
                    if let Some(own) = rank.and_then(|rank| is_own.get_mut(rank)) {
                        *own = true;
                    }
                }
                _ if entry.value.is_entangled() => return Err(Why::Entangled),
                _ => {}
            }
        }
        let column = match form {
            Form::Block => entries.first().map_or(0, |entry| lines::column(self.text, entry.start)),
            Form::Flow => 0,
        };
        for (rank, ((key, value), is_own)) in sorted.iter().zip(is_own).enumerate() {
            // What is merged may be just what is wanted.
            if !is_own && have.get(*key) != Some(*value) {
                let index = insertion(rank, &order);
                slots.insert(index, Slot::New(self.entry(form, key, value, field, column)));
                order.insert(index, Some(rank));
            }
        }
        self.rebuild(form, &parts, &slots)
    }

    fn change_list(
        &mut self,
        form: Form,
        items: &[Item],
        origins: &[Origin],
        (have, want): (&[Value], &[Value]),
        field: &str,
    ) -> Result<(), Why> {
        let parts: Vec<Part> =
            items.iter().map(|item| Part { start: item.start, end: item.value.end.max(item.behind) }).collect();
        let source = |origin: &Origin| match *origin {
            Origin::Kept(from) | Origin::Moved(from) => Some(from),
            Origin::New => None,
        };
        let stays = marks(items.len(), origins.iter().filter_map(source));
        let gone = |(item, stays): (&Item, &bool)| !stays && item.value.is_entangled();
        if items.iter().zip(&stays).any(gone) {
            return Err(Why::Entangled);
        }
        let mut slots = Vec::with_capacity(want.len());
        for (origin, want) in origins.iter().zip(want) {
            let (Origin::Kept(index) | Origin::Moved(index)) = *origin else {
                slots.push(Slot::New(self.item(form, items, want, field)));
                continue;
            };
            let (Some(item), Some(have)) = (items.get(index), have.get(index)) else { return Err(Why::Notation) };
            let place = match form {
                Form::Flow => Place::Flow,
                Form::Block => Place::Dash { column: lines::column(self.text, item.start), behind: item.behind },
            };
            let before = self.pieces.len();
            self.change(&item.value, place, have, want, field)?;
            if matches!(origin, Origin::Kept(_)) {
                slots.push(Slot::Kept(index));
                continue;
            }
            let range = self.taken_along(form, &parts, index);
            let inner = self.pieces.split_off(before);
            let end = range.end;
            let mut text = put_in(self.text, range, inner).ok_or(Why::Notation)?;
            if form == Form::Flow {
                text.insert_str(0, &self.comment_behind(end));
            }
            slots.push(Slot::Moved(index, text.trim_start_matches(' ').to_owned()));
        }
        self.rebuild(form, &parts, &slots)
    }

    /// Puts a collection together from its slots, of which one at least is kept.
    fn rebuild(&mut self, form: Form, parts: &[Part], slots: &[Slot]) -> Result<(), Why> {
        let unchanged = slots.len() == parts.len() && slots.iter().all(|slot| matches!(slot, Slot::Kept(_)));
        match form {
            _ if unchanged => Ok(()),
            Form::Block => self.rebuild_block(parts, slots),
            Form::Flow => self.rebuild_brackets(parts, slots),
        }
    }

    /// Writes a new entry.
    fn entry(&self, form: Form, key: &str, value: &Value, field: &str, column: usize) -> String {
        match form {
            Form::Flow => format!("{}{}", self.notation.flow_key(key), self.notation.flow(value, key, "")),
            Form::Block => {
                let mut writer = Writer::new(self.indents());
                let map = Value::Object([(key.to_owned(), value.clone())].into_iter().collect());
                writer.write_map(&map, field, column, true);
                writer.text
            }
        }
    }

    /// Writes a new item beside others.
    fn item(&self, form: Form, items: &[Item], value: &Value, field: &str) -> String {
        if form == Form::Flow {
            return self.notation.flow(value, field, "");
        }
        let column = |at: usize| lines::column(self.text, at);
        let width = |item: &Item| {
            let same_line = lines::start(self.text, item.start) == lines::start(self.text, item.value.content);
            (same_line && item.value.is_block()).then(|| column(item.value.content).saturating_sub(column(item.start)))
        };
        let indents = self.indents();
        let width = items.iter().find_map(width).unwrap_or(indents.item);
        let mut writer = Writer::new(Indents { item: width, ..indents });
        writer.write_item(value, field, items.first().map_or(0, |item| column(item.start)));
        writer.text
    }

    fn indents(&self) -> Indents {
        match self.notation {
            Notation::Yaml(indents) => indents,
            Notation::Json(_) => INDENTS,
        }
    }

    fn push(&mut self, start: usize, end: usize, text: impl Into<String>) {
        self.pieces.push(Piece { range: start..end, text: text.into() });
    }
}

/// Marks some of as many places.
fn marks(count: usize, some: impl Iterator<Item = usize>) -> Vec<bool> {
    let mut marks = vec![false; count];
    for index in some {
        if let Some(mark) = marks.get_mut(index) {
            *mark = true;
        }
    }
    marks
}

/// Finds the place of a new entry by its rank: where it is out of order with as few others as possible, and of such
/// places right behind what comes before it.
fn insertion(rank: usize, others: &[Option<usize>]) -> usize {
    let nearest = others.iter().flatten().filter(|other| **other < rank).max().copied();
    let mut wrong = others.iter().flatten().filter(|other| **other < rank).count();
    let (mut best, mut least) = (0, (wrong, true));
    for (index, other) in others.iter().enumerate() {
        match other {
            Some(other) if *other < rank => wrong -= 1,
            Some(_) => wrong += 1,
            None => {}
        }
        let here = (wrong, other.is_none() || *other != nearest);
        if here < least {
            (best, least) = (index + 1, here);
        }
    }
    best
}
