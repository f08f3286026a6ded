//! The document's title.

use leptos::prelude::*;
use leptos_meta::Title;

/// Sets the title; the only place that may use `<Title>`, which does not escape its text on the server (leptos_meta 0.8).
#[component]
pub fn PageTitle(#[prop(into)] text: Signal<String>) -> impl IntoView {
    view! { <Title text=move || shown(&text.get())/> }
}

pub(super) fn shown(text: &str) -> String {
    let title = format!("{text} · denshimon");
    // The browser's `document.title` takes text, the server's `<title>` takes HTML.
    if cfg!(feature = "ssr") { super::safe_textarea::escape(&title) } else { title }
}
