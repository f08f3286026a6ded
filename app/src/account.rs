//! One's own account: password, sessions, API tokens.

mod api;
mod page;
mod password_form;
mod sessions;
mod tokens;

pub use page::AccountPage;
