//! How a page that cannot be shown says so, with the status that fits.

use leptos::prelude::*;
use model::ErrorKind;

use crate::AppError;
use crate::ui::{Banner, PageTitle, Tone};

/// A whole page that failed: not found, not allowed, a dependency away, our own fault.
#[component]
pub fn FailurePage(error: AppError) -> impl IntoView {
    set_status(error.error.kind);
    let title = title(error.error.kind);
    view! {
        <PageTitle text=title/>
        <section class="failure">
            <h1>{title}</h1>
            <p>{error.error.message.clone()}</p>
            <p class="muted">{error.error.hint.clone()}</p>
            {way_out(error.error.kind)}
        </section>
    }
}

/// A part of a page that failed, while the rest is good.
#[component]
pub fn FailureNote(error: AppError) -> impl IntoView {
    let text = format!("{} {}", error.error.message, error.error.hint);
    view! { <Banner tone=Tone::Bad>{text}</Banner> }
}

fn title(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Invalid => "This address cannot be read",
        ErrorKind::NotSignedIn => "You are not signed in",
        ErrorKind::NotAllowed => "Not allowed",
        ErrorKind::NotFound => "Not found",
        ErrorKind::Conflict | ErrorKind::Refused => "This cannot be done",
        ErrorKind::TooMany => "Too many tries",
        ErrorKind::Unavailable => "Something is away",
        ErrorKind::Internal => "Something went wrong",
    }
}

fn way_out(kind: ErrorKind) -> impl IntoView {
    let (address, words) = match kind {
        ErrorKind::NotSignedIn => ("/sign-in", "Sign in"),
        ErrorKind::Unavailable => ("/gitops/status", "See what is away"),
        _ => ("/", "Go to Home"),
    };
    view! { <p><a href=address>{words}</a></p> }
}

#[cfg(feature = "ssr")]
fn set_status(kind: ErrorKind) {
    crate::backend::set_page_status(kind);
}

#[cfg(not(feature = "ssr"))]
fn set_status(_kind: ErrorKind) {}
