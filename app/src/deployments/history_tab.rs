//! The timeline of a Deployment.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use model::deployment::DeploymentRef;
use model::git::CommitId;
use model::history::HistoryEntry;
use model::{ErrorKind, Page, PageRequest};

use super::address_of;
use super::api::read_deployment_history;
use crate::AppError;
use crate::address::Address;
use crate::failure::{FailureNote, FailurePage};
use crate::gitops::{CommitFiles, read_commit};
use crate::live::Live;
use crate::ui::{EmptyState, Pager, Timeline, Unfolding};

/// The tab: operations, changes, commits and outcomes, newest first; the address says which commit is open.
#[component]
pub fn HistoryTab(target: DeploymentRef) -> impl IntoView {
    let live = Live::page_counter();
    let query = use_query_map();
    let number =
        Memo::new(move |_| query.with(|query| query.get("page")).and_then(|page| page.parse().ok()).unwrap_or(1));
    let open = Memo::new(move |_| query.with(|query| query.get("open")).and_then(|id| id.parse::<CommitId>().ok()));
    let asked = target.clone();
    let history = Resource::new_blocking(
        move || (asked.clone(), number.get(), live.get()),
        |(target, number, _)| read_deployment_history(target, PageRequest { number, ..PageRequest::default() }),
    );
    let commit = Resource::new_blocking(
        move || open.get(),
        |id| async move {
            match id {
                Some(id) => Some(read_commit(id).await),
                None => None,
            }
        },
    );
    view! {
        <h2>"History"</h2>
        <Transition>
            {move || {
                let target = target.clone();
                Suspend::new(async move {
                    let commit = commit.await;
                    match history.await {
                        Ok(page) => {
                            let unfolding = unfolding(&target, page.number, open.get_untracked(), commit);
                            view! { <Entries page=page target=target unfolding=unfolding/> }.into_any()
                        }
                        // Nothing is told of what may not be seen, not even that the page exists.
                        Err(error) if error.error.kind == ErrorKind::NotFound => {
                            view! { <FailurePage error=error/> }.into_any()
                        }
                        Err(error) => view! { <FailureNote error=error/> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
}

#[component]
fn Entries(page: Page<HistoryEntry>, target: DeploymentRef, unfolding: Unfolding) -> impl IntoView {
    if page.total == 0 {
        return view! { <EmptyState what="Nothing has happened yet that Denshimon has seen."/> }.into_any();
    }
    let (number, count, total) = (page.number, page.count(), page.total);
    let address = move |number: u32| history_address(&target, number, None);
    view! {
        <Timeline entries=page.items unfolding=unfolding/>
        <Pager number=number count=count total=total what="events" address=address/>
    }
    .into_any()
}

type ReadCommit = Option<Result<model::git::CommitDetail, AppError>>;

fn unfolding(target: &DeploymentRef, number: u32, open: Option<CommitId>, commit: ReadCommit) -> Unfolding {
    let target = target.clone();
    Unfolding {
        open,
        address: Arc::new(move |id| history_address(&target, number, id)),
        view: Arc::new(move || match commit.clone() {
            Some(Ok(commit)) => view! { <CommitFiles files=commit.files left_out=commit.files_left_out/> }.into_any(),
            Some(Err(error)) => view! { <FailureNote error=error/> }.into_any(),
            None => ().into_any(),
        }),
    }
}

fn history_address(target: &DeploymentRef, number: u32, open: Option<&CommitId>) -> String {
    Address::new(format!("{}/history", address_of(target)))
        .with_page(number)
        .with("open", open.map(CommitId::as_str).unwrap_or_default())
        .to_string()
}
