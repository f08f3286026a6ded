//! The words that differ between a removed line and the one that took its place.

use model::diff::Part;
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Longer lines and longer runs are shown without marks: nobody reads them word by word, and comparing costs.
const LONGEST_LINE: usize = 1000;
const LONGEST_RUN: usize = 200;

/// Cuts removed and added lines where their words differ; the first removed line belongs to the first added one.
pub(super) fn mark(removed: &[&str], added: &[&str]) -> (Vec<Vec<Part>>, Vec<Vec<Part>>) {
    let mut old: Vec<Vec<Part>> = removed.iter().map(|line| unmarked(line)).collect();
    let mut new: Vec<Vec<Part>> = added.iter().map(|line| unmarked(line)).collect();
    if removed.len().max(added.len()) <= LONGEST_RUN {
        for ((old, new), (removed, added)) in old.iter_mut().zip(&mut new).zip(removed.iter().zip(added)) {
            if let Some((old_parts, new_parts)) = mark_pair(removed, added) {
                *old = old_parts;
                *new = new_parts;
            }
        }
    }
    (old, new)
}

fn mark_pair(old: &str, new: &str) -> Option<(Vec<Part>, Vec<Part>)> {
    if old.len().max(new.len()) > LONGEST_LINE {
        return None;
    }
    let (old_words, new_words) = (words(old), words(new));
    let ops = capture_diff_slices(Algorithm::Myers, &old_words, &new_words);
    let (mut old_parts, mut new_parts) = (Vec::new(), Vec::new());
    let mut shared = 0;
    for op in &ops {
        let changed = !matches!(op, DiffOp::Equal { .. });
        let old_text = old_words.get(op.old_range()).unwrap_or_default().concat();
        let new_text = new_words.get(op.new_range()).unwrap_or_default().concat();
        if !changed {
            shared += old_text.trim().len();
        }
        push(&mut old_parts, old_text, changed);
        push(&mut new_parts, new_text, changed);
    }
    // Two lines with little in common did not come from each other.
    (shared * 3 >= old.trim().len().min(new.trim().len())).then_some((old_parts, new_parts))
}

fn push(parts: &mut Vec<Part>, text: String, changed: bool) {
    if !text.is_empty() {
        parts.push(Part { text, changed });
    }
}

fn unmarked(line: &str) -> Vec<Part> {
    vec![Part { text: line.to_owned(), changed: false }]
}

/// Cuts a line into runs of letters and digits, runs of blanks, and single other characters.
fn words(line: &str) -> Vec<&str> {
    let class = |c: char| if c.is_alphanumeric() || c == '_' { 0 } else { 1 + usize::from(c.is_whitespace()) };
    let mut words = Vec::new();
    let mut start = 0;
    let mut previous = None;
    for (index, c) in line.char_indices() {
        if previous.is_some_and(|previous| previous != class(c) || previous == 1) {
            words.extend(line.get(start..index));
            start = index;
        }
        previous = Some(class(c));
    }
    words.extend(line.get(start..).filter(|rest| !rest.is_empty()));
    words
}
