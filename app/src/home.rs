//! Home: what is wrong now, what changed lately, are cluster and repository in step.

mod api;
mod page;

pub use page::HomePage;
