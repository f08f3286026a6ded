//! Builds the trees of a document from the scanner's events.

use std::collections::HashMap;

use granit_parser::{Event, Tag};
use serde_json::{Map, Value};

use crate::parse::scalar::Key;
use crate::parse::{Document, MAX_DEPTH, ParseError, Place, scalar};

/// The most values one document may hold once its aliases are expanded, and the most bytes in them.
const MAX_VALUES: usize = 500_000;
const MAX_EXPANDED_BYTES: usize = 4 * super::MAX_BYTES;

/// What is open at the moment.
enum Frame {
    List { items: Vec<Value>, anchor: usize },
    Map { map: Map<String, Value>, merges: Vec<(Value, Place)>, key: Option<Key>, anchor: usize },
}

/// A finished tree with what it weighs.
struct Anchored {
    tree: Value,
    weight: Weight,
}

#[derive(Clone, Copy, Default)]
struct Weight {
    values: usize,
    bytes: usize,
    depth: usize,
}

/// Takes the events between a document's start and its end.
#[derive(Default)]
pub(super) struct Builder {
    open: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    root: Option<(Value, Place)>,
    values: usize,
    bytes: usize,
    begun: Option<Place>,
}

impl Builder {
    /// Takes one event.
    pub(super) fn take(&mut self, event: Event<'_>, place: Place) -> Result<(), ParseError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.begin(place)?;
                self.bytes = self.bytes.saturating_add(text.len());
                if self.expects_key() {
                    let key = scalar::key(&text, style, tag_name(tag.as_deref(), place)?, place)?;
                    if anchor != 0 {
                        self.keep(anchor, &Value::String(text.into_owned()));
                    }
                    return self.take_key(key, place);
                }
                let value = scalar::value(&text, style, tag_name(tag.as_deref(), place)?, place)?;
                self.add(value, anchor, place)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.begin_collection(tag.as_deref(), "seq", place)?;
                self.open.push(Frame::List { items: Vec::new(), anchor });
                Ok(())
            }
            Event::MappingStart(_, anchor, tag) => {
                self.begin_collection(tag.as_deref(), "map", place)?;
                self.open.push(Frame::Map { map: Map::new(), merges: Vec::new(), key: None, anchor });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Frame::List { items, anchor }) => self.add(Value::Array(items), anchor, place),
                Some(Frame::Map { mut map, merges, anchor, .. }) => {
                    merge(&mut map, merges)?;
                    self.add(Value::Object(map), anchor, place)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => self.take_alias(anchor, place),
            _ => Ok(()),
        }
    }

    /// Ends the document; `None` for one without content.
    pub(super) fn finish(self) -> Option<Document> {
        let (tree, place) = self.root?;
        let line = self.begun.unwrap_or(place).line;
        (!tree.is_null()).then_some(Document { tree, line })
    }

    fn begin(&mut self, place: Place) -> Result<(), ParseError> {
        self.begun.get_or_insert(place);
        self.values = self.values.saturating_add(1);
        self.check_size(place)
    }

    fn check_size(&self, place: Place) -> Result<(), ParseError> {
        if self.values > MAX_VALUES || self.bytes > MAX_EXPANDED_BYTES {
            let message = "The document is too large once its aliases (*) are written out.";
            return Err(ParseError::new(place, message));
        }
        Ok(())
    }

    fn begin_collection(&mut self, tag: Option<&Tag>, expect: &str, place: Place) -> Result<(), ParseError> {
        if self.expects_key() {
            return Err(ParseError::new(place, "A key is one word or text, not a list or a map."));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(ParseError::new(place, "This is nested too deeply."));
        }
        match tag_name(tag, place)? {
            None => {}
            Some(name) if name == expect => {}
            Some(name) => return Err(ParseError::new(place, format!("The tag !!{name} does not fit here."))),
        }
        self.begin(place)
    }

    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Frame::Map { key: None, .. }))
    }

    fn take_key(&mut self, next: Key, place: Place) -> Result<(), ParseError> {
        if let Some(Frame::Map { map, key, .. }) = self.open.last_mut() {
            if let Key::Named(name) = &next
                && map.contains_key(name)
            {
                return Err(ParseError::new(place, format!("The key `{}` is there twice.", shorten(name))));
            }
            *key = Some(next);
        }
        Ok(())
    }

    fn take_alias(&mut self, anchor: usize, place: Place) -> Result<(), ParseError> {
        let Some(Anchored { tree, weight }) = self.anchors.get(&anchor) else {
            return Err(ParseError::new(place, "This alias (*) stands inside the anchor (&) it names."));
        };
        self.values = self.values.saturating_add(weight.values);
        self.bytes = self.bytes.saturating_add(weight.bytes);
        self.check_size(place)?;
        let Anchored { tree, weight } = Anchored { tree: tree.clone(), weight: *weight };
        if self.open.len() + weight.depth > MAX_DEPTH {
            return Err(ParseError::new(place, "This is nested too deeply once its aliases (*) are written out."));
        }
        if self.expects_key() {
            let Value::String(name) = tree else {
                return Err(ParseError::new(place, "A key is one word or text, not a list or a map."));
            };
            return self.take_key(Key::Named(name), place);
        }
        self.add(tree, 0, place)
    }

    fn add(&mut self, value: Value, anchor: usize, place: Place) -> Result<(), ParseError> {
        if anchor != 0 {
            // Anchors inside anchors would otherwise be copied again and again.
            let weight = self.keep(anchor, &value);
            self.bytes = self.bytes.saturating_add(weight.bytes);
            self.values = self.values.saturating_add(weight.values);
            self.check_size(place)?;
        }
        match self.open.last_mut() {
            None => self.root = Some((value, place)),
            Some(Frame::List { items, .. }) => items.push(value),
            Some(Frame::Map { map, merges, key, .. }) => match key.take() {
                Some(Key::Named(name)) => {
                    map.insert(name, value);
                }
                Some(Key::Merge) => merges.push((value, place)),
                None => return Err(ParseError::new(place, "A key is one word or text, not a list or a map.")),
            },
        }
        Ok(())
    }

    fn keep(&mut self, anchor: usize, value: &Value) -> Weight {
        let weight = weigh(value);
        self.anchors.insert(anchor, Anchored { tree: value.clone(), weight });
        weight
    }
}

/// Adds what `<<` brings: the map's own keys win, then earlier sources.
fn merge(map: &mut Map<String, Value>, merges: Vec<(Value, Place)>) -> Result<(), ParseError> {
    for (source, place) in merges {
        let sources = match source {
            Value::Array(sources) => sources,
            other => vec![other],
        };
        for source in sources {
            let Value::Object(source) = source else {
                return Err(ParseError::new(place, "A merge key (<<) takes a map or a list of maps."));
            };
            for (key, value) in source {
                map.entry(key).or_insert(value);
            }
        }
    }
    Ok(())
}

fn weigh(value: &Value) -> Weight {
    let sum = |weights: &mut dyn Iterator<Item = Weight>| {
        let total = weights.fold(Weight::default(), |total, weight| Weight {
            values: total.values + weight.values,
            bytes: total.bytes + weight.bytes,
            depth: total.depth.max(weight.depth),
        });
        Weight { values: total.values + 1, bytes: total.bytes, depth: total.depth + 1 }
    };
    match value {
        Value::String(text) => Weight { values: 1, bytes: text.len(), depth: 0 },
        Value::Array(items) => sum(&mut items.iter().map(weigh)),
        Value::Object(map) => sum(&mut map.iter().map(|(key, value)| {
            let weight = weigh(value);
            Weight { bytes: weight.bytes + key.len(), ..weight }
        })),
        _ => Weight { values: 1, bytes: 0, depth: 0 },
    }
}

/// Returns `str`, `int` and so on for YAML's own tags; `!` alone makes a text.
fn tag_name(tag: Option<&Tag>, place: Place) -> Result<Option<&str>, ParseError> {
    let Some(tag) = tag else { return Ok(None) };
    if let Some(name) = tag.core_suffix() {
        return Ok(Some(name));
    }
    if tag.original() == "!" {
        return Ok(Some("str"));
    }
    Err(ParseError::new(place, format!("The tag `{}` means nothing to Kubernetes.", shorten(&tag.original()))))
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}
