//! The frame around every page of somebody who is signed in.

mod api;
mod keys;
mod side_nav;
mod sync_chip;
mod top_bar;

use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;
use model::ErrorKind;

pub use side_nav::PAGES;
pub use sync_chip::chip_words;

use crate::address::Address;
use crate::failure::FailurePage;
use crate::live::Live;
use crate::reading::{once_read, reading};
use api::read_frame;
use keys::Keys;
use side_nav::SideNav;
use top_bar::TopBar;

/// Top bar, navigation and the page; whoever is not signed in is sent to sign in first.
#[component]
pub fn Frame() -> impl IntoView {
    let live = Live::follow();
    provide_context(live);
    let frame = reading(move || live.sync.get(), |_| read_frame());
    let location = use_location();
    view! {
        <a class="skip-link" href="#content">"Skip to the content"</a>
        <Transition>
            {move || once_read(frame, move || {
                let place = Memo::new(move |_| frame.get().map(|frame| frame.map(|frame| frame.place)));
                let chip = Signal::derive(move || frame.get().and_then(Result::ok).map(|frame| frame.chip));
                move || place.get().map(|place| match place {
                    Ok(place) => {
                        let user = place.user.clone();
                        view! { <TopBar place=place chip=chip/> <SideNav user=user/> }.into_any()
                    }
                    Err(error) if error.error.kind == ErrorKind::NotSignedIn => {
                        let next = here(&location.pathname.get_untracked(), &location.search.get_untracked());
                        let address = String::from(Address::new("/sign-in").with("next", &next));
                        view! { <leptos_router::components::Redirect path=address/> }.into_any()
                    }
                    Err(error) => view! { <FailurePage error=error/> }.into_any(),
                })
            })}
        </Transition>
        <main id="content" tabindex="-1">
            <Outlet/>
        </main>
        <Keys/>
    }
}

/// The address to come back to; nothing for Home, where a sign-in leads anyway.
fn here(path: &str, search: &str) -> String {
    match (path, search) {
        ("/", "") => String::new(),
        (path, "") => path.to_owned(),
        (path, search) => format!("{path}?{search}"),
    }
}
