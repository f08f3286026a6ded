//! The command box's answers.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use model::PageRequest;
use model::deployment::DeploymentQuery;

use crate::deployments::{address_of, list_deployments};
use crate::failure::FailureNote;
use crate::layout::PAGES;
use crate::reading::{arrived, reading};
use crate::ui::{EmptyState, HealthBadge, PageTitle};

/// Pages that the navigation does not show.
const MORE: [(&str, &str); 2] = [("/deployments/new", "New deployment"), ("/account", "Account")];

/// Pages and Deployments that fit.
#[component]
pub fn SearchPage() -> impl IntoView {
    let query = use_query_map();
    let text = Memo::new(move |_| query.with(|query| query.get("q")).unwrap_or_default());
    let found = reading(
        move || text.get(),
        |filter| {
            let page = PageRequest { number: 1, size: 30 };
            list_deployments(DeploymentQuery { filter, page, ..DeploymentQuery::default() })
        },
    );
    let pages = move || {
        let text = text.get().to_ascii_lowercase();
        let links = PAGES
            .into_iter()
            .map(|(href, words, _)| (href, words))
            .chain(MORE)
            .filter(|(_, words)| words.to_ascii_lowercase().contains(text.trim()))
            .map(|(href, words)| {
                view! {
                    <li>
                        <a href=href>{words}</a>
                    </li>
                }
            })
            .collect::<Vec<_>>();
        (!links.is_empty()).then(|| {
            view! {
                <h2>"Pages"</h2>
                <ul class="results">{links}</ul>
            }
        })
    };
    view! {
        <PageTitle text=Signal::derive(move || format!("Search: {}", text.get()))/>
        <h1>"Search: " {move || text.get()}</h1>
        {pages}
        <h2>"Deployments"</h2>
        <Transition>
            {move || Suspend::new(async move {
                match arrived(found).await {
                    Ok(page) if page.total == 0 => view! { <EmptyState what="No deployment fits."/> }.into_any(),
                    Ok(page) => {
                        let rows = page
                            .items
                            .into_iter()
                            .map(|row| {
                                view! {
                                    <li>
                                        <a class="name" href=address_of(&row.target)>{row.target.to_string()}</a>
                                        " "
                                        <HealthBadge health=row.health/>
                                    </li>
                                }
                            })
                            .collect_view();
                        view! { <ul class="results">{rows}</ul> }.into_any()
                    }
                    Err(error) => view! { <FailureNote error=error/> }.into_any(),
                }
            })}
        </Transition>
    }
}
