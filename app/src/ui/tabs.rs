//! Pages of one thing, side by side.

use leptos::prelude::*;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TabLink {
    pub words: &'static str,
    pub href: String,
    pub current: bool,
}

/// Links that look like tabs; each leads to a page of its own.
#[component]
pub fn Tabs(label: &'static str, tabs: Vec<TabLink>) -> impl IntoView {
    view! {
        <nav class="tabs" aria-label=label>
            <ul>
                {tabs
                    .into_iter()
                    .map(|tab| {
                        let current = tab.current.then_some("page");
                        view! {
                            <li>
                                <a href=tab.href aria-current=current>{tab.words}</a>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </nav>
    }
}
