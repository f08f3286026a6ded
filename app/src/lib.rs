//! The pages and their server functions, cut by feature; compiles for the server (`ssr`) and the browser (`hydrate`).
//!
//! [`App`] is the route table; [`shell`] is the HTML document around it. A folder is a feature: `api.rs` holds its
//! server functions, each `*_page.rs` a page. `ui` holds plain components that know neither.
#![recursion_limit = "512"]

mod address;
mod app;
#[cfg(feature = "ssr")]
pub mod backend;
mod error;
mod failure;
mod not_found;
mod shell;
mod theme;
mod ui;

pub use app::App;
pub use error::AppError;
pub use shell::{Assets, shell};
