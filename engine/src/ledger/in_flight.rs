//! A write that waits for Kubernetes' answer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use model::ResourceRef;

use super::Ledger;

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

/// A panic elsewhere leaves these maps whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
