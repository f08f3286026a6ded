//! Operation, observed change, commit and outcome: one timeline, each of its rows stored once.
//!
//! An operation makes its row before Kubernetes is asked, and gets its commit and its outcome in that same row. A
//! change that did not come through Denshimon makes a row of its own. What is not finished is also kept in memory, so
//! that the recorder can join a change with its operation without asking the database.

mod baseline;
mod in_flight;
mod operations;
mod read;
mod record;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use model::ResourceRef;
use tokio::sync::{Mutex, Notify};

use crate::store::{Store, TimelineRow};
use crate::{Clock, StartError};

pub(crate) use baseline::Baseline;
pub(crate) use operations::{NewOperation, Operation, OperationResult};
pub(crate) use record::Change;

/// The ledger; cheap to clone.
#[derive(Clone)]
pub(crate) struct Ledger {
    store: Store,
    clock: Clock,
    open: Arc<Open>,
}

/// What is not finished.
struct Open {
    /// The beginning of this run.
    since: Instant,
    /// By the operation's id; also guards the order of writes to the rows in it.
    rows: Mutex<HashMap<String, TimelineRow>>,
    /// Writes that Kubernetes has not answered, by resource.
    in_flight: std::sync::Mutex<HashMap<ResourceRef, usize>>,
    /// Since when no answer to a write of this run is expected any more, by the operation's id; `None` while it is.
    unanswered: std::sync::Mutex<HashMap<String, Option<Instant>>>,
    /// Operations without a commit of which a state alone says that they arrived.
    concluded: std::sync::Mutex<HashSet<String>>,
    landed: Notify,
}

impl Ledger {
    /// Reads what an earlier run left unfinished.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn open(store: Store, clock: Clock) -> Result<Self, StartError> {
        let rows = store.unfinished_timeline().await.map_err(|error| {
            StartError::Store(format!("Cannot read the unfinished operations from the database: {error}."))
        })?;
        let rows = rows.into_iter().map(|row| (row.entry.id.clone(), row)).collect();
        let open = Open {
            since: Instant::now(),
            rows: Mutex::new(rows),
            in_flight: Default::default(),
            unanswered: Default::default(),
            concluded: Default::default(),
            landed: Notify::new(),
        };
        Ok(Self { store, clock, open: Arc::new(open) })
    }
}
