//! Team -> Audit.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use model::user::AuditEntry;
use model::{Page, PageRequest};

use super::api::list_audit;
use crate::address::Address;
use crate::failure::FailurePage;
use crate::reading::{arrived, reading};
use crate::ui::{EmptyState, Icon, PageTitle, Pager, Shape, TimeText};

/// The list, newest first.
#[component]
pub fn AuditPage() -> impl IntoView {
    let query = use_query_map();
    let number =
        Memo::new(move |_| query.with(|query| query.get("page")).and_then(|page| page.parse().ok()).unwrap_or(1));
    let audit = reading(move || number.get(), |number| list_audit(PageRequest { number, ..PageRequest::default() }));
    view! {
        <PageTitle text="Audit"/>
        <h1>"Audit"</h1>
        <p class="muted">"What was done through Denshimon. What was done to the cluster by others stands in the history and in the commits."</p>
        <Transition>
            {move || Suspend::new(async move {
                match arrived(audit).await {
                    Ok(page) => view! { <Entries page=page/> }.into_any(),
                    Err(error) => view! { <FailurePage error=error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Entries(page: Page<AuditEntry>) -> impl IntoView {
    if page.total == 0 {
        return view! { <EmptyState what="Nothing has been done yet."/> }.into_any();
    }
    let (number, count, total) = (page.number, page.count(), page.total);
    let rows = page.items.into_iter().map(|entry| view! { <EntryRow entry=entry/> }).collect_view();
    let address = |number: u32| Address::new("/team/audit").with_page(number).to_string();
    view! {
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">"When"</th>
                    <th scope="col">"Who"</th>
                    <th scope="col">"What"</th>
                    <th scope="col">"Result"</th>
                    <th scope="col">"From"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        <Pager number=number count=count total=total what="entries" address=address/>
    }
    .into_any()
}

#[component]
fn EntryRow(entry: AuditEntry) -> impl IntoView {
    let (shape, tone, word) =
        if entry.succeeded { (Shape::Check, "good", "Done") } else { (Shape::Cross, "bad", "Refused") };
    view! {
        <tr>
            <td data-label="When">
                <TimeText at=entry.at/>
            </td>
            <td data-label="Who" class="name">{entry.actor}</td>
            <td data-label="What">{entry.action}</td>
            <td data-label="Result">
                <span class=format!("status {tone}")>
                    <Icon shape=shape/>
                    {word}
                </span>
            </td>
            <td data-label="From" class="code">{entry.address}</td>
        </tr>
    }
}
