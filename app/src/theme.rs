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

    /// Reads the theme out of a `Cookie` header, and takes the system's when there is none.
    pub fn from_cookies(header: &str) -> Self {
        let value = header.split(';').find_map(|pair| pair.trim().strip_prefix("theme=")).unwrap_or_default();
        Self::ALL.into_iter().find(|theme| theme.as_str() == value).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_themes_are_read() {
        assert_eq!(Theme::from_cookies("a=b; theme=dark"), Theme::Dark);
        assert_eq!(Theme::from_cookies("theme=\"><script>"), Theme::System);
        assert_eq!(Theme::from_cookies("mytheme=dark"), Theme::System);
    }
}
