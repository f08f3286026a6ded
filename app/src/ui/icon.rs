//! Small pictures; a word always stands beside them.

use leptos::prelude::*;

/// What can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Check,
    Cross,
    Dots,
    Pause,
    Question,
    Warning,
    Up,
    Down,
    Menu,
}

impl Shape {
    fn path(self) -> &'static str {
        match self {
            Self::Check => "M2 8.5l4 4 8-9",
            Self::Cross => "M3 3l10 10M13 3L3 13",
            Self::Dots => "M2 8h2M7 8h2M12 8h2",
            Self::Pause => "M5 3v10M11 3v10",
            Self::Question => "M5 5.5a3 3 0 1 1 4 3c-.8.4-1 .8-1 1.7M8 13v.6",
            Self::Warning => "M8 2l6.5 12h-13zM8 6.5v3.5M8 11.7v.6",
            Self::Up => "M3 10l5-5 5 5",
            Self::Down => "M3 6l5 5 5-5",
            Self::Menu => "M2 4h12M2 8h12M2 12h12",
        }
    }
}

/// Draws a shape in the colour of the text around it.
#[component]
pub fn Icon(shape: Shape) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=shape.path()></path>
        </svg>
    }
}
