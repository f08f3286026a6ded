//! What the ledger has to be told, in order, as often as it takes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::git::CommitId;
use model::sync::{SyncProblem, WayOut};
use model::{ResourceRef, Timestamp};
use serde_json::Value;

use super::attribute::{Attribution, Cause, metadata};
use super::journal::Entry;
use super::recover::{Untold, untold};
use super::trailers::Found;
use super::work::Work;
use crate::repository::Rewrites;

/// One thing for the ledger.
#[derive(Clone, Debug)]
pub(super) enum Owed {
    Entries(Vec<Entry>),
    /// Everything up to here was told.
    Linked(CommitId),
    Found(Arc<Vec<Found>>),
    Rewrites(Rewrites),
}

/// More than this is not kept while the ledger cannot be written: the log says it again, if in fewer words.
const MOST: usize = if cfg!(test) { 20 } else { 20_000 };
/// The mark that says up to where all was told is a file on disk; without its newest value a start tells more again.
const MARK_PAUSE: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// All that the ledger has to be told, and when it is tried again after a failure; commits do not wait for that.
#[derive(Debug, Default)]
pub(super) struct Debts {
    queue: VecDeque<Owed>,
    /// Too much to be kept: what the ledger was not told is read from the log.
    forgotten: bool,
    /// Operations in what was forgotten.
    claimed: Vec<String>,
    retry_at: Option<Instant>,
    pause: Option<Duration>,
    marked_at: Option<Instant>,
}

impl Debts {
    pub(super) fn push_back(&mut self, owed: Owed) {
        // What says that all was told up to somewhere would not be true, and the log is read as it is then.
        if self.forgotten && !matches!(owed, Owed::Entries(_)) {
            return;
        }
        // A mark that waits is overtaken by entries and replaced by a newer one.
        let waiting = match &owed {
            Owed::Entries(_) | Owed::Linked(_) => self.queue.pop_back_if(|last| matches!(last, Owed::Linked(_))),
            _ => None,
        };
        let waits_on = matches!(owed, Owed::Entries(_));
        self.queue.push_back(owed);
        self.queue.extend(waiting.filter(|_| waits_on));
        if self.pause.is_some() && self.queue.iter().map(Owed::weight).sum::<usize>() > MOST {
            self.forget();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && !self.forgotten
    }

    /// Says when the ledger is to be told what waits; `None` when it knows all.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let mark = self.next_mark(now);
        (!self.is_empty()).then(|| self.retry_at.or(mark).unwrap_or(now))
    }

    /// Takes the pauses away.
    pub(super) fn retry_now(&mut self) {
        (self.retry_at, self.marked_at) = (None, None);
    }

    /// Says when the mark is to be set, if it is all that waits and was set a moment ago.
    fn next_mark(&self, now: Instant) -> Option<Instant> {
        let alone = !self.forgotten && self.queue.iter().all(|owed| matches!(owed, Owed::Linked(_)));
        self.marked_at.map(|at| at + MARK_PAUSE).filter(|at| alone && *at > now)
    }

    fn fail(&mut self) {
        let pause = self.pause.map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE));
        (self.pause, self.retry_at) = (Some(pause), Some(Instant::now() + pause));
    }

    /// Keeps only what no commit says, the newest of it.
    fn forget(&mut self) {
        self.forgotten = true;
        let entries = std::mem::take(&mut self.queue).into_iter().flat_map(|owed| match owed {
            Owed::Entries(entries) => entries,
            _ => Vec::new(),
        });
        let (said, mut unsaid): (Vec<Entry>, Vec<Entry>) = entries.partition(|entry| entry.commit.is_some());
        let lost = unsaid.drain(..unsaid.len().saturating_sub(MOST / 2));
        self.claimed.extend(said.into_iter().chain(lost).flat_map(|entry| entry.operations));
        if !unsaid.is_empty() {
            self.queue.push_back(Owed::Entries(unsaid));
        }
    }
}

impl Owed {
    fn weight(&self) -> usize {
        match self {
            Self::Entries(entries) => entries.len(),
            Self::Linked(_) => 1,
            Self::Found(found) => found.len(),
            Self::Rewrites(rewrites) => rewrites.0.len(),
        }
    }
}

impl Work {
    /// Finds the operations that an observed state fulfils and no waiting change has claimed.
    pub(super) async fn causes(&mut self, object: &Value, gone: bool) -> Vec<Cause> {
        let causes = self.journal.causes(object, gone).await;
        causes.into_iter().filter(|cause| !self.claimed.contains(&cause.id)).collect()
    }

    /// Finds the operations on an object whose end was not seen before another one of its name was.
    pub(super) async fn causes_before(&mut self, resource: &ResourceRef, object: &Value) -> Vec<Cause> {
        let causes = self.journal.causes_before(resource, object).await;
        causes.into_iter().filter(|cause| !self.claimed.contains(&cause.id)).collect()
    }

    /// Finds the operations on a resource of which no object is left to ask.
    pub(super) async fn causes_of_resource(&mut self, resource: &ResourceRef) -> Vec<Cause> {
        let causes = self.journal.causes_of_resource(resource).await;
        causes.into_iter().filter(|cause| !self.claimed.contains(&cause.id)).collect()
    }

    /// Remembers that a waiting change fulfils these operations.
    pub(super) fn claim(&mut self, attribution: &Attribution) {
        self.claimed.extend(attribution.causes.iter().map(|cause| cause.id.clone()));
    }

    /// Owes the ledger operations that left the record as it was, as a restart does.
    pub(super) fn enter_unchanged(
        &mut self,
        resource: &ResourceRef,
        object: &Value,
        causes: Vec<Cause>,
        at: Timestamp,
    ) {
        let Some(last) = causes.last() else { return };
        let operations: Vec<String> = causes.iter().map(|cause| cause.id.clone()).collect();
        let version = metadata(object, "resourceVersion");
        tracing::debug!(%resource, version, ?operations, "operations left the record as it was");
        let entry = Entry {
            resource: resource.clone(),
            resource_version: version.to_owned(),
            actor: last.actor.clone(),
            verb: last.verb,
            summary: last.summary.clone(),
            at,
            operations,
            commit: None,
        };
        self.claimed.extend(entry.operations.iter().cloned());
        self.owe(entry);
    }

    /// Owes the ledger an event without a commit.
    pub(super) fn owe(&mut self, entry: Entry) {
        self.owed.push_back(Owed::Entries(vec![entry]));
    }

    /// Owes the ledger operations on a resource that is gone and never was recorded.
    pub(super) async fn enter_unrecorded(&mut self, resource: &ResourceRef) {
        let causes = self.causes_of_resource(resource).await;
        let now = self.clock.now();
        self.enter_unchanged(resource, &Value::Null, causes, now);
    }

    pub(super) fn owe_rewrites(&mut self, rewrites: Rewrites) {
        if !rewrites.0.is_empty() {
            self.owed.push_back(Owed::Rewrites(rewrites));
        }
    }

    pub(super) fn owe_found(&mut self, found: Vec<Found>, head: Option<CommitId>) {
        if !found.is_empty() {
            self.owed.push_back(Owed::Found(Arc::new(found)));
        }
        if let Some(head) = head {
            self.owed.push_back(Owed::Linked(head));
        }
    }

    /// Tells the ledger what it is owed, until it is even or fails; not in the pause after a failure.
    pub(super) async fn pay(&mut self) {
        if self.owed.retry_at.is_some_and(|at| at > Instant::now()) {
            return;
        }
        while !self.owed.is_empty() && self.owed.next_mark(Instant::now()).is_none() {
            if let Err(error) = self.pay_one().await {
                tracing::error!(error, "the ledger could not be written");
                let since = self.clock.now();
                self.book.pages().unlinked.get_or_insert_with(|| SyncProblem {
                    what: "Commits cannot be entered in the history".into(),
                    remedy: "Check the database. The commits are safe, and are entered when it works again.".into(),
                    way_out: Some(WayOut::Retry),
                    since,
                });
                self.owed.fail();
                return;
            }
        }
        (self.owed.pause, self.owed.retry_at) = (None, None);
        self.book.pages().unlinked = None;
    }

    async fn pay_one(&mut self) -> Result<(), String> {
        let Some(owed) = self.owed.queue.front().cloned() else { return self.remember().await };
        match &owed {
            Owed::Entries(entries) => self.journal.enter(entries).await.map_err(|error| error.to_string())?,
            Owed::Found(found) => self.journal.enter_found(found).await.map_err(|error| error.to_string())?,
            Owed::Linked(head) => {
                self.repository.mark_linked(head.clone()).await.map_err(|error| error.to_string())?;
                self.owed.marked_at = Some(Instant::now());
            }
            Owed::Rewrites(rewrites) => self.rewrite(rewrites).await?,
        }
        self.owed.queue.pop_front();
        if let Owed::Entries(entries) = owed {
            for operation in entries.iter().flat_map(|entry| &entry.operations) {
                self.claimed.remove(operation);
            }
        }
        Ok(())
    }

    /// Owes the ledger again what was forgotten, once it answers.
    async fn remember(&mut self) -> Result<(), String> {
        self.journal.check().await.map_err(|error| error.to_string())?;
        let cluster = self.book.cluster.clone();
        let untold = self.repository.read(move |git, reading| untold(git, reading, &cluster)).await;
        let untold = untold.map_err(|error| error.to_string())?;
        self.owed.forgotten = false;
        for operation in std::mem::take(&mut self.owed.claimed) {
            self.claimed.remove(&operation);
        }
        self.owe_untold(untold);
        Ok(())
    }

    /// Owes the ledger what the repository says and it may not know.
    pub(super) fn owe_untold(&mut self, untold: Untold) {
        self.owe_rewrites(untold.rewrites);
        self.owe_found(untold.found, untold.head);
    }

    async fn rewrite(&mut self, rewrites: &Rewrites) -> Result<(), String> {
        self.journal.rewrite(rewrites).await.map_err(|error| error.to_string())?;
        self.repository.forget_rewrites(rewrites.clone()).await.map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use model::Kind;
    use model::history::{Actor, Verb};

    use super::*;

    fn entry(number: usize, commit: bool) -> Entry {
        Entry {
            resource: ResourceRef {
                cluster: "sandbox".parse().unwrap(),
                kind: Kind::new("", "ConfigMap"),
                namespace: None,
                name: format!("c{number}").parse().unwrap(),
            },
            resource_version: number.to_string(),
            actor: Actor::Unresolved,
            verb: Verb::Observe,
            summary: String::new(),
            at: Timestamp::UNIX_EPOCH,
            operations: vec![format!("operation-{number}")],
            commit: commit.then(|| format!("{number:040x}").parse().unwrap()),
        }
    }

    fn head(digit: &str) -> CommitId {
        digit.repeat(40).parse().unwrap()
    }

    #[test]
    fn the_mark_is_set_behind_the_entries_and_not_each_time() {
        let mut debts = Debts::default();
        for (number, digit) in ["a", "b"].into_iter().enumerate() {
            debts.push_back(Owed::Entries(vec![entry(number, true)]));
            debts.push_back(Owed::Linked(head(digit)));
        }
        debts.push_back(Owed::Entries(vec![entry(2, false)]));
        let now = Instant::now();
        assert_eq!(debts.due(now), Some(now));
        let marks: Vec<_> = debts.queue.iter().map(|owed| matches!(owed, Owed::Linked(_))).collect();
        assert_eq!(marks, [false, false, false, true]);
        assert!(matches!(debts.queue.back(), Some(Owed::Linked(at)) if *at == head("b")));
        debts.queue.drain(..3);
        debts.marked_at = Some(now);
        assert_eq!(debts.due(now), Some(now + MARK_PAUSE), "it alone may wait");
        debts.push_back(Owed::Rewrites(Rewrites(vec![(head("a"), head("b"))])));
        assert_eq!(debts.due(now), Some(now));
        debts.queue.pop_back();
        debts.retry_now();
        assert_eq!(debts.due(now), Some(now), "unless somebody waits for it");
    }

    #[test]
    fn a_ledger_that_is_away_for_long_costs_no_memory() {
        let head = head("a");
        let mut debts = Debts::default();
        debts.push_back(Owed::Entries((0..10 * MOST).map(|number| entry(number, true)).collect()));
        assert!(!debts.forgotten, "a large snapshot is told whole");
        debts.queue.clear();
        debts.fail();
        assert!(debts.due(Instant::now()).is_none());
        for number in 0..3 * MOST {
            debts.push_back(Owed::Entries(vec![entry(number, number % 2 == 0)]));
            debts.push_back(Owed::Linked(head.clone()));
            assert!(debts.queue.iter().map(Owed::weight).sum::<usize>() <= MOST);
        }
        assert!(debts.forgotten && debts.due(Instant::now()).is_some_and(|at| at > Instant::now()));
        assert!(!debts.queue.iter().any(|owed| matches!(owed, Owed::Linked(_))), "not all was told up to there");
        let kept: usize = debts.queue.iter().map(Owed::weight).sum();
        assert_eq!(kept + debts.claimed.len(), 3 * MOST, "each operation is known to be claimed, or claimed still");
        debts.retry_now();
        assert!(debts.due(Instant::now()).is_some_and(|at| at <= Instant::now()));
    }
}
