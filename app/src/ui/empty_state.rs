//! What a list says when there is nothing in it.

use leptos::prelude::*;

/// Says what would be here, and what to do about it.
#[component]
pub fn EmptyState(#[prop(into)] what: String, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! {
        <div class="empty">
            <p>{what}</p>
            {children.map(|children| children())}
        </div>
    }
}
