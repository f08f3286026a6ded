//! Operation, observed change, commit and outcome: one timeline.

use crate::store::Store;
use crate::{Clock, StartError};

/// The ledger; cheap to clone.
#[derive(Clone)]
pub(crate) struct Ledger {
    store: Store,
    clock: Clock,
}

impl Ledger {
    pub(crate) async fn open(store: Store, clock: Clock) -> Result<Self, StartError> {
        Ok(Self { store, clock })
    }
}
