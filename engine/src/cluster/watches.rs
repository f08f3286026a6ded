//! Keeps one watch per served kind: they begin, change version and end as the API server's kinds do.

use std::collections::HashMap;
use std::time::Duration;

use model::Kind;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Observed;
use super::discovery::{Served, discover};
use super::follow::Follower;
use super::kinds::{FollowedKind, KindRules, RecordedVersions, choose, definitions, essential, followed};
use crate::panics;

/// How often the kinds are asked for when nothing says that they have changed.
const PERIOD: Duration = Duration::from_secs(60);
/// After a sign of change: definitions take a moment until they are served.
const SOON: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_secs(2), Duration::from_secs(5)];
/// After an error; the cluster's return wakes earlier.
const AGAIN: Duration = Duration::from_secs(2);

/// All watches.
struct Watches {
    follower: Follower,
    recorded: RecordedVersions,
    running: HashMap<Kind, Watch>,
    /// It was said which kinds are followed.
    announced: bool,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

struct Watch {
    kind: FollowedKind,
    stop: CancellationToken,
}

/// Runs until it is told to stop and all watches have ended.
pub(super) async fn follow_all(follower: Follower, recorded: RecordedVersions, stopping: CancellationToken) {
    let tasks = TaskTracker::new();
    tasks.spawn(follower.clone().probe(stopping.clone()));
    let mut watches = Watches {
        follower,
        recorded,
        running: HashMap::new(),
        announced: false,
        tasks: tasks.clone(),
        stopping: stopping.clone(),
    };
    while stopping.run_until_cancelled(panics::caught("discovery", watches.run())).await.is_some() {
        // It only comes back from an error of our own; the watches that run go on.
        tokio::time::sleep(AGAIN).await;
    }
    tasks.close();
    tasks.wait().await;
}

impl Watches {
    async fn run(&mut self) {
        let mut rules = self.follower.rules.subscribe();
        for kind in essential(&rules.borrow_and_update().clone(), &self.recorded) {
            self.begin(kind);
        }
        let mut soon = SOON.iter();
        loop {
            let now = rules.borrow_and_update().clone();
            let wait = match discover(&self.follower.client).await {
                Ok(served) if !served.kinds.is_empty() => {
                    self.adjust(&served, &now).await;
                    soon.next().copied().unwrap_or(PERIOD)
                }
                Ok(_) => {
                    tracing::warn!("the API server does not say which kinds it serves");
                    PERIOD
                }
                Err(error) => {
                    tracing::debug!(%error, "the API server cannot be asked for its kinds");
                    AGAIN
                }
            };
            tokio::select! {
                () = self.follower.kinds_changed.notified() => soon = SOON.iter(),
                changed = rules.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(wait) => continue,
            }
            // Several signs in a row are one.
            tokio::time::sleep(soon.next().copied().unwrap_or(AGAIN)).await;
        }
    }

    /// Begins and ends watches as what is served and wanted asks for.
    async fn adjust(&mut self, served: &Served, rules: &KindRules) {
        let needed: Vec<Kind> = essential(rules, &self.recorded).into_iter().map(|kind| kind.kind).collect();
        // A definition says what is filled into its resources, so the recorder sees it before them.
        let definitions_known = !self.follower.state.is_listing(&definitions());
        let mut new = Vec::new();
        for (kind, versions) in &served.kinds {
            if !definitions_known && !needed.contains(kind) {
                continue;
            }
            let left_out = rules.left_out(kind);
            self.follower.state.leave_out(kind, left_out);
            if left_out.is_some() && !needed.contains(kind) {
                if self.running.contains_key(kind) {
                    self.follower.state.switch_off(kind);
                    self.end(kind).await;
                }
                continue;
            }
            let current = self.running.get(kind).map(|watch| &watch.kind.resource);
            let stored = self.follower.state.stored(kind);
            let recorded = self.recorded.get(kind).map(String::as_str);
            if let Some(resource) = choose(versions, current, recorded, stored.as_deref()) {
                new.push(followed(kind.clone(), resource, rules));
            }
        }
        if definitions_known && !std::mem::replace(&mut self.announced, true) {
            let kinds = self.running.values().map(|watch| &watch.kind).chain(&new).filter(|kind| kind.recorded);
            let kinds = kinds.map(|kind| kind.kind.clone()).collect();
            // Nobody is left to tell when the recorder has stopped.
            let _ = self.follower.observed.send(Observed::Followed { kinds }).await;
        }
        for kind in new {
            self.begin(kind);
        }
        self.note_silent(served, rules).await;
        // What a server that does not answer serves is unknown, and the watches say so themselves.
        let is_gone = |kind: &&Kind| {
            !served.kinds.contains_key(*kind) && !served.silent.contains(&kind.group) && !needed.contains(*kind)
        };
        let gone: Vec<Kind> = self.running.keys().filter(is_gone).cloned().collect();
        for kind in gone {
            self.end(&kind).await;
        }
        self.follower.state.forget_unserved(|kind| {
            served.kinds.contains_key(kind) || self.running.contains_key(kind) || served.silent.contains(&kind.group)
        });
    }

    /// Tells that kinds which have records are away when their server has not answered since the start.
    async fn note_silent(&self, served: &Served, rules: &KindRules) {
        let is_silent = |kind: &&Kind| {
            served.silent.contains(&kind.group)
                && rules.left_out(kind).is_none()
                && !served.kinds.contains_key(*kind)
                && !self.running.contains_key(*kind)
                && !self.follower.state.is_away(kind)
        };
        for kind in self.recorded.keys().filter(is_silent) {
            self.follower.leave(kind, "its API does not answer").await;
        }
    }

    /// Begins a watch unless it runs already; one that runs otherwise begins anew.
    fn begin(&mut self, kind: FollowedKind) {
        if let Some(watch) = self.running.get(&kind.kind) {
            if watch.kind == kind {
                return;
            }
            watch.stop.cancel();
        }
        self.follower.state.follow(&kind.kind, Some(kind.resource.clone()));
        let stop = self.stopping.child_token();
        self.tasks.spawn(self.follower.clone().follow(kind.clone(), stop.clone()));
        self.running.insert(kind.kind.clone(), Watch { kind, stop });
    }

    async fn end(&mut self, kind: &Kind) {
        if let Some(watch) = self.running.remove(kind) {
            watch.stop.cancel();
        }
        self.follower.state.follow(kind, None);
        // Nobody is left to tell when the recorder has stopped.
        let _ = self.follower.observed.send(Observed::Gone { kind: kind.clone() }).await;
    }
}
