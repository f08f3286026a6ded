//! The bar at the top: where one is, the filter, the sync state and the user.

use leptos::prelude::*;

use super::api::FrameData;
use crate::session::SignOutForm;
use crate::theme::ThemeForm;

/// Product, cluster, namespace, search, sync chip and the user's menu.
#[component]
pub fn TopBar(frame: FrameData) -> impl IntoView {
    let user = frame.user;
    view! {
        <header class="top-bar">
            <a class="product" href="/">"denshimon"</a>
            <span class="cluster"><span class="muted">"cluster: "</span>{frame.cluster.to_string()}</span>
            <form class="search" method="get" action="/search" role="search">
                <label class="hidden-visually" for="command">"Go to a page or a deployment"</label>
                <input id="command" name="q" type="search" autocomplete="off" placeholder="go to (:)" maxlength="200"/>
            </form>
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
