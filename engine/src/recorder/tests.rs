//! The recorder at work, fed by hand; what it made is judged by the git command.

mod adopted;
mod anew;
mod audited;
mod changes;
mod crash;
mod ending;
mod late;
mod many;
mod missed;
mod people;
mod previews;
mod restarts;
mod secrets;
mod states;
mod sweep;
mod told;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use model::git::CommitId;
use model::history::{Actor, HistoryEntry, Recorded, Verb};
use model::sync::{RecordState, SyncChip};
use model::{Kind, PageRequest, ResourceRef, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::ledger::{Baseline, NewOperation, OperationResult};
use crate::store::Store;
use crate::{Clock, ClusterAccess, ClusterConfig, Credentials, DatabaseConfig, RepositoryConfig};

/// A recorder with all that it needs, in a temporary folder.
struct Bench {
    folder: TempDir,
    config: EngineConfig,
    store: Store,
    ledger: Ledger,
    repository: Repository,
    recorder: Recorder,
    sealer: Arc<Sealer>,
    ignored: Arc<Ignored>,
    audit: AuditEvents,
    watch: mpsc::Sender<Observed>,
    lister: Lister,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

/// Tells whether nothing waits for the recorder, whatever waits for a person.
fn is_even(chip: &SyncChip) -> bool {
    use SyncChip::{Blocked, Drifted, Held, InStep};
    matches!(chip, InStep { .. } | Held { .. } | Blocked { .. } | Drifted { .. })
}

impl Bench {
    async fn start(window: Duration) -> Self {
        Self::start_with(TempDir::new().unwrap(), window, None).await
    }

    async fn start_with(folder: TempDir, window: Duration, remote: Option<&Path>) -> Self {
        let config = Self::config(&folder, window, remote);
        let store = Store::open(&config).await.unwrap();
        Self::on(folder, config, store).await
    }

    fn config(folder: &TempDir, window: Duration, remote: Option<&Path>) -> EngineConfig {
        EngineConfig {
            data_dir: folder.path().join("data"),
            database: DatabaseConfig::Memory,
            cluster: ClusterConfig { name: "sandbox".parse().unwrap(), access: ClusterAccess::InCluster },
            repository: RepositoryConfig {
                remote: remote.map(|path| path.to_str().unwrap().parse().unwrap()),
                branch: "main".parse().unwrap(),
                path: ".".into(),
                credentials: Credentials::default(),
                signing_key_file: None,
            },
            commit_window: window,
            longest_window: window * 10,
            sweep: crate::SweepLimits::default(),
            kind_rules: crate::KindRules::default(),
            ignore_rules: crate::IgnoreRules::default(),
            age_recipients: None,
            audit: crate::AuditConfig::default(),
            clock: Clock::new(Timestamp::now),
        }
    }

    async fn on(folder: TempDir, config: EngineConfig, store: Store) -> Self {
        let ledger = Ledger::open(store.clone(), config.clock.clone()).await.unwrap();
        let (stopping, tasks) = (CancellationToken::new(), TaskTracker::new());
        let repository = Repository::open(&config).await.unwrap();
        let (watch, observed) = mpsc::channel(64);
        let sealer = Arc::new(Sealer::open(&config.data_dir, config.age_recipients.clone()).unwrap());
        let audit = AuditEvents::new(&config);
        let ignored = Arc::new(Ignored::new(config.ignore_rules.clone()));
        let lister = Lister::default();
        let (_, files) = recorded_versions(&repository, &config, sealer.clone()).await.unwrap();
        let (audit_events, sealing, ignoring) = (audit.clone(), sealer.clone(), ignored.clone());
        let sources = Sources {
            observed,
            audit: audit_events,
            sealer: sealing,
            ignored: ignoring,
            lister: lister.clone(),
            files,
        };
        let recorder =
            Recorder::start(&config, repository.clone(), ledger.clone(), sources, &stopping, &tasks).await.unwrap();
        watch.send(Observed::Followed { kinds: Vec::new() }).await.unwrap();
        Self {
            folder,
            config,
            store,
            ledger,
            repository,
            recorder,
            sealer,
            ignored,
            audit,
            watch,
            lister,
            stopping,
            tasks,
        }
    }

    /// Ends as the program does, and gives what another can begin with.
    async fn end(self) -> (TempDir, EngineConfig, Store) {
        let Self { folder, config, store, stopping, tasks, watch, .. } = self;
        stopping.cancel();
        tasks.close();
        drop(watch);
        tasks.wait().await;
        (folder, config, store)
    }

    /// Ends and begins again on the same data.
    async fn restart(self) -> Self {
        let (folder, config, store) = self.end().await;
        Self::on(folder, config, store).await
    }

    async fn sees(&self, object: Value) {
        self.tell(object, false).await;
    }

    async fn tell(&self, mut object: Value, initial: bool) {
        let resource = manifest::identity(&object, &self.config.cluster.name).unwrap();
        let is_secret = resource.kind == Kind::new("", "Secret");
        let values = if is_secret { self.sealer.take(&resource, &mut object).map(Arc::new) } else { None };
        let seen_at = Timestamp::now();
        self.watch
            .send(Observed::Changed { resource, object: Arc::new(object), values, seen_at, initial })
            .await
            .unwrap();
    }

    async fn loses(&self, object: Value) {
        let resource = manifest::identity(&object, &self.config.cluster.name).unwrap();
        let seen_at = Timestamp::now();
        self.watch.send(Observed::Deleted { resource, object: Arc::new(object), seen_at }).await.unwrap();
    }

    async fn lists(&self, objects: &[Value]) {
        for object in objects {
            self.tell(object.clone(), true).await;
        }
        let present = objects.iter().map(|o| manifest::identity(o, &self.config.cluster.name).unwrap()).collect();
        self.watch.send(Observed::Listed { kind: Kind::new("", "ConfigMap"), present }).await.unwrap();
    }

    /// Waits until the chip says that nothing waits and all that was sent was taken in.
    async fn in_step(&self) {
        let mut chip = self.recorder.book.chip();
        let even = async {
            loop {
                let taken = self.watch.capacity() == self.watch.max_capacity();
                if taken && is_even(&chip.borrow_and_update()) {
                    self.recorder.steer(Steering::CommitNow).await.unwrap();
                    if is_even(&chip.borrow_and_update()) {
                        return;
                    }
                }
                let _ = tokio::time::timeout(Duration::from_millis(20), chip.changed()).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(60), even).await;
        assert!(in_time.is_ok(), "still {:?}", *self.recorder.book.chip().borrow());
    }

    /// Waits until all that was sent was taken in, and has it committed.
    async fn commits_all(&self) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while self.watch.capacity() < self.watch.max_capacity() {
            assert!(tokio::time::Instant::now() < deadline, "it is not taken in");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.recorder.steer(Steering::CommitNow).await.unwrap();
    }

    fn place(&self) -> PathBuf {
        self.config.data_dir.join("repository.git")
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(&self.place(), arguments)
    }

    /// Author and subject of each commit, oldest first.
    fn log(&self) -> Vec<String> {
        self.git(&["log", "--reverse", "--format=%an: %s", "main"]).lines().map(str::to_owned).collect()
    }

    async fn history(&self, resource: &ResourceRef) -> Vec<HistoryEntry> {
        self.store.timeline_of_resource(resource, PageRequest::default()).await.unwrap().items
    }

    async fn entry(&self, resource: &ResourceRef, id: &str) -> HistoryEntry {
        self.history(resource).await.into_iter().find(|entry| entry.id == id).unwrap()
    }

    /// Asks Kubernetes for a write whose answer nobody hears.
    async fn asks(&self, new: NewOperation) -> String {
        let (id, guard) = self.ledger.begin_operation(new).await.unwrap();
        drop(guard);
        id
    }

    /// Does what the write path does: says so, has the API server do it, notes the answer.
    async fn operates(&self, verb: Verb, object: &Value, summary: &str) -> String {
        let new = NewOperation {
            verb,
            summary: summary.into(),
            reason: "Because of Friday".into(),
            baseline: Baseline::default(),
            ..edit(object)
        };
        let (id, guard) = self.ledger.begin_operation(new).await.unwrap();
        let text = |field: &str| object["metadata"][field].as_str().unwrap().to_owned();
        let applied = OperationResult::Applied { uid: text("uid"), resource_version: Some(text("resourceVersion")) };
        self.ledger.finish_operation(&id, applied).await.unwrap();
        drop(guard);
        id
    }
}

/// An edit by ada of an object as she found it.
fn edit(found: &Value) -> NewOperation {
    NewOperation {
        actor: Actor::User("ada".parse().unwrap()),
        email: Some("ada@example.org".into()),
        verb: Verb::Edit,
        resource: manifest::identity(found, &"sandbox".parse().unwrap()).unwrap(),
        summary: "Edit shop/a".into(),
        reason: String::new(),
        baseline: Baseline::of(found),
        rolls_out: false,
    }
}

fn git(place: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).current_dir(place).output().expect("git is installed");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn config_map(name: &str, version: u32, data: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": format!("uid-of-{name}"),
            "resourceVersion": version.to_string(),
            "managedFields": [{
                "manager": "kubectl-edit",
                "operation": "Update",
                "apiVersion": "v1",
                "time": "2026-01-01T00:00:00Z",
                "fieldsType": "FieldsV1",
                "fieldsV1": {"f:data": {".": {}, "f:key": {}}}
            }]
        },
        "data": {"key": data}
    })
}

/// The ConfigMap `a` as a write of Denshimon's left it.
fn written(version: u32, data: &str) -> Value {
    let mut object = config_map("a", version, data);
    object["metadata"]["managedFields"][0]["manager"] = "denshimon".into();
    object
}

fn resource(name: &str) -> ResourceRef {
    ResourceRef {
        cluster: "sandbox".parse().unwrap(),
        kind: Kind::new("", "ConfigMap"),
        namespace: Some("shop".parse().unwrap()),
        name: name.parse().unwrap(),
    }
}
