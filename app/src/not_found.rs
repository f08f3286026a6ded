//! The page for an address that leads nowhere.

use leptos::prelude::*;
use model::ErrorKind;

use crate::AppError;
use crate::failure::FailurePage;

/// The same inside the frame, for whoever is signed in.
#[component]
pub fn NotFoundInFrame() -> impl IntoView {
    view! { <FailurePage error=AppError::new(ErrorKind::NotFound, "There is no page at this address.")/> }
}

/// Says so, with status 404.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    let error = AppError::new(ErrorKind::NotFound, "There is no page at this address.");
    view! {
        <main id="content" class="alone">
            <FailurePage error=error/>
        </main>
    }
}
