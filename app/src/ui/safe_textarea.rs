//! The only `<textarea>`.

use leptos::prelude::*;

/// A text area whose text cannot end it: leptos 0.8 does not escape what stands in a `<textarea>`.
///
/// The text goes in as escaped HTML, which both the server and the browser read back as the same text.
#[component]
pub fn SafeTextarea(
    id: String,
    name: &'static str,
    text: String,
    #[prop(default = 4)] rows: u32,
    #[prop(into, optional)] described_by: String,
    #[prop(into, optional)] invalid: Signal<bool>,
    #[prop(optional)] code: bool,
    #[prop(optional)] required: bool,
    #[prop(default = 1_048_576)] max_length: u32,
) -> impl IntoView {
    let described_by = (!described_by.is_empty()).then_some(described_by);
    view! {
        <textarea
            id=id
            name=name
            rows=rows
            maxlength=max_length
            class:code=code
            required=required
            spellcheck=if code { "false" } else { "true" }
            aria-describedby=described_by
            aria-invalid=move || invalid.get().then_some("true")
            inner_html=escape(&text)
        ></textarea>
    }
}

/// Escapes what could end an element or begin another.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
