//! Wakes the server's pages up in the browser, and does nothing else.

use wasm_bindgen::prelude::wasm_bindgen;

/// Takes over the page that the server rendered; `boot.js` calls it.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
