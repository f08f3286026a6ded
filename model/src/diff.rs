//! A difference between two texts, ready to show.

use serde::{Deserialize, Serialize};

/// What changed in one document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Diff {
    /// In plain words, one per changed field: `replicas 3 -> 5`.
    pub summary: Vec<String>,
    /// Empty when nothing changed.
    pub hunks: Vec<Hunk>,
}

/// A run of changed lines with up to three unchanged ones around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Hunk {
    /// First line on the old and the new side, from 1.
    pub old_start: u32,
    pub new_start: u32,
    pub lines: Vec<Line>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Line {
    pub mark: Mark,
    /// The line without its end, cut where words changed.
    pub parts: Vec<Part>,
}

/// Which side a line is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    Same,
    Added,
    Removed,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Part {
    pub text: String,
    /// These words differ from the other side's line.
    pub changed: bool,
}

impl Diff {
    /// Tells whether both texts are the same.
    pub fn is_empty(&self) -> bool {
        self.hunks.is_empty()
    }
}
