//! A line that stands out.

use leptos::prelude::*;

use super::{Icon, Shape};

/// How serious it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Info,
    Warn,
    Bad,
}

/// A message in its own box.
#[component]
pub fn Banner(tone: Tone, children: Children) -> impl IntoView {
    let (shape, class) = match tone {
        Tone::Good => (Shape::Check, "banner good"),
        Tone::Info => (Shape::Dots, "banner info"),
        Tone::Warn => (Shape::Warning, "banner warn"),
        Tone::Bad => (Shape::Cross, "banner bad"),
    };
    view! {
        <div class=class>
            <Icon shape=shape/>
            <div class="banner-text">{children()}</div>
        </div>
    }
}
