//! The one writer of the `base_infrastructure` repository.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{EngineConfig, StartError};

/// The repository; cheap to clone.
#[derive(Clone)]
pub(crate) struct Repository {}

impl Repository {
    pub(crate) async fn open(
        _config: &EngineConfig,
        _stopping: &CancellationToken,
        _tasks: &TaskTracker,
    ) -> Result<Self, StartError> {
        Ok(Self {})
    }
}
