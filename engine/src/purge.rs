//! Deletes what has expired: sessions and drafts.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{Engine, panics};

/// What has expired is not given out anyway: this only keeps the store small.
const PERIOD: Duration = Duration::from_secs(10 * 60);

impl Engine {
    /// Purges at once and then every 10 minutes, until it is told to stop.
    pub(crate) async fn purge_now_and_then(self, stopping: CancellationToken) {
        let mut period = tokio::time::interval(PERIOD);
        period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stopping.run_until_cancelled(period.tick()).await.is_some() {
            let pass = async { [self.purge_sessions().await, self.purge_drafts().await] };
            for purged in panics::caught("purge", pass).await.into_iter().flatten() {
                if let Err(error) = purged {
                    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                    tracing::warn!(%error, cause, "what has expired stays in the store until the next try");
                }
            }
        }
    }
}
