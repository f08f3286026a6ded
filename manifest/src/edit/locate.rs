//! Finds the line of a field that somebody names by its path.

use super::syntax::{self, Kind, Node};

/// Returns the line, from 1, on which a field of a text's first document stands, or else the nearest field above it
/// that does; `None` when not even the first part of the path is there.
///
/// Takes paths as API servers write them: `spec.template.spec.containers[0].image`, `.ports[containerPort=80]` with
/// further keys after commas, `resources.limits[memory]`. A key that has dots in it is found, too.
pub fn line_of(text: &str, path: &str) -> Option<u32> {
    let sources = syntax::read(text)?;
    let root = &sources.iter().find(|source| !source.is_empty(text))?.root;
    let (mut node, mut rest, mut found) = (root, path.trim_start_matches('.'), None);
    while !rest.is_empty() {
        let Some((at, below, left)) = step(text, node, rest) else { break };
        (node, rest, found) = (below, left.trim_start_matches('.'), Some(at));
    }
    let lines = text.get(..found?)?.matches('\n').count();
    u32::try_from(lines + 1).ok()
}

/// Goes one part of a path down: where that part stands, its value, and what is left of the path.
fn step<'a, 'p>(text: &str, node: &'a Node, path: &'p str) -> Option<(usize, &'a Node, &'p str)> {
    match (&node.kind, path.strip_prefix('[')) {
        (Kind::Map { .. }, Some(rest)) => {
            let (key, left) = rest.split_once(']')?;
            let (at, value) = entry(node, key)?;
            Some((at, value, left))
        }
        (Kind::Map { entries, .. }, None) => {
            let keys = entries.iter().filter_map(|entry| entry.key.as_deref());
            let ends = |key: &&str| {
                path.strip_prefix(*key).is_some_and(|left| left.is_empty() || left.starts_with(['.', '[']))
            };
            let key = keys.filter(ends).max_by_key(|key| key.len())?;
            let (at, value) = entry(node, key)?;
            Some((at, value, path.get(key.len()..)?))
        }
        (Kind::List { items, .. }, Some(rest)) => {
            let (which, left) = rest.split_once(']')?;
            let item = match which.parse::<usize>() {
                Ok(index) => items.get(index)?,
                Err(_) => items.iter().find(|item| has_all(text, &item.value, which))?,
            };
            Some((item.start, &item.value, left))
        }
        _ => None,
    }
}

/// Tells whether an item has the values by which it is named: `containerPort=80,protocol="TCP"`.
fn has_all(text: &str, item: &Node, names: &str) -> bool {
    let mut names = names.split(',').filter_map(|name| name.split_once('=')).peekable();
    // What a server puts in by itself, such as a protocol, is not written.
    names.peek().is_some_and(|(key, wanted)| is_written(text, item, key, wanted))
        && names.all(|(key, wanted)| entry(item, key).is_none() || is_written(text, item, key, wanted))
}

fn is_written(text: &str, item: &Node, key: &str, wanted: &str) -> bool {
    let value = entry(item, key).and_then(|(_, value)| text.get(value.content..value.end));
    value.is_some_and(|value| value.trim_matches(['"', '\'']) == wanted.trim_matches('"'))
}

fn entry<'a>(node: &'a Node, key: &str) -> Option<(usize, &'a Node)> {
    let Kind::Map { entries, .. } = &node.kind else { return None };
    let found = entries.iter().find(|entry| entry.key.as_deref() == Some(key))?;
    Some((found.start, &found.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# Ours.
apiVersion: apps/v1
metadata:
  labels: {a: b}
  annotations:
    example.org/a.b: c
spec:
  replicaz: 1
  template:
    spec:
      containers:
      - name: app
        imagee: shop/api:1
        resources:
          limits:
            memory: 1Gi
      - {name: \"other\", ports: [{containerPort: 80}]}
";

    #[test]
    fn a_field_is_found_by_every_way_to_name_it() {
        let check = |path: &str, expect: Option<u32>| assert_eq!(line_of(TEXT, path), expect, "{path}");
        check("spec.replicaz", Some(8));
        check(".spec.replicaz", Some(8));
        check("metadata.annotations.example.org/a.b", Some(6));
        check("metadata.annotations[example.org/a.b]", Some(6));
        check("metadata.labels.a", Some(4));
        let containers = ".spec.template.spec.containers";
        check(&format!("{containers}[0].imagee"), Some(13));
        check(&format!("{containers}[name=\"app\"].imagee"), Some(13));
        check(&format!("{containers}[name=\"other\"].ports[containerPort=80,protocol=\"TCP\"].hostPort"), Some(17));
        check(&format!("{containers}[0].resources.limits[memory]"), Some(16));
        // What is missing belongs into what is above it.
        check(&format!("{containers}[0].image"), Some(12));
        check(&format!("{containers}[7].image"), Some(11));
        check("status.replicas", None);
        check("", None);
        assert_eq!(line_of("a: [", "a"), None);
    }
}
