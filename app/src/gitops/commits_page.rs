//! GitOps -> Commits.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use model::git::{CommitQuery, CommitSummary};
use model::{Page, PageRequest};

use super::api::list_commits;
use super::commit_table::CommitTable;
use crate::address::Address;
use crate::failure::FailurePage;
use crate::live::Live;
use crate::reading::{arrived, reading};
use crate::ui::{EmptyState, PageTitle, Pager, SearchForm, counted};

/// The log, narrowed by what the address says; live.
#[component]
pub fn CommitsPage() -> impl IntoView {
    let map = use_query_map();
    let query = Memo::new(move |_| map.with(read));
    let live = Live::sync_counter();
    let log = reading(move || (query.get(), live.get()), |(query, _)| list_commits(query));
    view! {
        <PageTitle text="Commits"/>
        <h1>"Commits"</h1>
        <FilterForm query=query/>
        <Transition>
            {move || Suspend::new(async move {
                match arrived(log).await {
                    Ok(page) => view! { <Log page=page query=query.get_untracked()/> }.into_any(),
                    Err(error) => view! { <FailurePage error=error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn FilterForm(query: Memo<CommitQuery>) -> impl IntoView {
    let first = query.get_untracked();
    let fields = [
        ("filter", "q", "Subject", first.text),
        ("filter-author", "author", "Author", first.author),
        ("filter-path", "path", "Path", first.path),
    ];
    let fields = fields
        .map(|(id, name, label, value)| {
            view! {
                <div class="filter-field">
                    <label for=id>{label}</label>
                    <input
                        id=id
                        name=name
                        type="search"
                        maxlength="500"
                        autocomplete="off"
                        value=value.unwrap_or_default()
                    />
                </div>
            }
        })
        .collect_view();
    view! {
        <SearchForm action="/gitops/commits">
            {fields}
            <button type="submit" class="button">"Filter"</button>
        </SearchForm>
    }
}

#[component]
fn Log(page: Page<CommitSummary>, query: CommitQuery) -> impl IntoView {
    let further = page.searched.map(|searched| view! { <SearchFurther searched=searched address=write(&query)/> });
    if page.total == 0 && further.is_some() {
        return further.into_any();
    }
    if page.total == 0 {
        return view! { <EmptyState what="No commit fits. The first one follows the first change in the cluster."/> }
            .into_any();
    }
    let (number, count, total) = (page.number, page.count(), page.total);
    let address = move |number| write(&CommitQuery { page: PageRequest { number, ..query.page }, ..query.clone() });
    view! {
        <CommitTable commits=page.items/>
        <Pager number=number count=count total=total what="commits" address=address/>
        {further}
    }
    .into_any()
}

/// A long log is searched bit by bit: the same page again goes on where the search stopped.
#[component]
fn SearchFurther(searched: u64, address: String) -> impl IntoView {
    let searched = counted(searched, "commits");
    view! {
        <p class="muted">
            {format!("Only the newest {searched} have been searched for these. ")}
            <a href=address rel="external">"Search further"</a>
        </p>
    }
}

fn read(map: &ParamsMap) -> CommitQuery {
    let text = |name: &str| map.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let number = map.get("page").and_then(|page| page.parse().ok()).unwrap_or(1);
    CommitQuery {
        path: text("path"),
        author: text("author"),
        text: text("q"),
        page: PageRequest { number, ..PageRequest::default() },
    }
}

fn write(query: &CommitQuery) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Address::new("/gitops/commits")
        .with("q", &text(&query.text))
        .with("author", &text(&query.author))
        .with("path", &text(&query.path))
        .with_page(query.page.number)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_log_comes_back_the_same() {
        let map: ParamsMap = [("q", "Scale"), ("author", "ada"), ("path", "clusters/a b"), ("page", "2")]
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()))
            .collect();
        assert_eq!(write(&read(&map)), "/gitops/commits?q=Scale&author=ada&path=clusters%2Fa%20b&page=2");
    }
}
