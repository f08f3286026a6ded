//! One kind's watch: lists as a stream, follows, and begins anew after whatever goes wrong.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use kube::api::{Api, DynamicObject};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, ResourceExt};
use model::sync::WatchState;
use model::{ClusterName, Kind, ResourceRef};
use serde_json::Value;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::inventory::Inventory;
use super::kinds::{FollowedKind, KindRules, definitions, makes_kinds, stored_version};
use super::state::WatchStates;
use super::{Lister, Observed, changes::Changes};
use crate::ignoring::{Ignored, autoscalers};
use crate::sealing::{Sealer, SecretValues};
use crate::{Clock, panics};

/// The wait after an error; it doubles up to the longest.
const SHORTEST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// So long the other watches wait at most for the first list of the autoscalers.
const AUTOSCALERS: Duration = Duration::from_secs(5);
/// How often a cluster that is away is asked whether it is back.
const PROBE: Duration = Duration::from_millis(500);
/// Objects in a page of a list.
const PAGE: u32 = 500;

/// What all watches share; cheap to clone.
#[derive(Clone)]
pub(super) struct Follower {
    pub(super) client: Client,
    pub(super) name: ClusterName,
    pub(super) clock: Clock,
    pub(super) inventory: Inventory,
    pub(super) changes: Changes,
    pub(super) state: Arc<WatchStates>,
    pub(super) observed: mpsc::Sender<Observed>,
    pub(super) sealer: Arc<Sealer>,
    pub(super) ignored: Arc<Ignored>,
    /// What people have decided about kinds.
    pub(super) rules: watch::Sender<KindRules>,
    pub(super) lister: Lister,
    /// Woken when there may be other kinds.
    pub(super) kinds_changed: Arc<Notify>,
    /// Woken when a person says that the cause of an absence is gone.
    pub(super) retry: Arc<Notify>,
}

/// Counts how often kinds had to be read again.
#[derive(Clone, Debug, Default)]
pub(super) struct Relist {
    all: u64,
    kinds: HashMap<Kind, u64>,
}

/// How a kind is listed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lists {
    Streamed,
    /// By an API server that cannot stream lists.
    Paged,
}

/// How one watch ended.
enum Ended {
    /// The cluster does not answer.
    Unreachable(String),
    /// The API server answers with an error.
    Refused(String),
    /// It does not stream lists.
    NoStreaming,
    /// Nobody listens any more.
    Stopped,
}

impl Follower {
    /// Follows a kind until told to stop.
    pub(super) async fn follow(self, kind: FollowedKind, stop: CancellationToken) {
        stop.run_until_cancelled(self.follow_for_ever(&kind)).await;
    }

    async fn follow_for_ever(&self, kind: &FollowedKind) {
        let mut lists = Lists::Streamed;
        let mut wait = SHORTEST_WAIT;
        let mut relist = self.lister.relist.subscribe();
        loop {
            self.state.set(&kind.kind, WatchState::Listing);
            let asked = relist.borrow_and_update().of(&kind.kind);
            if kind.kind != autoscalers() {
                // What scales a resource says what its record holds, so it is known before. Bounded, since pages wait.
                let _ = tokio::time::timeout(AUTOSCALERS, self.ignored.autoscaled.settled()).await;
            }
            let began = tokio::time::Instant::now();
            let watch = panics::caught("watch", self.watch_once(kind, lists));
            let ended = tokio::select! {
                ended = watch => ended,
                // The sender lives as long as this follower.
                _ = relist.wait_for(|now| now.of(&kind.kind) != asked) => continue,
            };
            let ended = ended.unwrap_or_else(|| Ended::Refused("an error of Denshimon's own ended it".into()));
            if began.elapsed() > LONGEST_WAIT {
                wait = SHORTEST_WAIT;
            }
            match ended {
                Ended::Stopped => return,
                Ended::NoStreaming => {
                    lists = Lists::Paged;
                    continue;
                }
                Ended::Unreachable(reason) => {
                    self.leave(&kind.kind, &reason).await;
                    self.state.lose(&reason);
                    let mut away = self.state.watch_away();
                    // The sender lives as long as this follower.
                    let _ = away.wait_for(Option::is_none).await;
                }
                Ended::Refused(reason) => {
                    self.leave(&kind.kind, &reason).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
            let pause = tokio::time::sleep(wait.mul_f64(rand::random_range(0.5..1.0)));
            tokio::select! {
                () = pause => {}
                () = self.retry.notified() => wait = SHORTEST_WAIT,
            }
        }
    }

    /// Tells that a kind cannot be read.
    pub(super) async fn leave(&self, kind: &Kind, reason: &str) {
        tracing::warn!(watch.kind = %kind, reason, "a watch is away and will be tried again");
        self.state.set_away(kind, reason);
        if *kind == autoscalers() {
            self.ignored.autoscaled.settle();
        }
        let _ = self.observed.send(Observed::Away { kind: kind.clone() }).await;
    }

    /// Asks a cluster that is away whether it is back.
    pub(super) async fn probe(self, stop: CancellationToken) {
        let work = async { while panics::caught("probe", self.ask_while_away()).await.is_none() {} };
        stop.run_until_cancelled(work).await;
    }

    async fn ask_while_away(&self) {
        let mut away = self.state.watch_away();
        while away.wait_for(Option::is_some).await.is_ok() {
            // Told to, it asks at once.
            let _ = tokio::time::timeout(PROBE, self.retry.notified()).await;
            let answer = tokio::time::timeout(Duration::from_secs(5), self.client.apiserver_version()).await;
            // An answer that refuses is an answer.
            if matches!(answer, Ok(Ok(_) | Err(kube::Error::Api(_)))) {
                self.state.regain();
            }
        }
    }

    async fn watch_once(&self, kind: &FollowedKind, lists: Lists) -> Ended {
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &kind.resource);
        let config = watcher::Config::default();
        let config = match lists {
            Lists::Streamed => config.streaming_lists(),
            Lists::Paged => config.page_size(PAGE),
        };
        let mut events = watcher(api, config).boxed();
        let mut present = Present::new();
        let mut initial = true;
        loop {
            let event = match events.try_next().await {
                Ok(Some(event)) => event,
                Ok(None) => return Ended::Unreachable("the watch ended".into()),
                Err(error) => return classify(error, lists),
            };
            self.state.regain();
            let sent = match event {
                Event::Init => {
                    present.clear();
                    initial = true;
                    Ok(())
                }
                Event::InitApply(object) | Event::Apply(object) => {
                    self.apply(kind, object, initial, &mut present).await
                }
                Event::Delete(object) => self.delete(kind, object, &mut present).await,
                Event::InitDone => {
                    initial = false;
                    self.state.set(&kind.kind, WatchState::Watching);
                    self.inventory.retain(&kind.kind, &present, &self.changes);
                    if kind.kind == autoscalers() {
                        let changed = self.ignored.autoscaled.retain(|resource| present.contains_key(resource));
                        self.ignored.autoscaled.settle();
                        self.lister.read_again(changed);
                    }
                    self.list(kind, &present).await
                }
            };
            if makes_kinds(&kind.kind) && !initial {
                self.kinds_changed.notify_one();
            }
            self.state.count(&kind.kind, present.len());
            if sent.is_err() {
                return Ended::Stopped;
            }
        }
    }

    async fn list(&self, kind: &FollowedKind, present: &Present) -> Result<(), Stopped> {
        if !kind.recorded {
            return Ok(());
        }
        let present = present.keys().cloned().collect();
        self.send(Observed::Listed { kind: kind.kind.clone(), present }).await
    }

    async fn apply(
        &self,
        kind: &FollowedKind,
        object: DynamicObject,
        initial: bool,
        present: &mut Present,
    ) -> Result<(), Stopped> {
        let Some((resource, object, values)) = self.read(kind, object) else { return Ok(()) };
        let made = self.ignored.made(&object);
        let own = made.is_none();
        let was_own = present.insert(resource.clone(), own) == Some(true);
        self.inventory.apply(&resource, &object, made.map(|made| made.reason), &self.changes);
        if kind.kind == autoscalers() {
            self.lister.read_again(self.ignored.autoscaled.note(&resource, Some(&object)));
        }
        if kind.kind == definitions()
            && let Some((kind, version)) = stored_version(&object)
        {
            self.state.note_stored(kind, version);
        }
        // What somebody else has taken over since, or while nobody looked, loses its record.
        if kind.recorded && (own || was_own || initial) {
            let seen_at = self.clock.now();
            let (object, values) = (Arc::new(object), values.map(Arc::new));
            self.send(Observed::Changed { resource, object, values, seen_at, initial }).await?;
        }
        Ok(())
    }

    async fn delete(&self, kind: &FollowedKind, object: DynamicObject, present: &mut Present) -> Result<(), Stopped> {
        let Some((resource, object, _)) = self.read(kind, object) else { return Ok(()) };
        present.remove(&resource);
        if kind.kind == autoscalers() {
            self.lister.read_again(self.ignored.autoscaled.note(&resource, None));
        }
        self.inventory.delete(&resource, &self.changes);
        if kind.recorded && self.ignored.made(&object).is_none() {
            let seen_at = self.clock.now();
            self.send(Observed::Deleted { resource, object: Arc::new(object), seen_at }).await?;
        }
        Ok(())
    }

    async fn send(&self, observed: Observed) -> Result<(), Stopped> {
        self.observed.send(observed).await.map_err(|_| Stopped)
    }

    /// Names an object and takes out what must not be kept even for a moment.
    fn read(&self, kind: &FollowedKind, object: DynamicObject) -> Option<(ResourceRef, Value, Option<SecretValues>)> {
        let namespace = object.namespace().map(|namespace| namespace.parse()).transpose().ok()?;
        let resource = ResourceRef {
            cluster: self.name.clone(),
            kind: kind.kind.clone(),
            namespace,
            name: object.name_any().parse().ok()?,
        };
        let mut object = serde_json::to_value(object).ok()?;
        // Objects of a list carry neither.
        let fields = object.as_object_mut()?;
        fields.insert("apiVersion".into(), kind.resource.api_version.clone().into());
        fields.insert("kind".into(), kind.resource.kind.clone().into());
        let is_secret = kind.kind == Kind::new("", "Secret");
        let values = if is_secret { self.sealer.take(&resource, &mut object) } else { None };
        Some((resource, object, values))
    }
}

impl Relist {
    /// Everything is to be read again.
    pub(super) fn all(&mut self) {
        self.all += 1;
    }

    pub(super) fn kind(&mut self, kind: Kind) {
        *self.kinds.entry(kind).or_default() += 1;
    }

    pub(super) fn of(&self, kind: &Kind) -> u64 {
        self.all + self.kinds.get(kind).copied().unwrap_or_default()
    }
}

/// The resources that are there, and whether each has a record of its own.
pub(super) type Present = HashMap<ResourceRef, bool>;

/// The recorder has stopped.
struct Stopped;

fn classify(error: watcher::Error, lists: Lists) -> Ended {
    use watcher::Error::{InitialListFailed, NoResourceVersion, WatchError, WatchFailed, WatchStartFailed};
    match error {
        InitialListFailed(kube::Error::Api(status)) | WatchStartFailed(kube::Error::Api(status)) => {
            if lists == Lists::Streamed && matches!(status.code, 400 | 415 | 422) {
                Ended::NoStreaming
            } else {
                Ended::Refused(answer(status.code))
            }
        }
        // 410: what the watch stood on is too old; the next one lists anew.
        WatchError(status) => Ended::Refused(answer(status.code)),
        InitialListFailed(error) | WatchStartFailed(error) | WatchFailed(error) => {
            tracing::debug!(%error, "the connection to the cluster broke");
            Ended::Unreachable("it does not answer".into())
        }
        NoResourceVersion => Ended::Refused("the API server gives no resource versions".into()),
    }
}

fn answer(code: u16) -> String {
    match code {
        401 => "the API server does not know Denshimon's credentials".into(),
        403 => "Denshimon may not list and watch this kind".into(),
        404 => "the API server does not serve this kind".into(),
        410 => "the watch was too old and begins anew".into(),
        429 => "the API server asks to wait".into(),
        code => format!("the API server answers {code}"),
    }
}

#[cfg(test)]
mod expired;
