//! The connection to the cluster and the watches on it.
//!
//! One watch per kind is the only source of state: it feeds the inventory, which pages read, and the recorder. What is
//! a custom resource is learnt from the watch on definitions, so kinds come and go without a restart.

mod changes;
mod connect;
mod definitions;
mod follow;
pub(crate) mod inventory;
mod kinds;
mod state;
mod warnings;

use std::sync::Arc;

use kube::Client;
use model::sync::WatchedKind;
use model::{Kind, ResourceRef, Timestamp};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{EngineConfig, StartError};

use inventory::Inventory;

/// Events that wait for the recorder; when it is behind, the watches wait.
const QUEUE: usize = 1024;

/// The cluster; cheap to clone.
#[derive(Clone)]
pub(crate) struct Cluster {
    client: Client,
    inventory: Inventory,
    changes: changes::Changes,
    state: Arc<state::WatchStates>,
}

/// What the watches tell the recorder, in the order they saw it per resource.
#[derive(Clone, Debug)]
pub(crate) enum Observed {
    /// A resource is there or has changed; `initial` while the first list is read.
    Changed { resource: ResourceRef, object: Arc<serde_json::Value>, seen_at: Timestamp, initial: bool },
    /// The last state of a resource that is gone.
    Deleted { resource: ResourceRef, object: Arc<serde_json::Value>, seen_at: Timestamp },
    /// A complete, healthy list of a kind has been read: what was not in it is not there.
    Listed { kind: Kind, present: Vec<ResourceRef> },
    /// The kind's watch is away: nothing may be said of its resources.
    Away { kind: Kind },
    /// The kind itself is gone from the API (its CRD was deleted).
    Gone { kind: Kind },
}

impl Cluster {
    /// Begins to follow all kinds; a cluster that does not answer is tried again until it does.
    ///
    /// # Errors
    /// The kubeconfig cannot be read or names no such context.
    pub(crate) async fn start(
        config: &EngineConfig,
        stopping: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Result<(Self, mpsc::Receiver<Observed>), StartError> {
        let client = connect::connect(&config.cluster).await?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        let cluster = Self {
            client,
            inventory: Inventory::default(),
            changes: changes::Changes::default(),
            state: Arc::new(state::WatchStates::new(config.clock.clone())),
        };
        let follower = follow::Follower {
            client: cluster.client.clone(),
            name: config.cluster.name.clone(),
            clock: config.clock.clone(),
            inventory: cluster.inventory.clone(),
            changes: cluster.changes.clone(),
            state: cluster.state.clone(),
            observed: sender,
        };
        tasks.spawn(definitions::follow_all(follower, stopping.clone()));
        Ok((cluster, receiver))
    }

    /// Returns a client with Denshimon's own rights; people's rights are checked before it is used.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Runs some requests and returns what the API server warned of meanwhile.
    pub(crate) async fn with_warnings<T>(&self, work: impl Future<Output = T>) -> (T, Vec<String>) {
        warnings::catch(work).await
    }

    /// Returns what the watches have seen.
    pub(crate) fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Returns since when and why the cluster does not answer.
    pub(crate) fn away(&self) -> Option<(Timestamp, String)> {
        self.state.away()
    }

    /// Returns each followed kind with its watch's state.
    pub(crate) fn watched_kinds(&self) -> Vec<WatchedKind> {
        self.state.kinds()
    }

    /// Returns the notices of changed Deployments.
    pub(crate) fn changes(&self) -> &changes::Changes {
        &self.changes
    }
}
