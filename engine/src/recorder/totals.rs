//! The sync engine in figures, without a name in them: for those who watch over Denshimon and have no account.

use model::sync::{SyncChip, WatchState, WatchedKind};

use crate::Engine;

/// Sums over all that is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncTotals {
    /// The cluster answers and was read once.
    pub cluster_up: bool,
    /// Commits reach the remote, as far as was tried; `true` without a remote.
    pub remote_up: bool,
    /// Changes that were seen and are not committed.
    pub waiting: u64,
    /// From the API server's event to the commit, of the newest change.
    pub lag_milliseconds: Option<u32>,
    /// Commits that the remote lacks.
    pub ahead: u32,
    /// Records that wait for a person's word before they are deleted.
    pub held_deletions: u64,
    /// What keeps the sync engine from its work, other than cluster and remote.
    pub problems: u64,
    pub resources: u64,
    pub kinds: u64,
    /// Kinds that cannot be followed now.
    pub kinds_away: u64,
}

impl Engine {
    /// Adds up how far cluster and repository are in step.
    pub fn sync_totals(&self) -> SyncTotals {
        let kinds = self.parts.cluster.watched_kinds();
        let pages = self.parts.recorder.book.pages();
        let problems =
            usize::from(pages.stuck.is_some()) + usize::from(pages.unlinked.is_some()) + pages.obstructed.len();
        SyncTotals {
            cluster_up: !matches!(pages.chip(), SyncChip::ClusterAway { .. } | SyncChip::Starting),
            remote_up: pages.publication.failure.is_none(),
            waiting: count(pages.waiting),
            lag_milliseconds: pages.lag_milliseconds,
            ahead: pages.publication.ahead,
            held_deletions: count(pages.held.len()),
            problems: count(problems),
            resources: kinds.iter().map(|kind| u64::from(kind.objects)).sum(),
            kinds: count(kinds.len()),
            kinds_away: count(kinds.iter().filter(is_away).count()),
        }
    }
}

fn is_away(kind: &&WatchedKind) -> bool {
    matches!(kind.state, WatchState::Away { .. })
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}
