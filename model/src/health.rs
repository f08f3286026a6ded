//! How well a resource does, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Ordered from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum HealthState {
    /// Does what was asked.
    Healthy,
    /// Was told to stand still.
    Suspended,
    /// On its way.
    Progressing,
    /// Cannot be judged; the reason says why.
    Unknown,
    /// Serves, but not as asked.
    Degraded,
    /// Does not get there by itself.
    Failed,
}

/// A state with its reason in words; the reason is empty only when healthy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Health {
    pub state: HealthState,
    pub reason: String,
}

impl HealthState {
    /// All states, from best to worst.
    pub const ALL: [Self; 6] =
        [Self::Healthy, Self::Suspended, Self::Progressing, Self::Unknown, Self::Degraded, Self::Failed];
}

impl Health {
    /// Joins a state and its reason.
    pub fn new(state: HealthState, reason: impl Into<String>) -> Self {
        Self { state, reason: reason.into() }
    }

    /// All is well.
    pub fn healthy() -> Self {
        Self::new(HealthState::Healthy, "")
    }
}

impl fmt::Display for HealthState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}
