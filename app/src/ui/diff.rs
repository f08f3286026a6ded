//! A difference between two texts, line by line.

use leptos::prelude::*;
use model::diff::{Diff, Hunk, Line, Mark};

/// One summary in plain words, then the changed lines with words marked inside them.
#[component]
pub fn DiffView(diff: Diff) -> impl IntoView {
    if diff.is_empty() {
        return view! { <p class="muted">"Nothing differs."</p> }.into_any();
    }
    let summary = diff.summary.into_iter().map(|words| view! { <li>{words}</li> }).collect_view();
    let hunks = diff.hunks.into_iter().map(|hunk| view! { <HunkRows hunk=hunk/> }).collect_view();
    view! {
        <ul class="diff-summary">{summary}</ul>
        <div class="diff" tabindex="0" role="region" aria-label="Changed lines">
            <table class="diff-lines">
                <thead class="hidden-visually">
                    <tr>
                        <th scope="col">"Old line"</th>
                        <th scope="col">"New line"</th>
                        <th scope="col">"Change"</th>
                        <th scope="col">"Text"</th>
                    </tr>
                </thead>
                {hunks}
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn HunkRows(hunk: Hunk) -> impl IntoView {
    let rows = numbered(&hunk)
        .map(|(old, new, line)| {
            let (sign, word, class) = match line.mark {
                Mark::Same => (" ", "", "same"),
                Mark::Added => ("+", "added", "added"),
                Mark::Removed => ("-", "removed", "removed"),
            };
            let parts = line
                .parts
                .iter()
                .map(|part| {
                    let text = part.text.clone();
                    if part.changed { view! { <mark>{text}</mark> }.into_any() } else { text.into_any() }
                })
                .collect_view();
            view! {
                <tr class=class>
                    <td class="line-number">{old.map(|number| number.to_string())}</td>
                    <td class="line-number">{new.map(|number| number.to_string())}</td>
                    <td class="sign">
                        <span aria-hidden="true">{sign}</span>
                        <span class="hidden-visually">{word}</span>
                    </td>
                    <td class="line">{parts}</td>
                </tr>
            }
        })
        .collect_view();
    view! { <tbody class="hunk">{rows}</tbody> }
}

/// Counts the lines of both sides.
fn numbered(hunk: &Hunk) -> impl Iterator<Item = (Option<u32>, Option<u32>, &Line)> {
    let (mut old, mut new) = (hunk.old_start, hunk.new_start);
    hunk.lines.iter().map(move |line| {
        let old_number = (line.mark != Mark::Added).then_some(old);
        let new_number = (line.mark != Mark::Removed).then_some(new);
        old += u32::from(old_number.is_some());
        new += u32::from(new_number.is_some());
        (old_number, new_number, line)
    })
}

#[cfg(test)]
mod tests {
    use model::diff::Part;

    use super::*;

    #[test]
    fn each_side_counts_its_own_lines() {
        let line = |mark| Line { mark, parts: vec![Part { text: "a".into(), changed: false }] };
        let hunk =
            Hunk { old_start: 4, new_start: 5, lines: [Mark::Same, Mark::Removed, Mark::Added].map(line).into() };
        let numbers: Vec<_> = numbered(&hunk).map(|(old, new, _)| (old, new)).collect();
        assert_eq!(numbers, [(Some(4), Some(5)), (Some(5), None), (None, Some(6))]);
    }
}
