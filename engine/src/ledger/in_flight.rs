//! Writes that wait for Kubernetes' answer, and those that got none.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::ResourceRef;
use model::history::OperationState;

use super::{Ledger, Operation};

/// How long the recorder waits for Kubernetes' answer to a write before it names nobody.
const SETTLE: Duration = Duration::from_secs(5);

/// Whether the answer to a write may still come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Awaited,
    /// The connection broke, then.
    GivenUp(Instant),
    /// Nobody is left to hear it.
    OfEarlierRun,
}

/// Counts a write as under way until it is dropped, whatever happens to the task that makes it.
#[must_use]
pub(crate) struct InFlight {
    ledger: Ledger,
    id: String,
    resource: ResourceRef,
}

impl InFlight {
    pub(super) fn new(ledger: &Ledger, id: String, resource: ResourceRef) -> Self {
        *lock(&ledger.open.in_flight).entry(resource.clone()).or_default() += 1;
        lock(&ledger.open.unanswered).insert(id.clone(), None);
        Self { ledger: ledger.clone(), id, resource }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let open = &self.ledger.open;
        if let Some(since) = lock(&open.unanswered).get_mut(&self.id) {
            *since = Some(Instant::now());
        }
        let mut in_flight = lock(&open.in_flight);
        if let Some(count) = in_flight.get_mut(&self.resource) {
            *count -= 1;
            if *count == 0 {
                in_flight.remove(&self.resource);
            }
        }
        drop(in_flight);
        open.landed.notify_waiters();
    }
}

impl Ledger {
    /// Returns what was asked of Kubernetes and has no answer.
    pub(super) async fn started_operations(&self) -> Vec<(Operation, Answer)> {
        // One look at both: an answer that came in between would make a write look like one of an earlier run.
        let rows = self.open.rows.lock().await;
        let mut unanswered = lock(&self.open.unanswered);
        let is_started =
            |id: &String| rows.get(id).is_some_and(|row| row.entry.operation == Some(OperationState::Started));
        // What was entered in another way than by its answer is no longer waited for.
        unanswered.retain(|id, since| since.is_none() || is_started(id));
        let started = rows.iter().filter(|(id, _)| is_started(id)).map(|(id, row)| {
            let answer = match unanswered.get(id) {
                None => Answer::OfEarlierRun,
                Some(None) => Answer::Awaited,
                Some(Some(since)) => Answer::GivenUp(*since),
            };
            (Operation::from(row), answer)
        });
        started.collect()
    }

    /// Returns what was asked of Kubernetes, in this run or an earlier one, and whose answer nobody hears any more.
    pub(crate) async fn unheard_operations(&self) -> Vec<Operation> {
        let started = self.started_operations().await.into_iter();
        started.filter(|(_, answer)| *answer != Answer::Awaited).map(|(operation, _)| operation).collect()
    }

    /// Returns those among them that an earlier run asked for.
    pub(crate) async fn started_earlier(&self) -> Vec<Operation> {
        let started = self.started_operations().await.into_iter();
        started.filter(|(_, answer)| *answer == Answer::OfEarlierRun).map(|(operation, _)| operation).collect()
    }

    /// Tells whether the answer to a write may still come.
    pub(super) fn is_awaited(&self, id: &str) -> bool {
        lock(&self.open.unanswered).get(id) == Some(&None)
    }

    /// Returns what can hardly arrive any more, and since when: given up for so long, or of an earlier run, since whose end
    /// so long has passed at least.
    pub(crate) async fn overdue_operations(
        &self,
        given_up: Duration,
        earlier_run: Duration,
    ) -> Vec<(Operation, Duration)> {
        // Not by the rows' times: the clock may have been set since.
        let with_waited = self.started_operations().await.into_iter().filter_map(|(operation, answer)| {
            let (waited, least) = match answer {
                Answer::Awaited => return None,
                Answer::GivenUp(since) => (since.elapsed(), given_up),
                Answer::OfEarlierRun => (self.open.since.elapsed(), earlier_run),
            };
            (waited >= least).then_some((operation, waited))
        });
        with_waited.collect()
    }

    /// Waits until no write on a resource is under way, at most 5 s; returns whether that is so.
    pub(crate) async fn settled(&self, resource: &ResourceRef) -> bool {
        let waiting = async {
            loop {
                let landed = self.open.landed.notified();
                if !self.is_in_flight(resource) {
                    return;
                }
                landed.await;
            }
        };
        tokio::time::timeout(SETTLE, waiting).await.is_ok()
    }

    /// Returns the resources with writes that wait for Kubernetes' answer.
    pub(crate) fn resources_in_flight(&self) -> Vec<ResourceRef> {
        lock(&self.open.in_flight).keys().cloned().collect()
    }

    /// Tells whether a write on a resource waits for Kubernetes' answer.
    pub(crate) fn is_in_flight(&self, resource: &ResourceRef) -> bool {
        lock(&self.open.in_flight).contains_key(resource)
    }
}

/// A panic elsewhere leaves these maps whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
