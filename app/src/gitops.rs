//! GitOps: how far cluster and repository are in step, and the commits.

mod api;
mod commit_page;
mod commit_table;
mod commits_page;
mod files;
mod kinds;
mod left_alone;
mod masks;
mod plots;
mod repository;
mod rules_api;
mod rules_page;
mod status_page;
mod waiting;

pub use api::read_commit;
pub use commit_page::CommitPage;
pub use commit_table::CommitTable;
pub use commits_page::CommitsPage;
pub use files::CommitFiles;
pub use rules_page::RulesPage;
pub use status_page::StatusPage;
