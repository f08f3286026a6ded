//! Random edits of files as people keep them, in `tests/files`.

mod change;
mod written;

use std::cell::Cell;
use std::path::Path;

use manifest::{Address, Contents, Removed, Surroundings, Written, edit_tree, parse, read_contents, remove};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use change::{Change, any_change};

struct File {
    name: String,
    text: String,
    trees: Vec<Value>,
}

fn files() -> Vec<File> {
    let mut files: Vec<File> = std::fs::read_dir(Path::new("tests/files"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let trees = parse(&text).unwrap().into_iter().map(|document| document.tree).collect();
            File { name: path.file_name().unwrap().to_str().unwrap().to_owned(), text, trees }
        })
        .collect();
    files.sort_by(|left, right| left.name.cmp(&right.name));
    assert!(files.len() >= 25);
    files
}

/// Splits a file at its `---` and `...`.
fn chunks(text: &str) -> Vec<String> {
    let mut chunks = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line.starts_with("---") || line.starts_with("...") {
            chunks.push(String::new());
        }
        chunks.last_mut().unwrap().push_str(line);
    }
    chunks
}

fn changed_lines(before: &str, after: &str) -> usize {
    TextDiff::from_lines(before, after).iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal).count()
}

/// Makes one edit and checks all that must hold; tells how it was written.
fn check(file: &File, address: Address, changes: &[Change]) -> Result<Option<Written>, TestCaseError> {
    let mut target = file.trees[address.document].clone();
    let part = match address.item {
        Some(item) => &mut target["items"][item],
        None => &mut target,
    };
    let have = part.clone();
    let spared: Vec<_> = changes.iter().map(|change| change.apply(part)).collect();
    let wanted = part.clone();
    if wanted == have || !wanted.is_object() {
        return Ok(None);
    }
    let edited = edit_tree(&file.text, address, &wanted).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let after = edited.text.as_str();
    let trees: Vec<Value> = parse(after).unwrap().into_iter().map(|document| document.tree).collect();
    for (index, (old, new)) in file.trees.iter().zip(&trees).enumerate() {
        prop_assert_eq!(new, if index == address.document { &target } else { old });
    }
    prop_assert_eq!(trees.len(), file.trees.len());
    let (old, new) = (chunks(&file.text), chunks(after));
    prop_assert_eq!(old.len(), new.len(), "{}", after);
    prop_assert!(old.iter().zip(&new).filter(|(old, new)| old != new).count() <= 1, "{}", after);
    let again = edit_tree(after, address, &wanted).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(&again.text, after);
    prop_assert_eq!(file.text.contains("\r\n"), after.contains("\r\n"));
    // A block that ends in empty lines needs the last line's end.
    prop_assert!(file.text.ends_with('\n') == after.ends_with('\n') || after.ends_with("\n\n"), "{}", after);
    if edited.written == Written::InPlace {
        let size = changed_lines(&manifest::render_tree(&have), &manifest::render_tree(&wanted));
        let found = changed_lines(&file.text, after);
        // An item that is moved and renamed is another item, so two changes may come to more than both.
        let most = if changes.len() == 1 { 2 * size + 6 } else { 3 * size + 24 };
        prop_assert!(found <= most, "{} lines for {}\n{}", found, size, after);
        if let [spared] = spared.as_slice() {
            let prefix = match address.item {
                Some(item) => format!("{}/items/{item}", address.document),
                None => address.document.to_string(),
            };
            let gone = written::gone_comments(&file.text, after, &prefix, spared);
            prop_assert!(gone.is_empty(), "{:?} gone\n{}", gone, after);
        }
    }
    Ok(Some(edited.written))
}

#[test]
fn ten_thousand_edits_mean_what_was_wanted_and_leave_the_rest() {
    let files = files();
    // How many edits were made, and how many of them in place: without anchors, and with.
    let counts = Cell::new([0_u32; 4]);
    let config = ProptestConfig {
        cases: std::env::var("CASES").map_or(10_000, |n| n.parse().unwrap()),
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(std::env::var("SEED").map_or(2026, |n| n.parse().unwrap())),
        max_global_rejects: 100_000,
        ..ProptestConfig::default()
    };
    let place = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<prop::sample::Index>());
    let strategy = (place, prop::collection::vec(any_change(), 1..4));
    let edits = TestRunner::new(config).run(&strategy, |((file, document, item), changes)| {
        let file = file.get(&files);
        let document = document.index(file.trees.len());
        let items = file.trees[document]["items"].as_array().map_or(0, Vec::len);
        let item = item.index(items + 1).checked_sub(1);
        let changes = &changes[..if changes.len() == 3 { 2 } else { 1 }];
        let Some(written) = check(file, Address { document, item }, changes).map_err(|error| match error {
            TestCaseError::Fail(reason) => TestCaseError::fail(format!("{}: {reason}", file.name)),
            other => other,
        })?
        else {
            return Err(TestCaseError::reject("nothing changed"));
        };
        let mut found = counts.get();
        let kind = if file.name == "anchors.yaml" { 2 } else { 0 };
        found[kind] += 1;
        found[kind + 1] += u32::from(written == Written::InPlace);
        counts.set(found);
        Ok(())
    });
    edits.unwrap();
    let [plain, in_place, anchored, anchored_in_place] = counts.get();
    println!("{in_place} of {plain} in place, {anchored_in_place} of {anchored} with anchors");
    assert!(in_place * 100 >= plain * 95, "{in_place} of {plain} in place");
}

#[test]
fn every_resource_is_found_and_can_be_taken_out() {
    for file in files() {
        let contents = read_contents(&file.name, &file.text, &Surroundings::default());
        let Contents::Resources(found) = contents else { panic!("{}: {contents:?}", file.name) };
        for found in found {
            let Address { document, item } = found.address;
            let mut left: Vec<Value> = file.trees.clone();
            assert!(file.text.lines().nth(found.line as usize - 1).is_some_and(|line| !line.trim().is_empty()));
            match item {
                Some(item) if left[document]["items"].as_array().unwrap().len() > 1 => {
                    left[document]["items"].as_array_mut().unwrap().remove(item);
                }
                _ => drop(left.remove(document)),
            }
            match remove(&file.text, found.address).unwrap() {
                Removed::Emptied => assert!(left.is_empty(), "{}", file.name),
                Removed::Rest(rest) => {
                    let trees: Vec<Value> = parse(&rest).unwrap().into_iter().map(|document| document.tree).collect();
                    assert_eq!(trees, left, "{}", file.name);
                    // What is left is what stood before and behind one piece.
                    let before = rest.bytes().zip(file.text.bytes()).take_while(|(left, right)| left == right).count();
                    let behind = rest.bytes().rev().zip(file.text.bytes().rev());
                    let behind = behind.take_while(|(left, right)| left == right).count();
                    assert!(before + behind >= rest.len(), "{}: {rest}", file.name);
                }
            }
        }
    }
}
