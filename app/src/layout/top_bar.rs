//! The bar at the top: where one is, the filter, the sync state and the user.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use model::Namespace;
use model::sync::SyncChip;

use super::api::Place;
use super::sync_chip::SyncChipLink;
use crate::address::Address;
use crate::session::SignOutForm;
use crate::theme::ThemeForm;

/// Product, cluster, namespace, search, sync chip and the user's menu.
#[component]
pub fn TopBar(place: Place, chip: Signal<Option<SyncChip>>) -> impl IntoView {
    let user = place.user;
    view! {
        <header class="top-bar">
            <a class="product" href="/">"denshimon"</a>
            <span class="cluster"><span class="muted">"cluster: "</span>{place.cluster.to_string()}</span>
            <NamespacePicker namespaces=place.namespaces/>
            <form class="search" method="get" action="/search" role="search" aria-label="Everything">
                <label class="hidden-visually" for="command">"Go to a page or a deployment"</label>
                <input id="command" name="q" type="search" autocomplete="off" placeholder="go to (:)" maxlength="200"/>
            </form>
            {move || chip.get().map(|chip| view! { <SyncChipLink chip=chip/> })}
            <details class="menu user-menu">
                <summary>{user.username.to_string()}</summary>
                <div class="menu-body">
                    <p class="muted">{format!("Role: {}", user.role)}</p>
                    <p><a href="/account">"Account, sessions, tokens"</a></p>
                    <ThemeForm/>
                    <SignOutForm/>
                </div>
            </details>
        </header>
    }
}

/// Chooses the namespace of the list of deployments; a form, so that it works without JavaScript.
#[component]
fn NamespacePicker(namespaces: Vec<Namespace>) -> impl IntoView {
    let query = use_query_map();
    let path = use_location().pathname;
    let current = Memo::new(move |_| {
        let parts = path.get();
        let mut parts = parts.trim_matches('/').split('/');
        let in_path = (parts.next() == Some("deployments"))
            .then(|| parts.next().filter(|part| *part != "new").map(ToOwned::to_owned))
            .flatten();
        in_path.or_else(|| query.with(|query| query.get("namespace"))).unwrap_or_default()
    });
    let go = move |event: leptos::ev::Event| {
        let address = Address::new("/deployments").with("namespace", &event_target_value(&event));
        use_navigate()(&String::from(address), leptos_router::NavigateOptions::default());
    };
    let options = namespaces
        .into_iter()
        .map(|namespace| {
            let value = namespace.to_string();
            let compared = value.clone();
            view! {
                <option value=value selected=move || current.with(|current| *current == compared)>
                    {namespace.to_string()}
                </option>
            }
        })
        .collect_view();
    view! {
        <form class="namespace-picker" method="get" action="/deployments">
            <label for="namespace-picker">"ns:"</label>
            <select id="namespace-picker" name="namespace" on:change=go>
                <option value="">"all"</option>
                {options}
            </select>
            <button type="submit" class="button small">"Go"</button>
        </form>
    }
}
