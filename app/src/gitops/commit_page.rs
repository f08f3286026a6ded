//! One commit: who, why, what.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use model::ErrorKind;
use model::git::{CommitDetail, CommitId};

use super::api::read_commit;
use super::files::CommitFiles;
use crate::AppError;
use crate::failure::FailurePage;
use crate::reading::{arrived, reading};
use crate::ui::{Age, PageTitle, TimeText};

/// The page.
#[component]
pub fn CommitPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| {
        let id = params.with(|params| params.get("id")).unwrap_or_default();
        let unknown = |error| AppError::new(ErrorKind::NotFound, format!("There is no such commit. {error}"));
        id.parse::<CommitId>().map_err(unknown)
    });
    let commit = reading(move || id.get(), |id| async move { read_commit(id?).await });
    view! {
        <Transition>
            {move || Suspend::new(async move {
                match arrived(commit).await {
                    Ok(commit) => view! { <Commit commit=commit/> }.into_any(),
                    Err(error) => view! { <FailurePage error=error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Commit(commit: CommitDetail) -> impl IntoView {
    let summary = commit.summary;
    let title = format!("{} {}", summary.id.short(), summary.subject);
    let body = (!commit.body.is_empty()).then(|| view! { <pre class="commit-message">{commit.body}</pre> });
    let pair = |key: String, value: String| {
        view! {
            <div>
                <dt>{key}</dt>
                <dd class="code">{value}</dd>
            </div>
        }
    };
    let trailers = commit.trailers.into_iter().map(|(key, value)| pair(key, value)).collect_view();
    let parent = commit.parent.map(|id| {
        view! {
            <div>
                <dt>"Parent"</dt>
                <dd>
                    <a class="hash" href=format!("/gitops/commits/{id}")>{id.short().to_owned()}</a>
                </dd>
            </div>
        }
    });
    let remote = if summary.pushed { "pushed" } else { "not yet pushed" };
    view! {
        <PageTitle text=title/>
        <nav class="crumbs" aria-label="Where this is">
            <a href="/gitops/commits">"Commits"</a>
        </nav>
        <h1>{summary.subject}</h1>
        {body}
        <dl class="pairs">
            {pair("Commit".to_owned(), summary.id.to_string())}
            {pair("Author".to_owned(), format!("{} <{}>", summary.author, commit.author_email))}
            {pair("Committer".to_owned(), commit.committer)}
            <div>
                <dt>"When"</dt>
                <dd><TimeText at=summary.authored_at/> ", " <Age at=summary.authored_at/></dd>
            </div>
            {pair("Remote".to_owned(), remote.to_owned())}
            {parent}
            {trailers}
        </dl>
        <h2>"Files"</h2>
        <CommitFiles files=commit.files left_out=commit.files_left_out/>
    }
}
