//! Keys: `/` goes to the filter, `:` and Ctrl-K to the command box, `?` shows them.

use leptos::html::Dialog;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

const KEYS: [(&str, &str); 4] = [
    ("/", "Go to the page's filter"),
    (": or Ctrl-K", "Go to a page or a deployment"),
    ("?", "Show these keys"),
    ("Esc", "Close"),
];

/// Listens for the keys once the page runs, and holds the list of them.
#[component]
pub fn Keys() -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    Effect::new(move || {
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            let command = event.key() == "k" && (event.ctrl_key() || event.meta_key());
            if !command && (is_typing() || event.ctrl_key() || event.meta_key() || event.alt_key()) {
                return;
            }
            let done = match event.key().as_str() {
                "/" => focus("filter") || focus("command"),
                ":" => focus("command"),
                "?" => dialog.get_untracked().is_some_and(|dialog| dialog.show_modal().is_ok()),
                _ if command => focus("command"),
                _ => false,
            };
            if done {
                event.prevent_default();
            }
        });
        on_cleanup(move || handle.remove());
    });
    let rows = KEYS
        .map(|(key, does)| {
            view! {
                <div>
                    <dt>
                        <kbd>{key}</kbd>
                    </dt>
                    <dd>{does}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <dialog class="keys" node_ref=dialog aria-labelledby="keys-title">
            <h2 id="keys-title">"Keys"</h2>
            <dl>{rows}</dl>
            <form method="dialog">
                <button type="submit" class="button">"Close"</button>
            </form>
        </dialog>
    }
}

fn focus(id: &str) -> bool {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}

fn is_typing() -> bool {
    document().active_element().is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
            || element.has_attribute("contenteditable")
    })
}
