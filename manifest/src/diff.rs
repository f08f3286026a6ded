//! Differences between texts, line by line, with the words that changed.

mod words;

use model::diff::{Diff, Hunk, Line, Mark, Part};
use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use crate::compare::compare;
use crate::render::render;
use crate::summarize::summarize;
use crate::tree::Manifest;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// Beyond this many differing lines on both sides the middle is shown as replaced: comparing takes quadratic time.
const MOST_LINES: usize = 20_000;

/// Compares two texts; the result depends on the texts alone, never on a clock.
pub fn diff(old: &str, new: &str) -> Vec<Hunk> {
    let (old, new) = (lines(old), lines(new));
    let ops = operations(&old, &new);
    group_diff_ops(ops, CONTEXT).iter().filter_map(|group| hunk(group, &old, &new)).collect()
}

/// Compares two manifests as they are rendered, and says in words what changed. A manifest holds no Secret's value,
/// so nothing here can show one.
pub fn diff_trees(old: Option<&Manifest>, new: Option<&Manifest>) -> Diff {
    let text = |manifest: Option<&Manifest>| manifest.map(render).unwrap_or_default();
    let changes = compare(old.map(Manifest::tree), new.map(Manifest::tree));
    Diff { summary: summarize(&changes), hunks: diff(&text(old), &text(new)) }
}

/// The lines without their ends; a text without a last line feed counts as if it had one.
fn lines(text: &str) -> Vec<&str> {
    match text {
        "" => Vec::new(),
        text => text.strip_suffix('\n').unwrap_or(text).split('\n').collect(),
    }
}

fn operations(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let shared = old.len().min(new.len());
    let prefix = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let backwards = old.iter().rev().zip(new.iter().rev());
    let suffix = backwards.take(shared - prefix).take_while(|(old, new)| old == new).count();
    let (old_len, new_len) = (old.len() - prefix - suffix, new.len() - prefix - suffix);
    if old_len + new_len <= MOST_LINES {
        return capture_diff_slices(Algorithm::Histogram, old, new);
    }
    let mut ops = Vec::new();
    if prefix > 0 {
        ops.push(DiffOp::Equal { old_index: 0, new_index: 0, len: prefix });
    }
    ops.push(DiffOp::Replace { old_index: prefix, old_len, new_index: prefix, new_len });
    if suffix > 0 {
        ops.push(DiffOp::Equal { old_index: prefix + old_len, new_index: prefix + new_len, len: suffix });
    }
    ops
}

fn hunk(group: &[DiffOp], old: &[&str], new: &[&str]) -> Option<Hunk> {
    let first = group.first()?;
    let mut shown = Vec::new();
    for op in group {
        let removed = old.get(op.old_range()).unwrap_or_default();
        let added = new.get(op.new_range()).unwrap_or_default();
        if matches!(op, DiffOp::Equal { .. }) {
            shown.extend(removed.iter().map(|line| whole(Mark::Same, line)));
            continue;
        }
        let (removed, added) = words::mark(removed, added);
        shown.extend(removed.into_iter().map(|parts| Line { mark: Mark::Removed, parts }));
        shown.extend(added.into_iter().map(|parts| Line { mark: Mark::Added, parts }));
    }
    let start = |index: usize| u32::try_from(index + 1).unwrap_or(u32::MAX);
    Some(Hunk { old_start: start(first.old_range().start), new_start: start(first.new_range().start), lines: shown })
}

fn whole(mark: Mark, line: &str) -> Line {
    Line { mark, parts: vec![Part { text: line.to_owned(), changed: false }] }
}

#[cfg(test)]
mod tests;
