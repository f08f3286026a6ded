//! A document with its keys in the order they are written, since SOPS' MAC depends on it.

use granit_parser::{Event, Options, Parser};
use manifest::{MAX_DEPTH, ParseError};
use serde_json::{Number, Value};

use crate::leaf::{Leaf, Opened};

#[derive(Debug, PartialEq)]
pub(crate) enum Tree {
    Null,
    Leaf(Leaf),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// Why there is no tree.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Parse(#[from] ParseError),
    #[error("there is not one document")]
    NotOne,
    /// SOPS writes none.
    #[error("a key is an alias or a merge key")]
    Alias,
    /// SOPS cannot walk over what is larger than an `int` (`walkValue` in `sops.go`).
    #[error("an integer is larger than SOPS knows")]
    Number,
}

/// Reads one document as [`manifest::parse`] does, which knows no order of keys, and puts its keys in the order of the
/// text.
///
/// kubectl takes some words for other things than SOPS does (`on`, `1_000`), but SOPS puts those into quotes when it
/// writes, and so does [`manifest::render_tree`].
pub(crate) fn read(text: &str) -> Result<Tree, ReadError> {
    let mut documents = manifest::parse(text)?;
    let Some((document, true)) = documents.pop().map(|last| (last, documents.is_empty())) else {
        return Err(ReadError::NotOne);
    };
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    // It was read without an error just now.
    let events = Parser::new_from_str_with_options(text, options).flatten().map(|(event, _)| event);
    let mut events = events
        .skip_while(|event| !matches!(event, Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..)));
    order(&mut events, document.tree)
}

/// Puts a value's keys in the order of the events that made it.
fn order<'a>(events: &mut impl Iterator<Item = Event<'a>>, value: Value) -> Result<Tree, ReadError> {
    match (events.next(), value) {
        (Some(Event::SequenceStart(..)), Value::Array(values)) => {
            let items = values.into_iter().map(|value| order(events, value)).collect::<Result<_, _>>()?;
            events.next();
            Ok(Tree::List(items))
        }
        (Some(Event::MappingStart(..)), Value::Object(mut map)) => {
            let mut entries = Vec::with_capacity(map.len());
            loop {
                match events.next() {
                    Some(Event::Scalar(key, ..)) => {
                        let value = map.remove(key.as_ref()).ok_or(ReadError::Alias)?;
                        entries.push((key.into_owned(), order(events, value)?));
                    }
                    Some(Event::MappingEnd) => return Ok(Tree::Map(entries)),
                    _ => return Err(ReadError::Alias),
                }
            }
        }
        (_, value) => Tree::try_from(value),
    }
}

impl Tree {
    /// Replaces each value, in the order of the document, by what `change` makes of it and of the keys above it; items
    /// of a list have the path of the list. What becomes a comment goes.
    pub(crate) fn map_leaves<E>(
        self,
        change: &mut impl FnMut(&[String], Leaf) -> Result<Opened, E>,
    ) -> Result<Self, E> {
        Ok(self.map_below(&mut Vec::new(), change)?.unwrap_or(Self::Null))
    }

    fn map_below<E>(
        self,
        path: &mut Vec<String>,
        change: &mut impl FnMut(&[String], Leaf) -> Result<Opened, E>,
    ) -> Result<Option<Self>, E> {
        Ok(Some(match self {
            Self::Null => Self::Null,
            Self::Leaf(leaf) => match change(path, leaf)? {
                Opened::Value(leaf) => Self::Leaf(leaf),
                Opened::Comment => return Ok(None),
            },
            Self::List(items) => {
                let items = items.into_iter().filter_map(|item| item.map_below(path, change).transpose());
                Self::List(items.collect::<Result<_, E>>()?)
            }
            Self::Map(entries) => {
                let mut changed = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    path.push(key);
                    let value = value.map_below(path, change)?;
                    changed.extend(path.pop().zip(value));
                }
                Self::Map(changed)
            }
        }))
    }

    /// Takes an entry out of the map at the root.
    pub(crate) fn take(&mut self, key: &str) -> Option<Self> {
        let Self::Map(entries) = self else { return None };
        let index = entries.iter().position(|(name, _)| name == key)?;
        Some(entries.remove(index).1)
    }
}

impl From<Tree> for Value {
    fn from(tree: Tree) -> Self {
        match tree {
            Tree::Null => Self::Null,
            Tree::Leaf(leaf) => leaf.into(),
            Tree::List(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Tree::Map(entries) => Self::Object(entries.into_iter().map(|(key, tree)| (key, tree.into())).collect()),
        }
    }
}

impl TryFrom<Value> for Tree {
    type Error = ReadError;

    fn try_from(value: Value) -> Result<Self, ReadError> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Leaf(Leaf::Bool(truth)),
            Value::Number(number) => Self::Leaf(leaf(&number)?),
            Value::String(text) => Self::Leaf(Leaf::Text(text)),
            Value::Array(values) => Self::List(values.into_iter().map(Self::try_from).collect::<Result<_, _>>()?),
            Value::Object(map) => {
                let entries = map.into_iter().map(|(key, value)| Ok((key, Self::try_from(value)?)));
                Self::Map(entries.collect::<Result<_, ReadError>>()?)
            }
        })
    }
}

fn leaf(number: &Number) -> Result<Leaf, ReadError> {
    let float = number.as_f64().filter(|_| number.is_f64()).map(Leaf::Float);
    number.as_i64().map(Leaf::Int).or(float).ok_or(ReadError::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(text: &str, expect: Value) {
        assert_eq!(Value::from(read(text).unwrap()), expect, "{text}");
    }

    #[test]
    fn a_document_reads_as_what_it_says() {
        check("a: 1\nb: [x, 0.5, true, null]\n", json!({"a": 1, "b": ["x", 0.5, true, null]}));
        check("a: 0o10\nb: 0644\nc: '1'\n", json!({"a": 8, "b": 420, "c": "1"}));
        check("%YAML 1.2\n---\na: &x {b: 1}\nc: *x\n# end\n", json!({"a": {"b": 1}, "c": {"b": 1}}));
        check("? c\n: - - 1\n  - {}\n  - [x]\na: 'b'\n", json!({"c": [[1], {}, ["x"]], "a": "b"}));
        check("a: 2024-01-01T00:00:00Z\nb: {}\nc: []\n", json!({"a": "2024-01-01T00:00:00Z", "b": {}, "c": []}));
    }

    #[test]
    fn keys_stay_in_their_order() {
        let mut seen = Vec::new();
        let tree = read("b: 1\na: {z: 2, s: [{x: 3, w: 4}], 'v': 5}\nc: 6\n").unwrap();
        let seen_all = tree.map_leaves(&mut |path, leaf| {
            seen.push(path.join("."));
            Ok::<_, ()>(Opened::Value(leaf))
        });
        assert!(seen_all.is_ok());
        assert_eq!(seen, ["b", "a.z", "a.s.x", "a.s.w", "a.v", "c"]);
    }

    #[test]
    fn what_is_nested_is_read_as_deep_as_manifests_are() {
        let nested = |depth| format!("a: {}{}\n", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(MAX_DEPTH - 1)).is_ok());
        assert!(read(&nested(MAX_DEPTH + 1)).is_err());
        assert!(read(&nested(100_000)).is_err());
        assert!(read(&"- ".repeat(100_000)).is_err());
    }

    #[test]
    fn what_sops_cannot_read_is_refused() {
        for text in [
            "a: 1\na: 2\n",
            "a: 18446744073709551615\n",
            "a: .inf\n",
            "a: [\n",
            "",
            "a: 1\n---\nb: 2\n",
            "<<: {a: 1}\n",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
