//! The route table.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Router, Routes};

use crate::not_found::NotFoundPage;
use crate::ui::Now;

/// All pages.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(Now::start());
    view! {
        <Router>
            <Routes fallback=NotFoundPage>{()}</Routes>
        </Router>
    }
}
