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

use crate::AppError;
use crate::address::Address;
use crate::failure::FailurePage;
use crate::live::Live;
use crate::reading::{once_read, reading};
use crate::ui::{Age, Banner, Tone};
use api::{FrameData, Place, read_frame};
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
    let chip = Signal::derive(move || frame.get().and_then(Result::ok).map(|frame| frame.chip));
    view! {
        <a class="skip-link" href="#content">"Skip to the content"</a>
        <Transition>
            {move || once_read(frame, move || {
                let place = Memo::new(move |before: Option<&Option<Result<Place, AppError>>>| {
                    let now = frame.get().map(|frame| frame.map(|frame| frame.place));
                    match before {
                        // Somebody may be typing when their session ends: the page stays, and says so.
                        Some(before @ Some(Ok(_))) if matches!(&now, Some(Err(error)) if is_signed_out(error)) => {
                            before.clone()
                        }
                        _ => now,
                    }
                });
                move || place.get().map(|place| match place {
                    Ok(place) => {
                        let user = place.user.clone();
                        view! { <TopBar place=place chip=chip/> <SideNav user=user/> }.into_any()
                    }
                    Err(error) if is_signed_out(&error) => {
                        let address = sign_in(&location.pathname.get_untracked(), &location.search.get_untracked());
                        view! { <leptos_router::components::Redirect path=address/> }.into_any()
                    }
                    Err(error) => view! { <FailurePage error=error/> }.into_any(),
                })
            })}
        </Transition>
        <main id="content" tabindex="-1">
            {move || live.is_lost().then(|| view! {
                <Banner tone=Tone::Warn>
                    <p>
                        "This page does not hear of changes at the moment; what it shows may be old. It goes on as "
                        "soon as Denshimon answers."
                    </p>
                </Banner>
            })}
            <Transition>{move || once_read(frame, move || move || frame.get().and_then(notice))}</Transition>
            <Outlet/>
        </main>
        <Keys/>
    }
}

/// Says on every page that what it shows is old.
fn notice(frame: Result<FrameData, AppError>) -> Option<AnyView> {
    match frame {
        Ok(FrameData { chip: SyncChip::ClusterAway { since }, .. }) => Some(
            view! {
                <Banner tone=Tone::Warn>
                    <p>
                        "The cluster has not answered since " <Age at=since/>
                        ". What pages show of it is from before; nothing can be changed until it is back."
                    </p>
                </Banner>
            }
            .into_any(),
        ),
        Err(error) if is_signed_out(&error) => Some(view! { <SignedOut/> }.into_any()),
        _ => None,
    }
}

/// Leaves the page as it is: what is typed there is not lost.
#[component]
fn SignedOut() -> impl IntoView {
    let location = use_location();
    let address = move || sign_in(&location.pathname.get(), &location.search.get());
    view! {
        <Banner tone=Tone::Warn>
            <p>
                "Your session has ended. What you typed can still be sent: you are asked to sign in then, and it is kept. "
                "Or " <a href=address target="_blank">"sign in in a new tab"</a> " and go on here."
            </p>
        </Banner>
    }
}

fn is_signed_out(error: &AppError) -> bool {
    error.error.kind == ErrorKind::NotSignedIn
}

/// The page to sign in at, and to come back from.
fn sign_in(path: &str, search: &str) -> String {
    Address::new("/sign-in").with("next", &here(path, search)).into()
}

/// The address to come back to; nothing for Home, where a sign-in leads anyway.
fn here(path: &str, search: &str) -> String {
    match (path, search) {
        ("/", "") => String::new(),
        (path, "") => path.to_owned(),
        (path, search) => format!("{path}?{search}"),
    }
}
