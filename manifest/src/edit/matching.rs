//! Which item of a list as it is becomes which item of the list that is wanted.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::compare::names;

/// Where an item of the wanted list comes from, by the index of the list as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// It stays where it is.
    Kept(usize),
    /// It is there, but the others that stay would have to change places with it.
    Moved(usize),
    New,
}

/// Finds the origin of each wanted item: by what names the items, else by their values and places.
pub(super) fn origins(field: &str, have: &[Value], want: &[Value]) -> Vec<Origin> {
    let sources = match names(field, have, want) {
        Some((old, new)) => {
            let places: HashMap<&String, usize> = old.iter().enumerate().map(|(place, name)| (name, place)).collect();
            renamed(new.iter().map(|name| places.get(name).copied()).collect(), have, want)
        }
        None => by_value(have, want),
    };
    let stays = longest_rising(&sources);
    sources
        .into_iter()
        .zip(stays)
        .map(|(source, stays)| match source {
            Some(index) if stays => Origin::Kept(index),
            Some(index) => Origin::Moved(index),
            None => Origin::New,
        })
        .collect()
}

/// How many items are looked at for one that is similar, so that long lists take no long time.
const MAX_LOOKS: usize = 50;

/// Finds items that only got another name where they stand: half of what is in them is the same.
fn renamed(mut sources: Vec<Option<usize>>, have: &[Value], want: &[Value]) -> Vec<Option<usize>> {
    let mut until = vec![have.len(); want.len()];
    let mut next = have.len();
    for (until, source) in until.iter_mut().zip(&sources).rev() {
        *until = next;
        next = source.unwrap_or(next);
    }
    let taken: HashSet<usize> = sources.iter().copied().flatten().collect();
    let mut from = 0;
    for ((source, wanted), until) in sources.iter_mut().zip(want).zip(until) {
        if source.is_none() {
            let fits =
                |index: &usize| !taken.contains(index) && have.get(*index).is_some_and(|old| is_similar(old, wanted));
            *source = (from..until).take(MAX_LOOKS).find(fits);
        }
        from = source.map_or(from, |source| source + 1);
    }
    sources
}

fn is_similar(old: &Value, new: &Value) -> bool {
    let (Value::Object(old), Value::Object(new)) = (old, new) else { return false };
    let same = old.iter().filter(|(key, value)| new.get(*key) == Some(*value)).count();
    same > 0 && same * 2 >= old.len().max(new.len())
}

fn by_value(have: &[Value], want: &[Value]) -> Vec<Option<usize>> {
    let words = |items: &[Value]| items.iter().map(Value::to_string).collect::<Vec<_>>();
    let (old, new) = (words(have), words(want));
    let operations = capture_diff_slices(Algorithm::Myers, &old, &new);
    let mut sources = vec![None; want.len()];
    let mut free = vec![true; have.len()];
    let mut take = |sources: &mut Vec<Option<usize>>, from: usize, to: usize, only_if: &dyn Fn() -> bool| {
        if let (Some(free), Some(source)) = (free.get_mut(from), sources.get_mut(to))
            && *free
            && source.is_none()
            && only_if()
        {
            *free = false;
            *source = Some(from);
        }
    };
    for operation in &operations {
        if let DiffOp::Equal { old_index, new_index, len } = *operation {
            (0..len).for_each(|step| take(&mut sources, old_index + step, new_index + step, &|| true));
        }
    }
    let mut places: HashMap<&String, Vec<usize>> = HashMap::new();
    old.iter().enumerate().for_each(|(from, word)| places.entry(word).or_default().push(from));
    for (to, word) in new.iter().enumerate() {
        places.get(word).into_iter().flatten().for_each(|from| take(&mut sources, *from, to, &|| true));
    }
    // What was changed where it stands: what is much the same first, then what is of the same shape.
    let replaced = operations.iter().filter(|operation| matches!(operation, DiffOp::Replace { .. }));
    for (from, to) in replaced.map(|operation| (operation.old_range(), operation.new_range())) {
        for (to, from) in to.clone().flat_map(|to| from.clone().take(MAX_LOOKS).map(move |from| (to, from))) {
            let alike = || have.get(from).zip(want.get(to)).is_some_and(|(old, new)| is_similar(old, new));
            take(&mut sources, from, to, &alike);
        }
        from.zip(to).for_each(|(from, to)| {
            let alike = || have.get(from).map(shape) == want.get(to).map(shape);
            take(&mut sources, from, to, &alike);
        });
    }
    sources
}

fn shape(value: &Value) -> u8 {
    match value {
        Value::Object(_) => 0,
        Value::Array(_) => 1,
        _ => 2,
    }
}

/// Marks as many sources as possible that rise from each to the next.
fn longest_rising(sources: &[Option<usize>]) -> Vec<bool> {
    // For each length, the place of the smallest source that ends such a row.
    let mut ends: Vec<(usize, usize)> = Vec::new();
    let mut before = vec![None; sources.len()];
    for (place, source) in sources.iter().enumerate() {
        let Some(source) = *source else { continue };
        let length = ends.partition_point(|(_, end)| *end < source);
        if let Some(before) = before.get_mut(place) {
            *before = length.checked_sub(1).and_then(|index| ends.get(index)).map(|(place, _)| *place);
        }
        match ends.get_mut(length) {
            Some(end) => *end = (place, source),
            None => ends.push((place, source)),
        }
    }
    let mut marks = vec![false; sources.len()];
    let mut place = ends.last().map(|(place, _)| *place);
    while let Some(at) = place {
        if let Some(mark) = marks.get_mut(at) {
            *mark = true;
        }
        place = before.get(at).copied().flatten();
    }
    marks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(field: &str, have: Value, want: Value, expect: &str) {
        let (Value::Array(have), Value::Array(want)) = (have, want) else { panic!("two lists") };
        let found = origins(field, &have, &want).into_iter().map(|origin| match origin {
            Origin::Kept(index) => format!("{index}"),
            Origin::Moved(index) => format!("^{index}"),
            Origin::New => "+".to_owned(),
        });
        assert_eq!(found.collect::<Vec<_>>().join(" "), expect);
    }

    #[test]
    fn named_items_are_found_by_their_names() {
        let item = |name: &str, value: u32| json!({"name": name, "value": value});
        check("env", json!([item("a", 1), item("b", 2)]), json!([item("c", 1), item("b", 3), item("a", 1)]), "+ ^1 0");
        check(
            "env",
            json!([item("a", 1), item("b", 2), item("c", 3)]),
            json!([item("c", 3), item("a", 1), item("b", 2)]),
            "^2 0 1",
        );
    }

    #[test]
    fn a_renamed_item_is_the_same_item() {
        let item = |name: &str, image: &str| json!({"name": name, "image": image});
        check("containers", json!([item("a", "x")]), json!([item("b", "x")]), "0");
        check("containers", json!([item("a", "x")]), json!([item("b", "y")]), "+");
        check("containers", json!([item("a", "x"), item("c", "z")]), json!([item("b", "x"), item("c", "z")]), "0 1");
        check("containers", json!([item("a", "x"), item("c", "z")]), json!([item("c", "z"), item("b", "x")]), "1 +");
    }

    #[test]
    fn other_items_are_found_by_value_then_by_place() {
        check("args", json!(["a", "b", "c"]), json!(["a", "x", "b", "c"]), "0 + 1 2");
        check("args", json!(["a", "b", "c"]), json!(["a", "x", "c"]), "0 1 2");
        check("args", json!(["a", "b", "c"]), json!(["c", "a", "b"]), "^2 0 1");
        check("rules", json!([{"x": 1}, "y"]), json!([{"x": 2}, ["z"]]), "0 +");
        check("rules", json!([{"x": 1, "a": 1}]), json!([{"b": 1}, {"x": 2, "a": 1}]), "+ 0");
        check("args", json!(["a", "a"]), json!(["a", "a", "a"]), "0 1 +");
    }
}
