//! Random changes of a tree.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

const TEXTS: &[&str] = &[
    "",
    " x",
    "x ",
    "yes",
    "1",
    "1.2.3",
    "0x1F",
    "22:22",
    "null",
    "~",
    "<<",
    "a: b",
    "a #b",
    "#c",
    "- a",
    "---",
    "...",
    "{a",
    "[a, b]",
    "a,b",
    "it's",
    "\"q\"",
    "C:\\x",
    "*x",
    "&x",
    "!x",
    "%x",
    "@x",
    "a\nb",
    "a\nb\n",
    "a\n\n\nb\n\n",
    "\n",
    "  a\nb",
    "a\n---\n# b\n",
    "a \nb",
    "a\tb",
    "\ta",
    "a\r\nb",
    "\u{7}",
    "\u{85}\u{2028}\u{feff}",
    "größe 大きさ 🚀",
    "a long text of many words that goes on and on until it is longer than what a line of a file should hold",
];

const KEYS: &[&str] = &[
    "name",
    "image",
    "labels",
    "replicas",
    "spec",
    "data",
    "type",
    "status",
    "template",
    "example.com/a-b",
    "yes",
    "1",
    "a b",
    "x: y",
    "#",
    "",
    "<<",
    "größe",
    "{x}",
    "zzz",
    "aaa",
];

/// Keys that name items of lists, among others.
const NAMING: &[&str] = &[
    "name",
    "containerPort",
    "port",
    "protocol",
    "mountPath",
    "ip",
    "key",
    "operator",
    "effect",
    "type",
    "path",
    "pathType",
    "kind",
    "namespace",
];

/// A change, and where: of the places that fit, one.
#[derive(Clone, Debug)]
pub enum Change {
    SetScalar(Index, Value),
    AddKey(Index, String, Value),
    RemoveKey(Index),
    AddItem(Index, Index, Value),
    RemoveItem(Index, Index),
    Reorder(Index, Index, Index),
    Replace(Index, Value),
}

/// The part of the tree, as a JSON pointer, whose comments may go along with it.
#[derive(Clone, Debug, PartialEq)]
pub enum Spared {
    All,
    AllBut(String),
}

pub fn any_change() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    prop_oneof![
        6 => (index(), any_scalar()).prop_map(|(at, value)| Change::SetScalar(at, value)),
        3 => (index(), any_key(), any_tree()).prop_map(|(at, key, value)| Change::AddKey(at, key, value)),
        3 => index().prop_map(Change::RemoveKey),
        3 => (index(), index(), any_tree()).prop_map(|(at, to, value)| Change::AddItem(at, to, value)),
        2 => (index(), index()).prop_map(|(at, item)| Change::RemoveItem(at, item)),
        2 => (index(), index(), index()).prop_map(|(at, from, to)| Change::Reorder(at, from, to)),
        1 => (index(), any_tree()).prop_map(|(at, value)| Change::Replace(at, value)),
    ]
}

fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-z][a-zA-Z]{0,8}", 2 => select(KEYS).prop_map(str::to_owned)]
}

fn any_scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => "[a-z0-9./:-]{1,12}".prop_map(Value::from),
        4 => select(TEXTS).prop_map(Value::from),
        1 => "\\PC{0,20}".prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        2 => (-5_i64..10_000).prop_map(Value::from),
        1 => select(vec![json!(null), json!(1.5), json!(1e300), json!(u64::MAX)]),
    ]
}

fn any_tree() -> impl Strategy<Value = Value> {
    any_scalar().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((any_key(), inner), 0..4).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

impl Change {
    /// Changes a tree, if there is a place that fits, and says whose comments may go.
    pub fn apply(&self, tree: &mut Value) -> Spared {
        let paths = |fits: &dyn Fn(&Value) -> bool| {
            let mut paths = Vec::new();
            collect(tree, String::new(), fits, &mut paths);
            paths
        };
        let is_scalar = |value: &Value| !value.is_object() && !value.is_array();
        let found = match self {
            Self::SetScalar(..) => paths(&is_scalar),
            Self::AddKey(..) => paths(&Value::is_object),
            Self::RemoveKey(_) | Self::Replace(..) => {
                paths(&|_| true).into_iter().filter(|path| !path.is_empty()).collect()
            }
            Self::AddItem(..) => paths(&Value::is_array),
            Self::RemoveItem(..) | Self::Reorder(..) => {
                paths(&|value| value.as_array().is_some_and(|items| !items.is_empty()))
            }
        };
        let (Self::SetScalar(at, _)
        | Self::AddKey(at, ..)
        | Self::RemoveKey(at)
        | Self::AddItem(at, ..)
        | Self::RemoveItem(at, _)
        | Self::Reorder(at, ..)
        | Self::Replace(at, _)) = self;
        if found.is_empty() {
            return Spared::All;
        }
        let path = at.get(&found).clone();
        let (above, last) = path.rsplit_once('/').unwrap_or_default();
        let (above, last) = (above.to_owned(), last.replace("~1", "/").replace("~0", "~"));
        let is_item = tree.pointer(&above).is_some_and(Value::is_array);
        let value = tree.pointer_mut(&path).unwrap();
        match self {
            Self::SetScalar(_, scalar) => {
                *value = scalar.clone();
                // What names an item makes another item of it.
                return if NAMING.contains(&last.as_str()) { Spared::AllBut(above) } else { Spared::All };
            }
            Self::AddKey(_, key, new) => {
                let is_there = value.get(key).is_some();
                value[key] = new.clone();
                return match () {
                    () if NAMING.contains(&key.as_str()) => Spared::AllBut(path),
                    () if is_there => Spared::AllBut(format!("{path}/{}", escape(key))),
                    () => Spared::All,
                };
            }
            Self::AddItem(_, to, new) => {
                let items = value.as_array_mut().unwrap();
                items.insert(to.index(items.len() + 1), new.clone());
            }
            Self::RemoveItem(_, item) => {
                let items = value.as_array_mut().unwrap();
                items.remove(item.index(items.len()));
                return Spared::AllBut(path);
            }
            Self::Reorder(_, from, to) => {
                let items = value.as_array_mut().unwrap();
                let item = items.remove(from.index(items.len()));
                items.insert(to.index(items.len() + 1), item);
            }
            Self::Replace(_, new) => {
                *value = new.clone();
                let names = is_item || NAMING.contains(&last.as_str());
                return Spared::AllBut(if names { above } else { path });
            }
            Self::RemoveKey(_) => {
                match tree.pointer_mut(&above).unwrap() {
                    Value::Object(map) => drop(map.remove(&last)),
                    Value::Array(items) => drop(items.remove(last.parse().unwrap())),
                    _ => {}
                }
                return Spared::AllBut(if is_item { above } else { path });
            }
        }
        Spared::All
    }
}

pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn collect(tree: &Value, path: String, fits: &dyn Fn(&Value) -> bool, paths: &mut Vec<String>) {
    match tree {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            collect(value, format!("{path}/{}", escape(key)), fits, paths);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| {
            collect(value, format!("{path}/{index}"), fits, paths);
        }),
        _ => {}
    }
    if fits(tree) {
        paths.push(path);
    }
}
