//! GitOps: how far cluster and repository are in step, and the commits.

mod api;
mod commit_page;
mod commits_page;
mod files;
mod kinds;
mod repository;
mod status_page;

pub use api::read_commit;
pub use commit_page::CommitPage;
pub use commits_page::CommitsPage;
pub use files::CommitFiles;
pub use status_page::StatusPage;
