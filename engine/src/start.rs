//! How the parts are put together, started and stopped.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::EngineConfig;
use crate::accounts::Accounts;
use crate::audit::AuditEvents;
use crate::cluster::{Cluster, Sieve};
use crate::deployments::{Bases, follow_outcomes};
use crate::drafts::AnonymousDrafts;
use crate::ignoring::Ignored;
use crate::kinds;
use crate::ledger::Ledger;
use crate::masks;
use crate::recorder::{Recorder, Sources, recorded_versions};
use crate::repository::Repository;
use crate::sealing::Sealer;
use crate::store::Store;

/// The way to everything; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) parts: Arc<Parts>,
}

/// What the methods of [`Engine`] work with.
pub(crate) struct Parts {
    pub(crate) config: EngineConfig,
    pub(crate) store: Store,
    pub(crate) accounts: Accounts,
    pub(crate) anonymous_drafts: AnonymousDrafts,
    pub(crate) ledger: Ledger,
    pub(crate) cluster: Cluster,
    pub(crate) repository: Repository,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) ignored: Arc<Ignored>,
    pub(crate) recorder: Recorder,
    pub(crate) audit: AuditEvents,
    /// Versions of Deployments that people have begun to edit.
    pub(crate) bases: Bases,
    stopping: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

/// Why the engine cannot start; each message is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0}")]
    Store(String),
    #[error("{0}")]
    Repository(String),
    #[error("{0}")]
    Cluster(String),
}

impl Engine {
    /// Opens store and repository, recovers what a crash left behind, and starts to follow the cluster.
    ///
    /// A cluster or a remote that does not answer is no error: the engine keeps trying and says so.
    ///
    /// # Errors
    /// The store is in use or broken, the repository cannot be opened, or the kubeconfig is wrong.
    pub async fn start(config: EngineConfig) -> Result<Self, StartError> {
        let stopping = CancellationToken::new();
        let tasks = TaskTracker::new();
        let store = Store::open(&config).await?;
        let ledger = Ledger::open(store.clone(), config.clock.clone()).await?;
        let accounts = Accounts::new(store.clone(), config.clock.clone());
        let repository = Repository::open(&config).await?;
        let sealer = Arc::new(Sealer::open(&config.data_dir, config.age_recipients.clone())?);
        masks::read_rules(&store, &sealer)
            .await
            .map_err(|error| StartError::Store(format!("Cannot read the rules for credentials: {error}.")))?;
        let ignored = Arc::new(Ignored::new(config.ignore_rules.clone()));
        ignored
            .read(&store)
            .await
            .map_err(|error| StartError::Store(format!("Cannot read the rules for what is left out: {error}.")))?;
        let rules = kinds::read_rules(&store, &config)
            .await
            .map_err(|error| StartError::Store(format!("Cannot read the decisions about kinds: {error}.")))?;
        let versions = recorded_versions(&repository, &config, sealer.clone()).await;
        let (recorded, files) = versions.unwrap_or_else(|error| {
            // The recorder says what to do about it.
            tracing::warn!(%error, "the versions of the records cannot be read");
            Default::default()
        });
        let sieve = Sieve { sealer: sealer.clone(), ignored: ignored.clone() };
        let (cluster, observed) = Cluster::start(&config, rules, recorded, sieve, &stopping, &tasks).await?;
        let audit = AuditEvents::new(&config);
        audit.follow(&cluster, &stopping, &tasks);
        let lister = cluster.lister();
        let (audit_events, sealing, ignoring) = (audit.clone(), sealer.clone(), ignored.clone());
        let sources = Sources { observed, audit: audit_events, sealer: sealing, ignored: ignoring, lister, files };
        let recorder = Recorder::start(&config, repository.clone(), ledger.clone(), sources, &stopping, &tasks).await?;
        let anonymous_drafts = AnonymousDrafts::default();
        let parts = Parts {
            config,
            store,
            accounts,
            anonymous_drafts,
            ledger,
            cluster,
            repository,
            sealer,
            ignored,
            recorder,
            audit,
            bases: Bases::default(),
            stopping: stopping.clone(),
            tasks: tasks.clone(),
        };
        let engine = Self { parts: Arc::new(parts) };
        tasks.spawn(follow_outcomes(engine.clone(), stopping.clone()));
        tasks.spawn(engine.clone().purge_now_and_then(stopping.clone()));
        tasks.spawn(engine.clone().sample_now_and_then(stopping));
        Ok(engine)
    }

    /// Returns the name that the cluster has on pages and in the repository.
    pub fn cluster_name(&self) -> &model::ClusterName {
        &self.parts.config.cluster.name
    }

    /// Ends all background work: watches first, then the recorder commits and pushes what it holds,
    /// and the store is closed last.
    ///
    /// Returns whether everything ended within the grace period.
    pub async fn stop(&self, grace: Duration) -> bool {
        self.parts.stopping.cancel();
        self.parts.tasks.close();
        let ended = tokio::time::timeout(grace, self.parts.tasks.wait()).await.is_ok();
        self.parts.store.close().await;
        ended
    }
}
