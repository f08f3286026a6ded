//! The repository and its remote.

use leptos::prelude::*;
use model::git::CommitId;
use model::sync::RepositoryStatus;

use crate::ui::{Age, counted};

/// Where records go, and how far the remote is behind.
#[component]
pub fn Repository(repository: RepositoryStatus) -> impl IntoView {
    let push = repository.last_push.map(|push| {
        view! {
            <div>
                <dt>"Last push"</dt>
                <dd><Age at=push.at/> {format!(", {} in {} ms", counted(push.commits.into(), "commits"), push.milliseconds)}</dd>
            </div>
        }
    });
    let remote = match repository.remote {
        Some(remote) => view! {
            <div>
                <dt>"Remote"</dt>
                <dd class="code">{remote}</dd>
            </div>
            <div>
                <dt>"Remote head"</dt>
                <dd>{commit(repository.remote_head)} {format!(", {} behind", counted(repository.ahead.into(), "commits"))}</dd>
            </div>
        }
        .into_any(),
        None => view! {
            <div>
                <dt>"Remote"</dt>
                <dd>"none: the repository is in the data directory. Set DENSHIMON_REPOSITORY_URL to push it."</dd>
            </div>
        }
        .into_any(),
    };
    view! {
        <dl class="pairs">
            {remote}
            <div>
                <dt>"Branch"</dt>
                <dd class="code">{repository.branch.to_string()}</dd>
            </div>
            <div>
                <dt>"Folder"</dt>
                <dd class="code">{repository.path}</dd>
            </div>
            <div>
                <dt>"Head"</dt>
                <dd>{commit(repository.head)}</dd>
            </div>
            {push}
        </dl>
    }
}

fn commit(id: Option<CommitId>) -> AnyView {
    match id {
        Some(id) => {
            view! { <a class="hash" href=format!("/gitops/commits/{id}")>{id.short().to_owned()}</a> }.into_any()
        }
        None => view! { <span class="muted">"no commit yet"</span> }.into_any(),
    }
}
