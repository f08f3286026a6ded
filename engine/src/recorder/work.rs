//! The recorder's task: takes in, groups, commits, tells the ledger.

mod pace;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use manifest::SchemaDefaults;
use model::git::CommitId;
use model::sync::{SyncProblem, WayOut};
use model::{Kind, ResourceRef};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::book::{Book, Whereabouts};
use super::journal::Journal;
use super::observe::Sighting;
use super::obstructed::in_the_way;
use super::owed::{Debts, Owed};
use super::people::{Ground, Known};
use super::plan::{PlanError, Planned, plan};
use super::restarts::Restarts;
use super::sweep::Guard;
use super::values::PersonsValues;
use super::window::{Group, Window};
use super::{Order, Steering};
use crate::audit::{AuditEvents, ClusterUser};
use crate::cluster::{Lister, Observed};
use crate::ignoring::Ignored;
use crate::repository::{Happened, Repository, RepositoryError};
use crate::sealing::Sealer;
use crate::{Clock, EngineConfig};
use pace::{FIRST_PAUSE, ROUND};

/// Beyond so many waiting changes the watches have to wait too.
pub(super) const MOST_WAITING: usize = if cfg!(test) { 4_000 } else { 20_000 };
/// For the last push when the engine stops.
const LAST_PUSH: Duration = Duration::from_secs(5);

/// The state of the task.
pub(super) struct Work {
    pub(super) book: Arc<Book>,
    pub(super) repository: Repository,
    pub(super) journal: Journal,
    pub(super) audit: AuditEvents,
    pub(super) clock: Clock,
    pub(super) window: Window,
    pub(super) guard: Guard,
    /// Folders of the kinds that had records when the engine started.
    pub(super) known_kinds: HashSet<String>,
    /// Records that a person wants to keep though their resources are gone.
    pub(super) refused: HashSet<String>,
    /// Changes whose paths are taken by other files, by path.
    pub(super) obstructed: HashMap<String, Vec<Group>>,
    /// Kinds of records that waiting changes will write, or writes under way may have ended, though a list lacks them, by
    /// path.
    pub(super) overtaken: HashMap<String, Kind>,
    /// Kinds of which something was not taken in.
    pub(super) missed: HashSet<Kind>,
    pub(super) lister: Lister,
    /// Commits since what is known of the records was kept.
    pub(super) unkept: usize,
    /// What waits for the answer to a write.
    pub(super) deferred: HashMap<ResourceRef, VecDeque<Sighting>>,
    pub(super) settling: FuturesUnordered<BoxFuture<'static, ResourceRef>>,
    /// Operations that a waiting change already fulfils.
    pub(super) claimed: HashSet<String>,
    /// What the ledger has to be told.
    pub(super) owed: Debts,
    /// What definitions fill into their resources.
    pub(super) schemas: SchemaDefaults,
    /// How definitions write their kinds in addresses.
    pub(super) plurals: HashMap<Kind, String>,
    pub(super) restarts: Restarts,
    pub(super) persons_values: PersonsValues,
    /// Users of the cluster who asked for the end of resources that are not gone yet.
    pub(super) ending: HashMap<ResourceRef, ClusterUser>,
    /// Encrypted records that wait for their commit, by path: the next text takes over what they have.
    pub(super) sealed: HashMap<String, Arc<str>>,
    pub(super) ground: Ground,
    pub(super) ignored: Arc<Ignored>,
    /// People's files as they were last read.
    pub(super) files: Arc<Known>,
    has_remote: bool,
    committing: Option<BoxFuture<'static, Finished>>,
    /// Changes in the commit under way.
    pub(super) under_way: usize,
    /// No commit is begun before.
    next_round: Instant,
    /// After a failure, nothing is tried before.
    pub(super) retry_at: Option<Instant>,
    pause: Duration,
    /// Those who wait for everything to be committed.
    waiters: Vec<oneshot::Sender<()>>,
}

/// An attempt to commit.
struct Finished {
    groups: Vec<Group>,
    /// Of the whole.
    planned_in: Duration,
    took: Duration,
    result: Result<(Vec<Planned>, Vec<Option<CommitId>>), PlanError>,
}

impl Work {
    pub(super) fn new(
        config: &EngineConfig,
        book: Arc<Book>,
        repository: Repository,
        journal: Journal,
        audit: AuditEvents,
        (sealer, ignored): (Arc<Sealer>, Arc<Ignored>),
        lister: Lister,
    ) -> Self {
        Self {
            book,
            repository,
            journal,
            audit,
            clock: config.clock.clone(),
            window: Window::new(config.commit_window, config.longest_window),
            guard: Guard::new(config.sweep),
            known_kinds: HashSet::new(),
            refused: HashSet::new(),
            obstructed: HashMap::new(),
            overtaken: HashMap::new(),
            missed: HashSet::new(),
            lister,
            unkept: 0,
            deferred: HashMap::new(),
            settling: FuturesUnordered::new(),
            claimed: HashSet::new(),
            owed: Debts::default(),
            schemas: SchemaDefaults::default(),
            plurals: HashMap::new(),
            restarts: Restarts::default(),
            persons_values: PersonsValues::default(),
            ending: HashMap::new(),
            sealed: HashMap::new(),
            ground: Ground::new(config, sealer),
            ignored,
            files: Arc::default(),
            has_remote: config.repository.remote.is_some(),
            committing: None,
            under_way: 0,
            next_round: Instant::now(),
            retry_at: None,
            pause: FIRST_PAUSE,
            waiters: Vec::new(),
        }
    }

    /// Works until the watches have ended and everything is committed.
    pub(super) async fn run(
        mut self,
        mut observed: mpsc::Receiver<Observed>,
        mut orders: mpsc::Receiver<Order>,
        stopping: CancellationToken,
    ) {
        let mut publication = self.repository.publication();
        let mut happened = self.repository.take_happened();
        let mut watched = true;
        while !stopping.is_cancelled() {
            self.advance();
            let roomy = self.window.waiting() < MOST_WAITING;
            let wake = self.wake_at();
            tokio::select! {
                biased;
                () = stopping.cancelled() => {}
                finished = next(&mut self.committing) => self.finish(finished).await,
                Some(order) = orders.recv() => self.obey(order).await,
                Some(resource) = self.settling.next() => self.settled(&resource).await,
                Some(news) = receive(&mut happened) => self.learn_of(news).await,
                Ok(()) = publication.changed() => {
                    let now = publication.borrow_and_update().clone();
                    self.take_publication(now);
                }
                seen = observed.recv(), if roomy && watched => match seen {
                    Some(seen) => self.observe(seen).await,
                    None => watched = false,
                },
                () = tokio::time::sleep_until(wake.into()) => self.pay().await,
            }
        }
        self.audit.stop_waiting();
        while let Ok(seen) = observed.try_recv() {
            self.observe(seen).await;
        }
        self.wind_up().await;
    }

    fn commit(&mut self) {
        self.next_round = Instant::now() + ROUND;
        let groups = self.window.take_ready();
        self.under_way = groups.iter().map(|group| group.changes.len()).sum();
        let whereabouts: HashMap<String, Whereabouts> = {
            let pages = self.book.pages();
            let paths = groups.iter().flat_map(|group| group.changes.keys());
            paths.filter_map(|path| Some((path.clone(), pages.records.get(path)?.whereabouts()))).collect()
        };
        let (repository, cluster, now) = (self.repository.clone(), self.ground.cluster.clone(), self.clock.now());
        self.committing = Some(Box::pin(async move {
            let begun = Instant::now();
            let groups = Arc::new(groups);
            let planning = groups.clone();
            let planned = repository
                .read(move |git, reading| Ok(plan(git, reading, &cluster, &planning, &whereabouts, now)))
                .await
                .map_err(PlanError::from);
            let planned_in = begun.elapsed();
            let result = match planned.flatten() {
                Ok(planned) => {
                    let commits = planned.iter().map(|planned| planned.commit.clone()).collect();
                    repository.commit(commits).await.map(|made| (planned, made)).map_err(PlanError::from)
                }
                Err(error) => Err(error),
            };
            Finished { groups: Arc::unwrap_or_clone(groups), planned_in, took: begun.elapsed(), result }
        }));
    }

    async fn finish(&mut self, finished: Finished) {
        (self.committing, self.under_way) = (None, 0);
        let Finished { groups, planned_in, took, result } = finished;
        match result {
            Ok((planned, made)) => {
                (self.retry_at, self.pause) = (None, FIRST_PAUSE);
                self.book.pages().stuck = None;
                {
                    let mut figures = self.book.figures();
                    figures.note_commit(planned_in, took);
                    figures.note_commits(made.iter().flatten().cloned(), self.clock.now(), self.has_remote);
                }
                self.list_overtaken(groups.iter().flat_map(|group| group.changes.keys()));
                let mut entries = Vec::new();
                for ((group, planned), commit) in groups.into_iter().zip(planned).zip(&made) {
                    entries.extend(self.committed(group, &planned, commit.as_ref()));
                }
                self.owed.push_back(Owed::Entries(entries));
                let commits = made.iter().flatten().count();
                if let Some(head) = made.into_iter().flatten().next_back() {
                    self.book.pages().head = Some(head.clone());
                    self.owed.push_back(Owed::Linked(head));
                }
                self.pay().await;
                self.keep_origins_after(commits).await;
            }
            Err(PlanError::Repository(RepositoryError::Path { path })) => {
                let (what, remedy) = in_the_way(&path);
                self.leave_out(groups, &path, what, remedy);
            }
            Err(PlanError::Uneditable { path, file, why }) => {
                let what = format!("A record in {file} cannot be changed: {why}");
                let remedy = "Change the file in the repository, or take the resource out of it: then it is recorded \
                              in a file of its own when it next changes.";
                self.leave_out(groups, &path, what, remedy);
            }
            // Somebody else's hand on the branch; the next try stands on what they left.
            Err(PlanError::Repository(RepositoryError::Moved)) => {
                self.window.put_back(groups);
                self.pause_after_failure();
                if let Err(error) = self.read_head().await {
                    tracing::error!(error = %error, "the records cannot be read again");
                }
            }
            Err(PlanError::Repository(error)) => {
                tracing::error!(error = %error, source = ?std::error::Error::source(&error), "a commit failed");
                self.window.put_back(groups);
                self.pause_after_failure();
                let since = self.clock.now();
                let mut pages = self.book.pages();
                if pages.stuck.is_none() {
                    pages.stuck = Some(SyncProblem {
                        what: "Changes cannot be committed: the data directory cannot be written".into(),
                        remedy: "Check the free space and the rights of the data directory. The changes are kept and \
                                 committed when it works again."
                            .into(),
                        way_out: Some(WayOut::Retry),
                        since,
                    });
                }
            }
        }
    }

    async fn obey(&mut self, order: Order) {
        match order.steering {
            Steering::Retry => {
                self.retry_at = None;
                self.owed.retry_now();
                self.try_obstructed();
            }
            Steering::CommitNow => {
                self.retry_at = None;
                self.owed.retry_now();
                self.window.close_all();
                self.waiters.push(order.done);
                return;
            }
            Steering::Approve { by } => self.approve(by).await,
            Steering::Refuse => self.refuse(),
            Steering::RecordAgain => self.record_again(),
        }
        let _ = order.done.send(());
    }

    async fn learn_of(&mut self, news: Happened) {
        let now = self.clock.now();
        // What was committed before is entered before it is rewritten or marked.
        if let Some(committing) = &mut self.committing {
            let finished = committing.await;
            self.finish(finished).await;
        }
        match news {
            Happened::Moved(rewrites) => {
                if let Err(error) = self.read_head().await {
                    tracing::error!(error = %error, "the records cannot be read again");
                }
                self.book.figures().note_rewrites(&rewrites);
                self.book.pages().note_rewrites(&rewrites);
                self.owe_rewrites(rewrites);
            }
            Happened::Obstructed(paths) => self.note_obstructed(paths),
            Happened::Pushed(commits) => self.book.figures().note_pushed(&commits, now),
        }
        self.pay().await;
    }

    /// Waits for the answer to a write on a resource, for a while.
    pub(super) fn settle(&mut self, resource: &ResourceRef) {
        let (journal, resource) = (self.journal.clone(), resource.clone());
        self.settling.push(Box::pin(async move {
            journal.settled(&resource).await;
            resource
        }));
    }

    /// Commits what waits, tells the ledger, pushes once.
    async fn wind_up(&mut self) {
        let deferred: Vec<ResourceRef> = self.deferred.keys().cloned().collect();
        for resource in deferred {
            self.settled(&resource).await;
        }
        self.window.close_all();
        for _ in 0..2 {
            if self.committing.is_none() && self.window.has_ready() {
                self.commit();
            }
            if let Some(committing) = self.committing.take() {
                let finished = committing.await;
                self.finish(finished).await;
            }
        }
        self.owed.retry_now();
        self.pay().await;
        self.keep_origins().await;
        self.repository.close(LAST_PUSH).await;
    }
}

/// Waits for the commit under way; for ever when there is none.
async fn next(committing: &mut Option<BoxFuture<'static, Finished>>) -> Finished {
    match committing {
        Some(committing) => committing.await,
        None => std::future::pending().await,
    }
}

async fn receive(happened: &mut Option<mpsc::UnboundedReceiver<Happened>>) -> Option<Happened> {
    match happened {
        Some(happened) => happened.recv().await,
        None => std::future::pending().await,
    }
}
