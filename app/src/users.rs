//! The team: users, their roles and where these hold.

mod api;
mod page;
mod row;
mod scope;

pub use page::UsersPage;
pub use scope::{RoleField, parse_scope, scope_words};
