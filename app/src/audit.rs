//! The audit: what was done to accounts, and by whom.

mod api;
mod page;

pub use page::AuditPage;
