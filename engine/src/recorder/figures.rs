//! How the work went: a short memory for the plots, and histograms since the start for those who watch over Denshimon.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use model::Timestamp;
use model::git::CommitId;
use model::sync::{Figure, Plot};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

use super::plot::plot;
use crate::repository::Rewrites;

/// Queue and lag are remembered for slots of this length.
pub(super) const SLOT: Duration = Duration::from_secs(10);
/// An hour.
const SLOTS: usize = 360;
/// So many commits and pushes are remembered.
const TIMES: usize = 100;
/// So many commits are timed on their way to the remote; the oldest are given up when it is away for long.
const UNPUSHED: usize = 10_000;

/// What was counted and timed since the start; each is cheap to clone and counts on.
#[derive(Clone, Debug)]
pub struct SyncHistograms {
    /// From a watch's event to the commit, in seconds.
    pub change_to_commit: Histogram,
    /// From the commit to the remote, in seconds.
    pub commit_to_remote: Histogram,
    /// What planning commits takes, in seconds: the new text of people's files, subjects, messages.
    pub plan_duration: Histogram,
    /// What planning and writing commits takes, in seconds; what is ready together is written together.
    pub commit_duration: Histogram,
    /// What a push takes, in seconds.
    pub push_duration: Histogram,
    /// Commits that were made.
    pub commits: Counter,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Figures {
    queue: VecDeque<Option<u32>>,
    lag: VecDeque<Option<u32>>,
    commits: VecDeque<Option<u32>>,
    pushes: VecDeque<Option<u32>>,
    /// The slot that is not over.
    slot: Slot,
    waiting: u32,
    unpushed: VecDeque<(CommitId, Timestamp)>,
    histograms: SyncHistograms,
}

/// The highest values of one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    waiting: u32,
    lag: Option<u32>,
}

impl Figures {
    /// Notes how many changes wait.
    pub(super) fn note_waiting(&mut self, changes: usize) {
        self.waiting = u32::try_from(changes).unwrap_or(u32::MAX);
        self.slot.waiting = self.slot.waiting.max(self.waiting);
    }

    /// Notes that a change is committed, so many milliseconds after it was seen.
    pub(super) fn note_change(&mut self, milliseconds: u32) {
        self.slot.lag = self.slot.lag.max(Some(milliseconds));
        self.histograms.change_to_commit.observe(f64::from(milliseconds) / 1000.0);
    }

    /// Notes how long it took to write what was ready, and how long of it to plan.
    pub(super) fn note_commit(&mut self, planned_in: Duration, took: Duration) {
        self.histograms.plan_duration.observe(planned_in.as_secs_f64());
        keep(&mut self.commits, TIMES, u32::try_from(took.as_millis()).ok());
        self.histograms.commit_duration.observe(took.as_secs_f64());
    }

    /// Notes commits, oldest first, that are on their way to a remote.
    pub(super) fn note_commits(&mut self, commits: impl Iterator<Item = CommitId>, at: Timestamp, has_remote: bool) {
        for commit in commits {
            self.histograms.commits.inc();
            if has_remote {
                if self.unpushed.len() >= UNPUSHED {
                    self.unpushed.pop_front();
                }
                self.unpushed.push_back((commit, at));
            }
        }
    }

    /// Notes how long a push took.
    pub(super) fn note_push(&mut self, milliseconds: u32) {
        keep(&mut self.pushes, TIMES, Some(milliseconds));
        self.histograms.push_duration.observe(f64::from(milliseconds) / 1000.0);
    }

    /// Notes that the remote has these commits.
    pub(super) fn note_pushed(&mut self, commits: &[CommitId], at: Timestamp) {
        let pushed: HashSet<&CommitId> = commits.iter().collect();
        let histogram = &self.histograms.commit_to_remote;
        self.unpushed.retain(|(commit, since)| {
            let arrived = pushed.contains(commit);
            if arrived {
                let milliseconds = at.as_millisecond().saturating_sub(since.as_millisecond()).max(0);
                histogram.observe(f64::from(u32::try_from(milliseconds).unwrap_or(u32::MAX)) / 1000.0);
            }
            !arrived
        });
    }

    /// Follows commits that were made again on top of others.
    pub(super) fn note_rewrites(&mut self, rewrites: &Rewrites) {
        let new: HashMap<&CommitId, &CommitId> = rewrites.0.iter().map(|(old, new)| (old, new)).collect();
        for (commit, _) in &mut self.unpushed {
            if let Some(now) = new.get(commit) {
                commit.clone_from(now);
            }
        }
    }

    /// Ends a slot; tells whether it differs from the one before.
    pub(super) fn end_slot(&mut self) -> bool {
        let slot = std::mem::take(&mut self.slot);
        let before = Slot {
            waiting: self.queue.back().copied().flatten().unwrap_or(0),
            lag: self.lag.back().copied().flatten(),
        };
        keep(&mut self.queue, SLOTS, Some(slot.waiting));
        keep(&mut self.lag, SLOTS, slot.lag);
        // What waits goes on waiting.
        self.slot.waiting = self.waiting;
        slot != before
    }

    /// Draws all; the slot that is not over is the last.
    pub(super) fn plots(&self) -> Vec<Plot> {
        let with_slot = |ring: &VecDeque<Option<u32>>, now| ring.iter().copied().chain([now]).collect::<Vec<_>>();
        let all = |ring: &VecDeque<Option<u32>>| ring.iter().copied().collect::<Vec<_>>();
        let queue = plot(Figure::Queue, &with_slot(&self.queue, Some(self.slot.waiting)), SLOTS + 1);
        vec![
            // What waits now may be less than the most in this slot.
            Plot { newest: Some(self.waiting), ..queue },
            plot(Figure::Lag, &with_slot(&self.lag, self.slot.lag), SLOTS + 1),
            plot(Figure::Commit, &all(&self.commits), TIMES),
            plot(Figure::Push, &all(&self.pushes), TIMES),
        ]
    }

    /// Returns what counts since the start.
    pub(super) fn histograms(&self) -> SyncHistograms {
        self.histograms.clone()
    }
}

impl Default for SyncHistograms {
    fn default() -> Self {
        // 5 ms to 82 s, the remote to 11 min; 1 ms to 16 s.
        let way = || Histogram::new(exponential_buckets(0.005, 2.0, 15));
        let work = || Histogram::new(exponential_buckets(0.001, 2.0, 15));
        Self {
            change_to_commit: way(),
            commit_to_remote: Histogram::new(exponential_buckets(0.005, 2.0, 18)),
            plan_duration: work(),
            commit_duration: work(),
            push_duration: work(),
            commits: Counter::default(),
        }
    }
}

/// Adds a value and forgets the oldest beyond the limit.
fn keep(ring: &mut VecDeque<Option<u32>>, most: usize, value: Option<u32>) {
    if ring.len() >= most {
        ring.pop_front();
    }
    ring.push_back(value);
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    fn commit(digit: char) -> CommitId {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn of(figures: &Figures, wanted: Figure) -> Plot {
        figures.plots().into_iter().find(|plot| plot.figure == wanted).unwrap()
    }

    #[test]
    fn a_slot_keeps_its_highest_and_an_hour_is_remembered() {
        let mut figures = Figures::default();
        assert_eq!(of(&figures, Figure::Queue).newest, Some(0), "nothing waits before the first slot is over");
        assert_eq!(of(&figures, Figure::Lag).newest, None);
        figures.note_waiting(9);
        figures.note_waiting(2);
        figures.note_change(80);
        figures.note_change(30);
        assert!(figures.end_slot());
        assert_eq!((of(&figures, Figure::Queue).highest, of(&figures, Figure::Lag).highest), (Some(9), Some(80)));
        assert_eq!(of(&figures, Figure::Queue).newest, Some(2), "what waits goes on waiting");
        figures.note_waiting(0);
        for _ in 0..SLOTS {
            figures.end_slot();
        }
        assert!(!figures.end_slot(), "nothing happens any more");
        assert_eq!((of(&figures, Figure::Queue).highest, of(&figures, Figure::Lag).count), (Some(0), 0));
        (0..300).for_each(|milliseconds| figures.note_push(milliseconds));
        let pushes = of(&figures, Figure::Push);
        assert_eq!((pushes.count, pushes.newest, pushes.highest), (100, Some(299), Some(299)));
    }

    #[test]
    fn a_commit_is_timed_until_the_remote_has_it_whatever_its_name_is_then() {
        let mut figures = Figures::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        figures.note_commits([commit('a'), commit('b')].into_iter(), at(0), true);
        figures.note_rewrites(&Rewrites(vec![(commit('b'), commit('c'))]));
        figures.note_pushed(&[commit('a'), commit('9')], at(1));
        figures.note_pushed(&[commit('c')], at(3));
        figures.note_commits([commit('d')].into_iter(), at(4), false);
        assert!(figures.unpushed.is_empty());
        let mut registry = Registry::default();
        let histograms = figures.histograms();
        registry.register("way", "", histograms.commit_to_remote);
        registry.register("made", "", histograms.commits);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        assert!(
            text.contains("way_sum 4.0") && text.contains("way_count 2") && text.contains("made_total 3"),
            "{text}"
        );
    }

    #[test]
    fn a_remote_that_is_away_for_long_costs_no_memory() {
        let mut figures = Figures::default();
        let many = (0..20_000).map(|number| format!("{number:040x}").parse().unwrap());
        figures.note_commits(many, Timestamp::UNIX_EPOCH, true);
        assert_eq!(figures.unpushed.len(), UNPUSHED);
    }
}
