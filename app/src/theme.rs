//! Dark, light, or as the system says; kept in a cookie so that the first byte is right.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::AppError;

/// What a person chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    #[default]
    System,
    Dark,
    Light,
}

impl Theme {
    /// All, in the order of the menu.
    pub const ALL: [Self; 3] = [Self::System, Self::Dark, Self::Light];

    /// Returns the value of the cookie and of `data-theme`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }
}

/// Remembers the theme in a cookie. Anybody may call it.
///
/// # Errors
/// None of its own.
#[server(prefix = "/fn", endpoint = "theme/set_theme")]
pub async fn set_theme(theme: Theme) -> Result<(), AppError> {
    crate::backend::set_cookie(&format!("theme={}; Path=/; Max-Age=31536000; SameSite=Lax", theme.as_str()));
    Ok(())
}

/// The choice of themes: a plain form, since the whole document changes.
#[component]
pub fn ThemeForm() -> impl IntoView {
    view! {
        <form method="post" action="/fn/theme/set_theme" class="theme-form">
            <span class="label" id="theme-label">"Theme"</span>
            <div role="group" aria-labelledby="theme-label" class="button-row">
                {Theme::ALL
                    .map(|theme| {
                        view! {
                            <button type="submit" name="theme" value=theme.as_str() class="button small">
                                {theme.as_str()}
                            </button>
                        }
                    })
                    .collect_view()}
            </div>
        </form>
    }
}
