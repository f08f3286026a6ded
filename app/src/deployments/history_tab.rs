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
use crate::reading::{Reading, arrived, reading};
use crate::ui::{EmptyState, Pager, Timeline, Unfolding};

/// What the tab reads; the address says which page of it, and which commit is open.
#[derive(Clone, Copy)]
pub struct HistorySource {
    history: Reading<Result<Page<HistoryEntry>, AppError>>,
    commit: Reading<ReadCommit>,
    open: Memo<Option<CommitId>>,
}

impl HistorySource {
    /// Begins to read; call it outside of what waits for other resources.
    pub fn new(target: Memo<Result<DeploymentRef, AppError>>) -> Self {
        let live = Live::page_counter();
        let query = use_query_map();
        let number =
            Memo::new(move |_| query.with(|query| query.get("page")).and_then(|page| page.parse().ok()).unwrap_or(1));
        let open = Memo::new(move |_| query.with(|query| query.get("open")).and_then(|id| id.parse::<CommitId>().ok()));
        let history = reading(
            move || (target.get(), number.get(), live.get()),
            |(target, number, _)| async move {
                read_deployment_history(target?, PageRequest { number, ..PageRequest::default() }).await
            },
        );
        let commit = reading(
            move || open.get(),
            |id| async move {
                match id {
                    Some(id) => Some(read_commit(id).await),
                    None => None,
                }
            },
        );
        Self { history, commit, open }
    }

    /// Shows operations, changes, commits and outcomes, newest first.
    pub async fn view(self, target: DeploymentRef) -> AnyView {
        let commit = arrived(self.commit).await;
        let entries = match arrived(self.history).await {
            Ok(page) => {
                let unfolding = unfolding(&target, page.number, self.open.get_untracked(), commit);
                view! { <Entries page=page target=target unfolding=unfolding/> }.into_any()
            }
            // Nothing is told of what may not be seen, not even that the page exists.
            Err(error) if error.error.kind == ErrorKind::NotFound => view! { <FailurePage error=error/> }.into_any(),
            Err(error) => view! { <FailureNote error=error/> }.into_any(),
        };
        view! {
            <h2>"History"</h2>
            {entries}
        }
        .into_any()
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
