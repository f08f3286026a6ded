//! The recorder at work, fed by hand; what it made is judged by the git command.

mod adopted;
mod anew;
mod audited;
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

    /// Ends as the program does, and begins again on the same data.
    async fn restart(self) -> Self {
        let Self { folder, config, store, stopping, tasks, watch, .. } = self;
        stopping.cancel();
        tasks.close();
        drop(watch);
        tasks.wait().await;
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

    /// Does what the write path does: says so, has the API server do it, notes the answer.
    async fn operates(&self, verb: Verb, object: &Value, summary: &str) -> String {
        let new = NewOperation {
            actor: Actor::User("ada".parse().unwrap()),
            email: Some("ada@example.org".into()),
            verb,
            resource: manifest::identity(object, &self.config.cluster.name).unwrap(),
            summary: summary.into(),
            reason: "Because of Friday".into(),
            baseline: Baseline::default(),
            rolls_out: false,
        };
        let (id, guard) = self.ledger.begin_operation(new).await.unwrap();
        let text = |field: &str| object["metadata"][field].as_str().unwrap().to_owned();
        let applied = OperationResult::Applied { uid: text("uid"), resource_version: Some(text("resourceVersion")) };
        self.ledger.finish_operation(&id, applied).await.unwrap();
        drop(guard);
        id
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

fn resource(name: &str) -> ResourceRef {
    ResourceRef {
        cluster: "sandbox".parse().unwrap(),
        kind: Kind::new("", "ConfigMap"),
        namespace: Some("shop".parse().unwrap()),
        name: name.parse().unwrap(),
    }
}

#[tokio::test]
async fn what_is_found_is_one_commit_and_an_unchanged_cluster_makes_none() {
    let bench = Bench::start(Duration::ZERO).await;
    let all: Vec<Value> = (0..40).map(|n| config_map(&format!("c{n}"), 1, "x")).collect();
    bench.lists(&all).await;
    bench.in_step().await;
    assert_eq!(bench.log(), ["Denshimon: Record cluster sandbox as found: 40 resources"]);
    bench.git(&["fsck", "--strict"]);
    for version in 2..5 {
        bench.sees(config_map("c7", version, "x")).await;
    }
    bench.in_step().await;
    assert_eq!(bench.log().len(), 1);
    let bench = bench.restart().await;
    bench.lists(&all).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), 1);
    let record = bench.recorder.book.record_of(&resource("c7"), None);
    assert_eq!(record.state, RecordState::Recorded);
    assert_eq!(record.path.as_deref(), Some("clusters/sandbox/shop/configmap/c7.yaml"));
    assert_eq!(record.commit.map(|id| id.to_string()), Some(bench.git(&["rev-parse", "main"])));
}

#[tokio::test]
async fn a_change_is_its_person_s_and_otherwise_the_manager_s() {
    let bench = Bench::start(Duration::from_millis(50)).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    bench.sees(config_map("a", 2, "2")).await;
    bench.in_step().await;
    let own = config_map("a", 3, "3");
    let id = bench.operates(Verb::Edit, &own, "Edit shop/a").await;
    bench.sees(own.clone()).await;
    bench.in_step().await;
    assert_eq!(bench.log()[1..], ["kubectl-edit: Update ConfigMap shop/a", "ada: Edit shop/a"]);
    let message = bench.git(&["log", "-1", "--format=%B", "main"]);
    assert!(message.contains("\n\nBecause of Friday\n"), "{message}");
    assert_eq!(bench.git(&["log", "-1", "--format=%ae", "main"]), "ada@example.org");
    let trailers = bench.git(&["log", "-1", "--format=%(trailers:only,unfold)", "main"]);
    let expect =
        format!("Actor: user ada\nCluster: sandbox\nResource: ConfigMap shop/a\nResource-Version: 3\nOperation: {id}");
    assert_eq!(trailers, expect);
    let history = bench.history(&resource("a")).await;
    let commit: CommitId = bench.git(&["rev-parse", "main"]).parse().unwrap();
    let of_id: Vec<_> = history.iter().filter(|entry| entry.id == id).collect();
    assert_eq!(of_id.len(), 1);
    assert_eq!(of_id[0].recorded, Recorded::Commit { id: commit, pushed: false });
    assert_eq!(history.len(), 3, "found, edited by kubectl, edited by ada");

    // A restart changes nothing of the record: its operation is done with, and no commit is made.
    let restarted = config_map("a", 4, "3");
    let id = bench.operates(Verb::Restart, &restarted, "Restart shop/a").await;
    bench.sees(restarted.clone()).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), 3);
    let history = bench.history(&resource("a")).await;
    assert_eq!(history.iter().find(|entry| entry.id == id).unwrap().recorded, Recorded::Unchanged);

    let delete = bench.operates(Verb::Delete, &restarted, "Delete shop/a").await;
    bench.loses(config_map("a", 5, "3")).await;
    bench.in_step().await;
    assert_eq!(bench.log()[3], "ada: Delete shop/a");
    assert!(bench.history(&resource("a")).await.iter().any(|entry| entry.id == delete));
    bench.sees(config_map("b", 6, "1")).await;
    bench.loses(config_map("b", 7, "1")).await;
    bench.sees(config_map("b", 8, "1")).await;
    bench.in_step().await;
    bench.loses(config_map("b", 9, "1")).await;
    bench.in_step().await;
    assert_eq!(bench.log().last().unwrap(), "unresolved: Delete ConfigMap shop/b", "{:?}", bench.log());
}

#[tokio::test]
async fn the_recorder_waits_for_the_answer_to_a_write() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let new = NewOperation {
        actor: Actor::User("ada".parse().unwrap()),
        email: Some("ada@example.org".into()),
        verb: Verb::Edit,
        resource: resource("a"),
        summary: "Edit shop/a".into(),
        reason: String::new(),
        baseline: Baseline::default(),
        rolls_out: false,
    };
    let (id, guard) = bench.ledger.begin_operation(new).await.unwrap();
    // The watch is faster than the answer.
    bench.sees(config_map("a", 2, "2")).await;
    bench.sees(config_map("b", 2, "2")).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while bench.log().len() < 2 {
        assert!(tokio::time::Instant::now() < deadline, "others do not wait");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let applied = OperationResult::Applied { uid: "uid-of-a".into(), resource_version: Some("2".into()) };
    bench.ledger.finish_operation(&id, applied).await.unwrap();
    drop(guard);
    while bench.log().len() < 3 {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(bench.log()[1..], ["kubectl-edit: Create ConfigMap shop/b", "ada: Edit shop/a"]);
}

#[tokio::test]
async fn a_burst_is_taken_whole() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("c0", 1, "x")]).await;
    bench.in_step().await;
    for n in 0..1_000 {
        bench.sees(config_map(&format!("c{}", n % 100), n + 2, &n.to_string())).await;
    }
    bench.in_step().await;
    assert_eq!(bench.log().len(), 1_001);
    assert!(bench.git(&["show", "main:clusters/sandbox/shop/configmap/c99.yaml"]).contains("999"));
    bench.git(&["fsck", "--strict"]);
    assert_eq!(bench.history(&resource("c50")).await.len(), 10);
}

#[tokio::test]
async fn somebody_s_commit_to_a_record_is_drift_and_not_undone() {
    let folder = TempDir::new().unwrap();
    git(folder.path(), &["init", "-q", "--bare", "-b", "main", "remote.git"]);
    let remote = folder.path().join("remote.git");
    let bench = Bench::start_with(folder, Duration::ZERO, Some(&remote)).await;
    bench.lists(&[config_map("a", 1, "1"), config_map("b", 1, "1")]).await;
    bench.in_step().await;
    let mut publication = bench.repository.publication();
    publication.wait_for(|state| state.ahead == 0 && state.last_push.is_some()).await.unwrap();
    let clone = bench.folder.path().join("clone");
    git(bench.folder.path(), &["clone", "-q", "remote.git", "clone"]);
    let path = clone.join("clusters/sandbox/shop/configmap/a.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("key: '1'", "key: theirs").replace("key: \"1\"", "key: theirs")).unwrap();
    let as_eve = ["-c", "user.name=eve", "-c", "user.email=eve@example.org"];
    git(&clone, &[&as_eve[..], &["commit", "-qam", "By hand"]].concat());
    git(&clone, &["push", "-q", "origin", "main"]);

    let edit = config_map("b", 2, "2");
    let id = bench.operates(Verb::Edit, &edit, "Edit shop/b").await;
    bench.sees(edit.clone()).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while git(&remote, &["log", "-1", "--format=%s", "main"]) != "Edit shop/b"
        || bench.recorder.book.record_of(&resource("a"), None).state != RecordState::Drifted
    {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", bench.recorder.book.record_of(&resource("a"), None));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bench.sees(config_map("a", 3, "1")).await;
    bench.in_step().await;
    assert!(bench.git(&["show", "main:clusters/sandbox/shop/configmap/a.yaml"]).contains("theirs"));
    assert_eq!(*bench.recorder.book.chip().borrow(), SyncChip::Drifted { records: 1 });
    let problem = status::drift(&bench.recorder.book.pages(), |_| true).unwrap();
    assert!(problem.what.contains("configmap/a.yaml (by eve)"), "{problem:?}");
    // The operation follows its commit to where the replay put it.
    let head: CommitId = bench.git(&["rev-parse", "main"]).parse().unwrap();
    loop {
        let history = bench.history(&resource("b")).await;
        let entry = history.iter().find(|entry| entry.id == id).unwrap();
        if entry.recorded == (Recorded::Commit { id: head.clone(), pushed: true }) {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{:?}, head {head}", entry.recorded);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(bench.recorder.book.record_of(&resource("b"), None).commit, Some(head), "and so does its page");
    let bench = bench.restart().await;
    bench.lists(&[config_map("a", 3, "1"), config_map("b", 2, "2")]).await;
    bench.in_step().await;
    assert_eq!(bench.recorder.book.record_of(&resource("a"), None).state, RecordState::Drifted);
    assert!(bench.git(&["show", "main:clusters/sandbox/shop/configmap/a.yaml"]).contains("theirs"));
    // What the cluster says next is recorded, and nothing is drifted any more.
    bench.sees(config_map("a", 4, "4")).await;
    bench.in_step().await;
    assert!(matches!(*bench.recorder.book.chip().borrow(), SyncChip::InStep { .. }));
}

#[tokio::test]
async fn a_disk_that_fails_loses_nothing() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let (objects, hidden) = (bench.place().join("objects"), bench.place().join("hidden"));
    std::fs::rename(&objects, &hidden).unwrap();
    bench.sees(config_map("a", 2, "2")).await;
    bench.sees(config_map("b", 2, "2")).await;
    let mut chip = bench.recorder.book.chip();
    let stuck = chip.wait_for(|chip| matches!(chip, SyncChip::CannotRecord { .. }));
    tokio::time::timeout(Duration::from_secs(10), stuck).await.unwrap().unwrap();
    assert_eq!(bench.recorder.book.record_of(&resource("a"), None).state, RecordState::Blocked);
    if objects.exists() {
        std::fs::remove_dir_all(&objects).unwrap();
    }
    std::fs::rename(&hidden, &objects).unwrap();
    bench.recorder.steer(Steering::Retry).await.unwrap();
    bench.in_step().await;
    assert_eq!(bench.log().len(), 3);
}
