//! Notes now and then how things stand, for the plots, and wakes the pages that show more than the chip.

use futures::Stream;
use model::sync::{WaitReason, WaitingChanges};
use tokio_util::sync::CancellationToken;

use super::figures::SLOT;
use super::work::Work;
use crate::repository::Publication;
use crate::{Engine, panics};

/// So many records are named of what waits for the same thing.
const NAMED: usize = 5;

/// What a page shows beside the chip, in short.
#[derive(Debug, Default, PartialEq, Eq)]
struct Glance {
    resources: u64,
    kinds: usize,
    kinds_away: usize,
    held: usize,
    obstructed: usize,
}

impl Engine {
    /// Ends a slot of the plots every ten seconds, until it is told to stop; costs the same however much is recorded.
    pub(crate) async fn sample_now_and_then(self, stopping: CancellationToken) {
        let mut before = Glance::default();
        while stopping.run_until_cancelled(tokio::time::sleep(SLOT)).await.is_some() {
            panics::caught_here("sample", || {
                let book = &self.parts.recorder.book;
                let now = self.glance();
                let moved = book.figures().end_slot();
                if moved || now != before {
                    book.pulse.send_replace(());
                }
                before = now;
            });
        }
    }

    /// Follows what the status page shows beside the chip.
    pub fn status_changes(&self) -> impl Stream<Item = ()> + Send + use<> {
        let pulse = self.parts.recorder.book.pulse.subscribe();
        futures::stream::unfold(pulse, |mut pulse| async { pulse.changed().await.ok().map(|()| ((), pulse)) })
    }

    fn glance(&self) -> Glance {
        let totals = self.parts.cluster.totals();
        let pages = self.parts.recorder.book.pages();
        Glance {
            resources: totals.resources,
            kinds: totals.kinds,
            kinds_away: totals.away,
            held: pages.held.len(),
            obstructed: pages.obstructed.len(),
        }
    }
}

impl Work {
    /// Counts what waits by what it waits for, and names some of it.
    pub(super) fn waiting_for(&self) -> Vec<WaitingChanges> {
        let mut waiting = Vec::new();
        let mut add = |reason, changes: usize, paths: &mut dyn Iterator<Item = String>| {
            if changes > 0 {
                let changes = u32::try_from(changes).unwrap_or(u32::MAX);
                waiting.push(WaitingChanges { reason, changes, paths: paths.take(NAMED).collect() });
            }
        };
        let deferred = &mut self.deferred.keys().map(|resource| self.book.path_of(resource));
        add(WaitReason::Answer, self.deferred.len(), deferred);
        add(WaitReason::Silence, self.window.silent(), &mut self.window.silent_paths().cloned());
        add(WaitReason::Lists, self.window.found(), &mut self.window.found_paths().cloned());
        add(WaitReason::Turn, self.window.ready() + self.under_way, &mut self.window.ready_paths().cloned());
        waiting
    }

    /// Notes how far the remote is behind, and what the newest push took.
    pub(super) fn take_publication(&mut self, now: Publication) {
        let mut pages = self.book.pages();
        let push = now.last_push.clone().filter(|push| pages.publication.last_push.as_ref() != Some(push));
        pages.publication = now;
        drop(pages);
        if let Some(push) = push {
            self.book.figures().note_push(push.milliseconds);
        }
    }
}
