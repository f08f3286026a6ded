//! What the sync chip says: the worst that is true.

use model::Timestamp;
use model::sync::{SyncChip, WatchState};
use tokio::sync::watch;

use super::book::{Book, Pages};

impl Book {
    /// Follows the chip.
    pub(super) fn chip(&self) -> watch::Receiver<SyncChip> {
        self.chip.subscribe()
    }

    /// Tells the chip's readers when it says something new.
    pub(super) fn update_chip(&self) {
        let chip = self.pages().chip();
        self.chip.send_if_modified(|old| {
            let changed = *old != chip;
            *old = chip;
            changed
        });
    }
}

impl Pages {
    /// Tells whether a first list is still being read, or it is not known yet of which kinds there will be one.
    pub(super) fn listing(&self) -> bool {
        !self.knows_kinds || self.kinds.values().any(|kind| kind.state == WatchState::Listing)
    }

    /// Tells whether the cluster answers and was read once.
    pub(super) fn is_cluster_up(&self) -> bool {
        self.away_since().is_none() && !self.kinds.is_empty() && !self.listing()
    }

    /// Says since when no kind at all can be followed.
    fn away_since(&self) -> Option<Timestamp> {
        let away = self.kinds.values().map(|kind| match &kind.state {
            WatchState::Away { since, .. } => Some(*since),
            _ => None,
        });
        let all_away: Option<Vec<Timestamp>> = away.collect();
        all_away.and_then(|since| since.into_iter().min())
    }

    /// Says the worst that is true.
    pub(super) fn chip(&self) -> SyncChip {
        if let Some(since) = self.away_since() {
            return SyncChip::ClusterAway { since };
        }
        if let Some(problem) = self.stuck.as_ref().or(self.unlinked.as_ref()) {
            return SyncChip::CannotRecord { reason: problem.what.clone() };
        }
        if let Some(problem) = &self.publication.failure {
            return SyncChip::CannotPush { reason: problem.failure.brief().into() };
        }
        if self.kinds.is_empty() || self.listing() {
            return SyncChip::Starting;
        }
        let counted = |count: usize| u32::try_from(count).ok().filter(|count| *count > 0);
        let held = counted(self.held.len()).map(|deletions| SyncChip::Held { deletions });
        let blocked = || counted(self.obstructed.len()).map(|records| SyncChip::Blocked { records });
        let waiting = || counted(self.waiting).map(|changes| SyncChip::Waiting { changes });
        let drifted = || counted(self.drifted).map(|records| SyncChip::Drifted { records });
        let worst = held.or_else(blocked).or_else(waiting).or_else(drifted);
        worst.unwrap_or(SyncChip::InStep { since: self.in_step_since })
    }

    /// Counts the records that say otherwise than the cluster, if any began or ceased to.
    pub(super) fn count_drifted(&mut self) {
        if std::mem::take(&mut self.drift_changed) {
            self.drifted = self.records.values().filter(|record| record.drifted).count();
        }
    }
}
