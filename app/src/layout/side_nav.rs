//! The navigation at the side; a menu on narrow screens.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use model::user::{Role, Scope, SignedIn};

use crate::ui::{Icon, Shape};

/// Every page that there is, for the pages this user may open.
pub const PAGES: [(&str, &str, Role); 7] = [
    ("/", "Home", Role::Viewer),
    ("/deployments", "Deployments", Role::Viewer),
    ("/gitops/status", "GitOps status", Role::Viewer),
    ("/gitops/rules", "Rules", Role::Viewer),
    ("/gitops/commits", "Commits", Role::Viewer),
    ("/team/users", "Users", Role::Admin),
    ("/team/audit", "Audit", Role::Admin),
];

/// Links to the pages; the current one is marked.
#[component]
pub fn SideNav(user: SignedIn) -> impl IntoView {
    let role = user.role;
    let everywhere = user.scope == Scope::Everywhere;
    let links = move || {
        PAGES
            .into_iter()
            .filter(|(_, _, least)| role >= *least && (everywhere || *least != Role::Admin))
            .map(|(href, words, _)| view! { <NavLink href=href words=words/> })
            .collect_view()
    };
    view! {
        <nav class="side-nav" aria-label="Pages">
            <ul>{links()}</ul>
        </nav>
        <details class="menu narrow-nav">
            <summary>
                <Icon shape=Shape::Menu/>
                "Menu"
            </summary>
            <nav class="menu-body" aria-label="Pages">
                <ul>{links()}</ul>
            </nav>
        </details>
    }
}

#[component]
fn NavLink(href: &'static str, words: &'static str) -> impl IntoView {
    let path = use_location().pathname;
    let current = move || path.with(|path| belongs(path, href)).then_some("page");
    view! {
        <li>
            <a href=href aria-current=current>{words}</a>
        </li>
    }
}

/// Tells whether a path is this page or one below it.
fn belongs(path: &str, page: &str) -> bool {
    path == page || (page != "/" && path.strip_prefix(page).is_some_and(|rest| rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_current_with_all_below_it() {
        assert!(belongs("/deployments/shop/api", "/deployments") && belongs("/", "/"));
        assert!(!belongs("/deployments", "/") && !belongs("/deploymentsx", "/deployments"));
    }
}
