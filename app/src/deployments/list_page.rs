//! All Deployments that one may see, as the address asks for them.

use std::time::Duration;

use leptos::html::Input;
use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use model::deployment::{DeploymentQuery, DeploymentRef, DeploymentSort, DeploymentSummary};
use model::{Page, PageRequest};

use super::actions::QUICK_PATHS;
use super::api::list_deployments;
use super::list_query;
use super::row::DeploymentRow;
use super::undo_bar::UndoBar;
use crate::failure::FailurePage;
use crate::live::Live;
use crate::reading::{arrived, reading};
use crate::submission::Submission;
use crate::ui::{EmptyState, FormErrors, HeldRows, PageTitle, Pager, SearchForm, SortHeading, WaitingRows};

/// The list, with filter, order and pages; live.
#[component]
pub fn ListPage() -> impl IntoView {
    let map = use_query_map();
    let query = Memo::new(move |_| map.with(list_query::read));
    let live = Live::page_counter();
    let submission = Submission::of(&QUICK_PATHS);
    let held = HeldRows::new();
    let list = reading(move || (query.get(), live.get()), |(query, _)| list_deployments(query));
    view! {
        <PageTitle text="Deployments"/>
        <div class="page-head">
            <h1>"Deployments"</h1>
            <div class="actions">
                <a class="button main" href="/deployments/new">"New deployment"</a>
            </div>
        </div>
        <UndoBar submission=submission/>
        <FormErrors form="quick" problem=submission.problem()/>
        <FilterForm query=query/>
        <Transition>
            {move || Suspend::new(async move {
                match arrived(list).await {
                    Ok(page) => view! { <Rows page=page query=query.get_untracked() held=held/> }.into_any(),
                    Err(error) => view! { <FailurePage error=error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

/// Narrows the list on the server as one types, and by Enter without JavaScript.
#[component]
fn FilterForm(query: Memo<DeploymentQuery>) -> impl IntoView {
    let input = NodeRef::<Input>::new();
    let first = query.get_untracked();
    let navigate = use_navigate();
    let mut narrow = debounce(Duration::from_millis(150), move |filter: String| {
        let Some(now) = query.try_get_untracked() else { return };
        if now.filter != filter {
            let address = list_query::write(&DeploymentQuery { filter, page: PageRequest::default(), ..now });
            navigate(&address, NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() });
        }
    });
    // The address can change without the box, as by a link; what is being typed stays.
    Effect::new(move || {
        let filter = query.get().filter;
        let Some(input) = input.get() else { return };
        let focused = document().active_element().is_some_and(|element| element.id() == "filter");
        if !focused {
            input.set_value(&filter);
        }
    });
    let namespace = move || query.get().namespace.map(|namespace| namespace.to_string()).unwrap_or_default();
    view! {
        <SearchForm action="/deployments">
            <label class="hidden-visually" for="filter">"Filter deployments"</label>
            <input
                id="filter"
                name="q"
                type="search"
                maxlength="200"
                autocomplete="off"
                placeholder="filter (/)"
                value=first.filter
                node_ref=input
                on:input=move |event| narrow(event_target_value(&event))
            />
            <input type="hidden" name="namespace" value=namespace/>
            <input type="hidden" name="sort" value=move || query.get().sort.as_str()/>
            <input type="hidden" name="desc" value=move || if query.get().descending { "1" } else { "0" }/>
            <button type="submit" class="button">"Filter"</button>
        </SearchForm>
    }
}

#[component]
fn Rows(
    page: Page<DeploymentSummary>,
    query: DeploymentQuery,
    held: HeldRows<DeploymentQuery, DeploymentRef>,
) -> impl IntoView {
    if page.total == 0 {
        return view! { <NothingHere query=query/> }.into_any();
    }
    let headings = DeploymentSort::ALL
        .map(|sort| {
            let href = list_query::write(&list_query::sorted_by(&query, sort));
            let descending = (query.sort == sort).then_some(query.descending);
            view! {
                <SortHeading
                    label=heading(sort)
                    href=href
                    descending=descending
                    number=sort == DeploymentSort::Ready
                />
            }
        })
        .collect_view();
    let (number, count, total) = (page.number, page.count(), page.total);
    let (rows, waiting) = held.arrange(&query, page.items, |row| row.target.clone());
    let rows = rows.into_iter().map(|row| view! { <DeploymentRow row=row/> }).collect_view();
    let address = move |number: u32| {
        list_query::write(&DeploymentQuery { page: PageRequest { number, ..query.page }, ..query.clone() })
    };
    view! {
        <WaitingRows count=waiting show=Callback::new(move |()| held.show())/>
        <table class="list deployments">
            <thead>
                <tr>{headings} <th scope="col">"Record"</th></tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        <Pager number=number count=count total=total what="deployments" address=address/>
    }
    .into_any()
}

#[component]
fn NothingHere(query: DeploymentQuery) -> impl IntoView {
    if query.filter.is_empty() && query.namespace.is_none() {
        view! {
            <EmptyState what="The cluster's deployments would stand here; there is none yet.">
                <a class="button main" href="/deployments/new">"Deploy the first image"</a>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <EmptyState what="No deployment fits the filter and the namespace.">
                <a href="/deployments">"Show all deployments"</a>
            </EmptyState>
        }
        .into_any()
    }
}

fn heading(sort: DeploymentSort) -> &'static str {
    match sort {
        DeploymentSort::Name => "Name",
        DeploymentSort::Namespace => "Namespace",
        DeploymentSort::Health => "Health",
        DeploymentSort::Ready => "Ready",
        DeploymentSort::Image => "Image",
        DeploymentSort::Changed => "Changed",
    }
}
