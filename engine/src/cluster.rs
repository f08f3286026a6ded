//! The connection to the cluster and the watches on it.
//!
//! One watch per kind is the only source of state: it feeds the inventory, which pages read, and the recorder. Which
//! kinds there are is asked of the API server, so they come, change version and go without a restart.

mod changes;
mod connect;
mod discovery;
mod follow;
pub(crate) mod inventory;
mod kinds;
mod owners;
mod read;
mod state;
mod warnings;
mod watches;

use std::sync::Arc;

use kube::Client;
use model::sync::WatchedKind;
use model::{Kind, ResourceRef, Timestamp};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ignoring::Ignored;
use crate::sealing::{Sealer, SecretValues};
use crate::{EngineConfig, StartError};

use inventory::Inventory;
pub use kinds::KindRules;
pub(crate) use kinds::{RecordedVersions, definitions, makes_kinds};
use state::KindsTotal;

/// Events that wait for the recorder; when it is behind, the watches wait.
const QUEUE: usize = 1024;

/// The cluster; cheap to clone.
#[derive(Clone)]
pub(crate) struct Cluster {
    client: Client,
    inventory: Inventory,
    changes: changes::Changes,
    state: Arc<state::WatchStates>,
    rules: watch::Sender<KindRules>,
    relist: watch::Sender<follow::Relist>,
    retry: Arc<Notify>,
}

/// Has kinds listed again; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lister {
    relist: watch::Sender<follow::Relist>,
}

impl Lister {
    /// Has the watches read these kinds again, each resource and then the whole list.
    pub(crate) fn read_again(&self, kinds: impl IntoIterator<Item = Kind>) {
        let mut kinds = kinds.into_iter().peekable();
        if kinds.peek().is_some() {
            self.relist.send_modify(|relist| kinds.for_each(|kind| relist.kind(kind)));
        }
    }

    /// Returns how often this was asked for a kind.
    #[cfg(test)]
    pub(crate) fn times(&self, kind: &Kind) -> u64 {
        self.relist.borrow().of(kind)
    }
}

/// What an object goes through before anybody else sees it, and what the watches learn for the recorder.
pub(crate) struct Sieve {
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) ignored: Arc<Ignored>,
}

/// What the watches tell the recorder, in the order they saw it per resource.
#[derive(Clone, Debug)]
pub(crate) enum Observed {
    /// A resource is there or has changed; `initial` while the first list is read.
    ///
    /// A Secret has fingerprints for values, and beside it the values themselves if they are recorded encrypted.
    Changed {
        resource: ResourceRef,
        object: Arc<serde_json::Value>,
        values: Option<Arc<SecretValues>>,
        seen_at: Timestamp,
        initial: bool,
    },
    /// The last state of a resource that is gone.
    Deleted { resource: ResourceRef, object: Arc<serde_json::Value>, seen_at: Timestamp },
    /// Once, before any but the most needed kinds are listed: all that are, so that nobody takes the first few for all.
    Followed { kinds: Vec<Kind> },
    /// A complete, healthy list of a kind has been read: what was not in it is not there.
    Listed { kind: Kind, present: Vec<ResourceRef> },
    /// The kind's watch is away: nothing may be said of its resources.
    Away { kind: Kind },
    /// The kind is not followed any more: the API serves it no longer, or it is left out.
    Gone { kind: Kind },
}

impl Cluster {
    /// Begins to follow all kinds, those with records in the version that these are in; a cluster that does not answer is
    /// tried again until it does.
    ///
    /// # Errors
    /// The kubeconfig cannot be read or names no such context.
    pub(crate) async fn start(
        config: &EngineConfig,
        rules: KindRules,
        recorded: RecordedVersions,
        sieve: Sieve,
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
            rules: watch::Sender::new(rules),
            relist: watch::Sender::default(),
            retry: Arc::default(),
        };
        let follower = follow::Follower {
            client: cluster.client.clone(),
            name: config.cluster.name.clone(),
            clock: config.clock.clone(),
            inventory: cluster.inventory.clone(),
            changes: cluster.changes.clone(),
            state: cluster.state.clone(),
            observed: sender,
            sealer: sieve.sealer,
            ignored: sieve.ignored,
            rules: cluster.rules.clone(),
            lister: cluster.lister(),
            kinds_changed: Arc::default(),
            retry: cluster.retry.clone(),
        };
        tasks.spawn(watches::follow_all(follower, recorded, stopping.clone()));
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

    /// Adds up what is followed.
    pub(crate) fn totals(&self) -> KindsTotal {
        self.state.totals()
    }

    /// Says why a kind has no records; `None` when it has.
    pub(crate) fn left_out(&self, kind: &Kind) -> Option<&'static str> {
        self.rules.borrow().left_out(kind)
    }

    /// Tries the kinds that are away again now.
    pub(crate) fn retry(&self) {
        self.retry.notify_waiters();
    }

    /// Takes new decisions about kinds.
    pub(crate) fn set_rules(&self, rules: KindRules) {
        // Pages say so at once; the watches follow.
        for known in self.state.kinds() {
            self.state.leave_out(&known.kind, rules.left_out(&known.kind));
        }
        self.rules.send_replace(rules);
    }

    /// Returns what has kinds listed again.
    pub(crate) fn lister(&self) -> Lister {
        Lister { relist: self.relist.clone() }
    }

    /// Reads every resource again, since what is recorded of them has changed.
    pub(crate) fn read_again(&self) {
        self.relist.send_modify(follow::Relist::all);
    }

    /// Returns the notices of changed Deployments.
    pub(crate) fn changes(&self) -> &changes::Changes {
        &self.changes
    }
}
