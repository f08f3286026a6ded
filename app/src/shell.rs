//! The HTML document around the pages.

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::App;
use crate::theme::Theme;

/// Where the browser finds what was built for it; the server provides it as context.
#[derive(Clone, Debug)]
pub struct Assets {
    /// The style sheet.
    pub style: String,
    /// `frontend/boot.js`, which starts the two below.
    pub boot: String,
    /// What wasm-bindgen wrote.
    pub script: String,
    /// The WebAssembly itself.
    pub wasm: String,
}

/// The document; the server renders it, the browser only what is inside `<body>`.
///
/// Expects [`Assets`] and a nonce as context, and the request's parts for the theme.
pub fn shell() -> impl IntoView {
    let assets = expect_context::<Assets>();
    let theme = theme();
    let nonce = use_nonce();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.as_str()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content=color_scheme(theme)/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=assets.style/>
                <link rel="modulepreload" href=assets.script.clone()/>
                <link as="fetch" rel="preload" type="application/wasm" crossorigin="anonymous" href=assets.wasm.clone()/>
                <script
                    type="module"
                    id="boot"
                    src=assets.boot
                    data-script=assets.script
                    data-wasm=assets.wasm
                    nonce=nonce
                ></script>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

fn color_scheme(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "dark light",
        Theme::Dark => "dark",
        Theme::Light => "light",
    }
}

#[cfg(feature = "ssr")]
fn theme() -> Theme {
    crate::backend::theme()
}

#[cfg(not(feature = "ssr"))]
fn theme() -> Theme {
    Theme::System
}
