//! What was seen and could not be compared, since the repository could not be read: its kinds are listed again.

use std::time::Instant;

use model::Kind;
use model::sync::{SyncProblem, WayOut};

use super::work::Work;
use crate::repository::RepositoryError;

impl Work {
    /// Notes that a resource of a kind, or its list, was not taken in.
    pub(super) fn miss(&mut self, kind: &Kind, error: &RepositoryError) {
        tracing::error!(error = %error, source = ?std::error::Error::source(error), %kind, "the records cannot be read");
        if self.missed.is_empty() {
            self.pause_after_failure();
        }
        self.missed.insert(kind.clone());
        let since = self.clock.now();
        self.book.pages().stuck.get_or_insert_with(|| SyncProblem {
            what: "Changes cannot be recorded: the repository in the data directory cannot be read".into(),
            remedy: "Check the data directory, its rights and the number of open files. What was missed is read again \
                     from the cluster when it works."
                .into(),
            way_out: Some(WayOut::Retry),
            since,
        });
    }

    /// Lists the kinds again of which something was missed, when it is time to try.
    pub(super) fn read_missed(&mut self, now: Instant) {
        if !self.missed.is_empty() && self.retry_at.is_none_or(|at| at <= now) {
            self.book.pages().stuck = None;
            self.lister.read_again(std::mem::take(&mut self.missed));
        }
    }
}
