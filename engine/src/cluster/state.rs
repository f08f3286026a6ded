//! How each watch does, and whether the cluster answers at all.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kube::core::ApiResource;
use model::sync::{WatchState, WatchedKind};
use model::{Kind, Timestamp};
use tokio::sync::watch;

use crate::Clock;

/// Shared by all watches.
pub(crate) struct WatchStates {
    clock: Clock,
    kinds: Mutex<BTreeMap<Kind, WatchedKind>>,
    /// The version that a custom kind's resources are stored in.
    stored: Mutex<HashMap<Kind, String>>,
    /// What is followed, in its version.
    followed: Mutex<BTreeMap<Kind, ApiResource>>,
    /// Since when and why the cluster does not answer.
    away: watch::Sender<Option<(Timestamp, String)>>,
}

/// Sums over all kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KindsTotal {
    pub(crate) resources: u64,
    pub(crate) kinds: usize,
    pub(crate) away: usize,
}

impl WatchStates {
    pub(super) fn new(clock: Clock) -> Self {
        let (kinds, stored, followed) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { clock, kinds, stored, followed, away: watch::Sender::new(None) }
    }

    pub(super) fn kinds(&self) -> Vec<WatchedKind> {
        self.lock().values().cloned().collect()
    }

    pub(super) fn totals(&self) -> KindsTotal {
        let kinds = self.lock();
        KindsTotal {
            resources: kinds.values().map(|kind| u64::from(kind.objects)).sum(),
            kinds: kinds.len(),
            away: kinds.values().filter(|kind| matches!(kind.state, WatchState::Away { .. })).count(),
        }
    }

    pub(super) fn away(&self) -> Option<(Timestamp, String)> {
        self.away.borrow().clone()
    }

    /// Returns a channel that holds `None` while the cluster answers.
    pub(super) fn watch_away(&self) -> watch::Receiver<Option<(Timestamp, String)>> {
        self.away.subscribe()
    }

    /// The cluster does not answer, for a reason in words.
    pub(super) fn lose(&self, reason: &str) {
        let now = self.clock.now();
        self.away.send_if_modified(|away| {
            let first = away.is_none();
            if first {
                *away = Some((now, reason.to_owned()));
            }
            first
        });
    }

    /// The cluster answers again.
    pub(super) fn regain(&self) {
        self.away.send_if_modified(|away| away.take().is_some());
    }

    pub(super) fn set(&self, kind: &Kind, state: WatchState) {
        let mut kinds = self.lock();
        let entry = kinds.entry(kind.clone()).or_insert_with(|| new(kind));
        // The first reason and time of an absence stay.
        if !(matches!(entry.state, WatchState::Away { .. }) && matches!(state, WatchState::Away { .. })) {
            entry.state = state;
        }
    }

    pub(super) fn set_away(&self, kind: &Kind, reason: &str) {
        let since = self.clock.now();
        self.set(kind, WatchState::Away { since, reason: reason.to_owned() });
    }

    pub(super) fn count(&self, kind: &Kind, objects: usize) {
        let now = self.clock.now();
        if let Some(entry) = self.lock().get_mut(kind) {
            entry.objects = u32::try_from(objects).unwrap_or(u32::MAX);
            entry.last_event = Some(now);
        }
    }

    /// Notes whether a served kind has records, and why not.
    pub(super) fn leave_out(&self, kind: &Kind, reason: Option<&str>) {
        let mut kinds = self.lock();
        let entry = kinds.entry(kind.clone()).or_insert_with(|| new(kind));
        if entry.left_out.as_deref() != reason {
            entry.left_out = reason.map(ToOwned::to_owned);
        }
    }

    /// Tells whether a kind's first list is still being read.
    pub(super) fn is_listing(&self, kind: &Kind) -> bool {
        self.lock().get(kind).is_none_or(|entry| entry.state == WatchState::Listing)
    }

    /// Tells whether a kind's API does not answer.
    pub(super) fn is_away(&self, kind: &Kind) -> bool {
        self.lock().get(kind).is_some_and(|entry| matches!(entry.state, WatchState::Away { .. }))
    }

    /// Notes in which version a custom kind's resources are stored.
    pub(super) fn note_stored(&self, kind: Kind, version: String) {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, version);
    }

    /// Returns the version that a custom kind's resources are stored in.
    pub(super) fn stored(&self, kind: &Kind) -> Option<String> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).get(kind).cloned()
    }

    /// Notes in which version a kind is followed, or that it is not any more.
    pub(super) fn follow(&self, kind: &Kind, resource: Option<ApiResource>) {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        match resource {
            Some(resource) => drop(followed.insert(kind.clone(), resource)),
            None => drop(followed.remove(kind)),
        }
    }

    /// Returns what is followed.
    pub(super) fn followed(&self) -> BTreeMap<Kind, ApiResource> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets the kinds that are not served.
    pub(super) fn forget_unserved(&self, is_served: impl Fn(&Kind) -> bool) {
        self.lock().retain(|kind, _| is_served(kind));
    }

    pub(super) fn switch_off(&self, kind: &Kind) {
        if let Some(entry) = self.lock().get_mut(kind) {
            (entry.state, entry.objects, entry.last_event) = (WatchState::Off, 0, None);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Kind, WatchedKind>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn new(kind: &Kind) -> WatchedKind {
    WatchedKind { kind: kind.clone(), objects: 0, records: 0, last_event: None, state: WatchState::Off, left_out: None }
}
