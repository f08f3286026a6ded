//! The way out.

use leptos::prelude::*;

use super::api::SignOut;

/// One button.
#[component]
pub fn SignOutForm() -> impl IntoView {
    let action = ServerAction::<SignOut>::new();
    view! {
        <ActionForm action=action>
            <button type="submit" class="button">"Sign out"</button>
        </ActionForm>
    }
}
