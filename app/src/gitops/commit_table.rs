//! Commits as rows.

use leptos::prelude::*;
use model::git::CommitSummary;

use crate::ui::Age;

/// A row for each, in the given order.
#[component]
pub fn CommitTable(commits: Vec<CommitSummary>) -> impl IntoView {
    let rows = commits.into_iter().map(|commit| view! { <CommitRow commit=commit/> }).collect_view();
    view! {
        <table class="list commits">
            <thead>
                <tr>
                    <th scope="col">"Commit"</th>
                    <th scope="col">"Subject"</th>
                    <th scope="col">"Author"</th>
                    <th scope="col">"When"</th>
                    <th scope="col" class="number">"Files"</th>
                    <th scope="col">"Remote"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

#[component]
fn CommitRow(commit: CommitSummary) -> impl IntoView {
    let href = format!("/gitops/commits/{}", commit.id);
    view! {
        <tr>
            <td data-label="Commit" class="hash">{commit.id.short().to_owned()}</td>
            <th scope="row" data-label="Subject">
                <a href=href>{commit.subject}</a>
            </th>
            <td data-label="Author">{commit.author}</td>
            <td data-label="When">
                <Age at=commit.authored_at/>
            </td>
            <td data-label="Files" class="number">{commit.files.to_string()}</td>
            <td data-label="Remote">{if commit.pushed { "pushed" } else { "not yet" }}</td>
        </tr>
    }
}
