//! What Kubernetes says about a resource.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A Kubernetes Event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EventSummary {
    pub warning: bool,
    pub reason: String,
    pub message: String,
    /// `Pod api-5d9`.
    pub object: String,
    pub count: u32,
    #[serde(default, with = "crate::timestamp::optional")]
    pub last_seen: Option<Timestamp>,
}
