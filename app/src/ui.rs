//! Plain components that know no server function: each draws the values it is given.

mod banner;
mod counted;
mod diff;
mod empty_state;
mod field;
mod form_errors;
mod health;
mod held_rows;
mod icon;
mod page_title;
mod pager;
mod record;
#[cfg(all(test, feature = "ssr"))]
mod rendered;
mod safe_textarea;
mod search_form;
mod sort_heading;
mod tabs;
mod timeline;
mod timestamp;

pub use banner::{Banner, Tone};
pub use counted::counted;
pub use diff::DiffView;
pub use empty_state::EmptyState;
pub use field::{Checkbox, Field, FieldProblem, TextareaField};
pub use form_errors::FormErrors;
pub use health::HealthBadge;
pub use held_rows::{HeldRows, WaitingRows};
pub use icon::{Icon, Shape};
pub use page_title::PageTitle;
pub use pager::Pager;
pub use record::{RecordBadge, RecordLine};
pub use safe_textarea::SafeTextarea;
pub use search_form::SearchForm;
pub use sort_heading::SortHeading;
pub use tabs::{TabLink, Tabs};
pub use timeline::{Timeline, Unfolding};
pub use timestamp::{Age, Now, TimeText};
