//! The way through a long list.

use leptos::prelude::*;

use super::counted;

/// Links to the pages around this one, and how long the list is.
#[component]
pub fn Pager(
    number: u32,
    count: u32,
    total: u64,
    /// `deployments`, `commits`.
    what: &'static str,
    /// Returns the address of a page.
    address: impl Fn(u32) -> String + Send + 'static,
) -> impl IntoView {
    let link = move |target: u32, words: &'static str, rel: &'static str| {
        let there = target >= 1 && target <= count;
        if there {
            view! { <a href=address(target) rel=rel>{words}</a> }.into_any()
        } else {
            view! { <span class="muted" aria-hidden="true">{words}</span> }.into_any()
        }
    };
    view! {
        <nav class="pager" aria-label=format!("Pages of {what}")>
            {link(number.saturating_sub(1), "Previous", "prev")}
            <span>{format!("Page {number} of {count}, {}", counted(total, what))}</span>
            {link(number.saturating_add(1), "Next", "next")}
        </nav>
    }
}
