//! Go to a page or a Deployment by a few letters.

mod page;

pub use page::SearchPage;
