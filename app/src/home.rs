//! Home: what is wrong now, what changed lately, are cluster and repository in step.

mod api;
#[cfg(feature = "ssr")]
mod lately;
mod page;

pub use page::HomePage;
