//! The pages and their server functions, cut by feature; compiles for the server (`ssr`) and the browser (`hydrate`).
//!
//! [`App`] is the route table; [`shell`] is the HTML document around it. A folder is a feature: `api.rs` holds its
//! server functions, each `*_page.rs` a page. `ui` holds plain components that know neither.
#![recursion_limit = "512"]

#[cfg(not(erase_components))]
compile_error!("server and browser must agree on `--cfg erase_components`; unset RUSTFLAGS or add it there");

mod account;
mod address;
mod app;
mod audit;
#[cfg(feature = "ssr")]
pub mod backend;
mod deployments;
mod error;
mod failure;
mod form_fields;
mod gitops;
mod home;
mod json;
mod layout;
mod live;
mod not_found;
mod reading;
mod records;
mod search;
mod session;
mod shell;
mod submission;
mod theme;
mod ui;
mod users;

pub use app::App;
pub use error::AppError;
pub use shell::{Assets, shell};
