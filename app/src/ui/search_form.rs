//! A form that asks for another address: a page load without JavaScript, a change of page with it.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::form_fields::form_fields;

/// Narrows what the page at `action` shows; the fields become the address's query.
#[component]
pub fn SearchForm(action: &'static str, children: Children) -> impl IntoView {
    let navigate = use_navigate();
    let submit = move |event: SubmitEvent| {
        if let Some(fields) = form_fields(&event) {
            event.prevent_default();
            navigate(&format!("{action}?{fields}"), NavigateOptions::default());
        }
    };
    view! {
        <form method="get" action=action class="filter-form" role="search" on:submit=submit>
            {children()}
        </form>
    }
}
