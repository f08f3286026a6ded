//! The sync engine in figures, without a resource's name in them: for those who watch over Denshimon and have no account.

use manifest::CREDENTIAL_RULES;
use model::Timestamp;
use model::sync::{WatchState, WatchedKind};

use super::SyncHistograms;
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
    /// When the newest push succeeded.
    pub last_push: Option<Timestamp>,
    /// Records that wait for a person's word before they are deleted.
    pub held_deletions: u64,
    /// Records that cannot be written since other files are in the way.
    pub obstructed: u64,
    /// Records that say otherwise than the cluster, by somebody else's commit.
    pub drifted: u64,
    /// Files of the repository that a person has to put right: what is in them is not known.
    pub wrong_files: u64,
    /// Values that records lack since rules take them for credentials.
    pub masked_values: u64,
    /// What keeps the sync engine from its work, other than cluster and remote.
    pub problems: u64,
    pub records: u64,
    pub resources: u64,
    /// Kinds that the API server serves.
    pub kinds: u64,
    /// Kinds that cannot be followed now.
    pub kinds_away: u64,
    /// Audit events of the API server that arrived, and changes whose user they named; both since the start.
    pub audit_events: u64,
    pub audit_named: u64,
    /// Those that are followed, those with most resources first.
    pub by_kind: Vec<KindTotals>,
}

/// Sums over one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindTotals {
    /// `Deployment.apps`.
    pub kind: String,
    pub objects: u64,
    pub records: u64,
    /// Its watch runs, or its first list is being read.
    pub up: bool,
    pub last_event: Option<Timestamp>,
}

impl Engine {
    /// Adds up how far cluster and repository are in step.
    pub fn sync_totals(&self) -> SyncTotals {
        let kinds = self.parts.cluster.watched_kinds();
        let audit = self.parts.audit.status().unwrap_or_default();
        let book = &self.parts.recorder.book;
        let folders: Vec<Option<String>> = kinds.iter().map(|kind| book.folder_of_kind(&kind.kind)).collect();
        let pages = book.pages();
        let problems =
            usize::from(pages.stuck.is_some()) + usize::from(pages.unlinked.is_some()) + pages.obstructed.len();
        let followed = kinds.iter().zip(folders).filter(|(kind, _)| kind.state != WatchState::Off);
        let mut by_kind: Vec<KindTotals> = followed
            .map(|(kind, folder)| KindTotals {
                kind: kind.kind.qualified(),
                objects: kind.objects.into(),
                records: count(folder.map_or(0, |folder| pages.counts.of_kind(&folder))),
                up: !is_away(&kind),
                last_event: kind.last_event,
            })
            .collect();
        by_kind.sort_by(|a, b| b.objects.cmp(&a.objects).then_with(|| a.kind.cmp(&b.kind)));
        SyncTotals {
            cluster_up: pages.is_cluster_up(),
            remote_up: pages.publication.failure.is_none(),
            waiting: count(pages.waiting),
            lag_milliseconds: pages.lag_milliseconds,
            ahead: pages.publication.ahead,
            last_push: pages.publication.last_push.as_ref().map(|push| push.at),
            held_deletions: count(pages.held.len()),
            obstructed: count(pages.obstructed.len()),
            drifted: count(pages.drifted),
            wrong_files: count(pages.left_alone.iter().filter(|file| file.wrong).count()),
            masked_values: count(CREDENTIAL_RULES.iter().map(|rule| pages.counts.masked_by(rule.name)).sum()),
            problems: count(problems),
            records: count(pages.counts.all()),
            resources: kinds.iter().map(|kind| u64::from(kind.objects)).sum(),
            kinds: count(kinds.len()),
            kinds_away: count(kinds.iter().filter(is_away).count()),
            by_kind,
            audit_events: audit.events,
            audit_named: audit.named,
        }
    }

    /// Returns what was counted and timed since the start.
    pub fn sync_histograms(&self) -> SyncHistograms {
        self.parts.recorder.book.figures().histograms()
    }
}

fn is_away(kind: &&WatchedKind) -> bool {
    matches!(kind.state, WatchState::Away { .. })
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}
