//! A difference between two texts, line by line.

use leptos::prelude::*;
use model::diff::{Diff, Hunk, Line, Mark};

/// One summary in plain words, then the changed lines with words marked inside them.
#[component]
pub fn DiffView(
    diff: Diff,
    /// Names it among others on its page.
    #[prop(into, default = "Changed lines".into())]
    label: String,
) -> impl IntoView {
    if diff.is_empty() {
        return view! { <p class="muted">"Nothing differs."</p> }.into_any();
    }
    let summary = diff.summary.into_iter().map(|words| view! { <li>{words}</li> }).collect_view();
    let hunks = diff.hunks.into_iter().map(|hunk| view! { <HunkRows hunk=hunk/> }).collect_view();
    view! {
        <ul class="diff-summary">{summary}</ul>
        <div class="diff" tabindex="0" role="region" aria-label=label>
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

/// One table body for each run of lines that are the same, and for each that changed: where both sides stand beside each
/// other, the two sides of a change begin on one height.
#[component]
fn HunkRows(hunk: Hunk) -> impl IntoView {
    let lines: Vec<_> = numbered(&hunk).collect();
    lines
        .chunk_by(|(.., one), (.., next)| (one.mark == Mark::Same) == (next.mark == Mark::Same))
        .enumerate()
        .map(|(index, run)| {
            let rows = run.iter().map(|(old, new, line)| row(*old, *new, line)).collect_view();
            view! { <tbody class=if index == 0 { "hunk" } else { "run" }>{rows}</tbody> }
        })
        .collect_view()
}

fn row(old: Option<u32>, new: Option<u32>, line: &Line) -> impl IntoView + use<> {
    let (sign, word, class) = match line.mark {
        Mark::Same => (" ", "", "same"),
        Mark::Added => ("+", "added", "added"),
        Mark::Removed => ("-", "removed", "removed"),
    };
    // The other side of a line that is the same, where the sides stand beside each other.
    let again = (line.mark == Mark::Same).then(|| {
        view! {
            <td class="line again" aria-hidden="true">
                {text_of(line)}
            </td>
        }
    });
    view! {
        <tr class=class>
            <td class="line-number old">{old.map(|number| number.to_string())}</td>
            <td class="line-number new">{new.map(|number| number.to_string())}</td>
            <td class="sign">
                <span aria-hidden="true">{sign}</span>
                <span class="hidden-visually">{word}</span>
            </td>
            <td class="line">{text_of(line)}</td>
            {again}
        </tr>
    }
}

fn text_of(line: &Line) -> impl IntoView + use<> {
    line.parts
        .iter()
        .map(|part| {
            let text = part.text.clone();
            if part.changed { view! { <mark>{text}</mark> }.into_any() } else { text.into_any() }
        })
        .collect_view()
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
