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
use model::sync::SyncChip;

pub use side_nav::PAGES;
pub use sync_chip::chip_words;

use crate::address::Address;
use crate::failure::FailurePage;
use crate::live::Live;
use crate::reading::{once_read, reading};
use crate::ui::{Age, Banner, Tone};
use api::read_frame;
use keys::Keys;
use side_nav::SideNav;
use top_bar::TopBar;

/// Top bar, navigation and the page; whoever is not signed in is sent to sign in first.
#[component]
pub fn Frame() -> impl IntoView {
    let live = Live::follow();
    provide_context(live);
    let frame = reading(
        move || live.sync.get(),
        move |_| async move {
            let frame = read_frame().await;
            if frame.is_ok() {
                live.set_signed_out(false);
            }
            frame
        },
    );
    let location = use_location();
    let chip = Signal::derive(move || frame.get().and_then(Result::ok).map(|frame| frame.chip));
    view! {
        <a class="skip-link" href="#content">"Skip to the content"</a>
        <Transition>
            {move || once_read(frame, move || {
                let place = Memo::new(move |_| frame.get().map(|frame| frame.map(|frame| frame.place)));
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
            {move || live.is_signed_out().then(|| view! { <SignedOut/> })}
            {move || (live.is_lost() && !live.is_signed_out()).then(|| view! {
                <Banner tone=Tone::Warn>
                    <p>
                        "This page does not hear of changes at the moment; what it shows may be old. It goes on as "
                        "soon as Denshimon answers."
                    </p>
                </Banner>
            })}
            <Transition>{move || once_read(frame, move || move || chip.get().and_then(away))}</Transition>
            <Outlet/>
        </main>
        <Keys/>
    }
}

/// Says that the session has ended, and leaves the page as it is: what is typed there is not lost.
#[component]
fn SignedOut() -> impl IntoView {
    let location = use_location();
    let address = move || {
        let next = here(&location.pathname.get(), &location.search.get());
        String::from(Address::new("/sign-in").with("next", &next))
    };
    view! {
        <Banner tone=Tone::Warn>
            <p role="status">
                "Your session has ended, and what this page shows is from before. What you typed can still be sent: you "
                "are asked to sign in, and it is kept. Or " <a href=address target="_blank">"sign in in a new tab"</a>
                " and go on here."
            </p>
        </Banner>
    }
}

/// Says on every page that what it shows is old.
fn away(chip: SyncChip) -> Option<impl IntoView> {
    let SyncChip::ClusterAway { since } = chip else { return None };
    Some(view! {
        <Banner tone=Tone::Warn>
            <p>
                "The cluster has not answered since " <Age at=since/>
                ". What pages show of it is from before; nothing can be changed until it is back."
            </p>
        </Banner>
    })
}

/// The address to come back to; nothing for Home, where a sign-in leads anyway.
fn here(path: &str, search: &str) -> String {
    match (path, search) {
        ("/", "") => String::new(),
        (path, "") => path.to_owned(),
        (path, search) => format!("{path}?{search}"),
    }
}
