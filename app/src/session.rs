//! How one comes in and goes: sign-in, set-up, reset, sign-out.

mod api;
mod reset_page;
mod setup_page;
mod sign_in_page;
mod sign_out_form;

use leptos::prelude::*;

pub use reset_page::ResetPage;
pub use setup_page::SetupPage;
pub use sign_in_page::SignInPage;
pub use sign_out_form::SignOutForm;

/// A page without the frame: one form in the middle.
#[component]
fn Alone(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <crate::ui::PageTitle text=title/>
        <main id="content" class="alone">
            <p class="product">"denshimon"</p>
            <h1>{title}</h1>
            {children()}
        </main>
    }
}
