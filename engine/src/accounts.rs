//! Users, how they prove who they are, and how long that lasts.

use crate::Clock;
use crate::store::Store;

/// The accounts; cheap to clone.
#[derive(Clone)]
pub(crate) struct Accounts {
    store: Store,
    clock: Clock,
}

impl Accounts {
    pub(crate) fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }
}
