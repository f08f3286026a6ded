//! One kind's watch: lists as a stream, follows, and begins anew after whatever goes wrong.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use kube::api::{Api, DynamicObject};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, ResourceExt};
use model::sync::WatchState;
use model::{ClusterName, Kind, ResourceRef};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::definitions::Definition;
use super::inventory::Inventory;
use super::kinds::FollowedKind;
use super::state::WatchStates;
use super::{Observed, changes::Changes};
use crate::{Clock, panics};

/// The wait after an error; it doubles up to the longest.
const SHORTEST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How often a cluster that is away is asked whether it is back.
const PROBE: Duration = Duration::from_millis(500);

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
    /// Follows a kind until told to stop; `tell` hears of definitions.
    pub(super) async fn follow(
        self,
        kind: FollowedKind,
        tell: Option<mpsc::Sender<Definition>>,
        stop: CancellationToken,
    ) {
        stop.run_until_cancelled(self.follow_for_ever(&kind, tell.as_ref())).await;
    }

    async fn follow_for_ever(&self, kind: &FollowedKind, tell: Option<&mpsc::Sender<Definition>>) {
        let mut streaming = true;
        let mut wait = SHORTEST_WAIT;
        loop {
            self.state.set(&kind.kind, WatchState::Listing);
            let began = tokio::time::Instant::now();
            let watch = panics::caught("watch", self.watch_once(kind, tell, streaming));
            let ended = watch.await.unwrap_or_else(|| Ended::Refused("an error of Denshimon's own ended it".into()));
            if began.elapsed() > LONGEST_WAIT {
                wait = SHORTEST_WAIT;
            }
            match ended {
                Ended::Stopped => return,
                Ended::NoStreaming => {
                    streaming = false;
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
            tokio::time::sleep(wait.mul_f64(rand::random_range(0.5..1.0))).await;
        }
    }

    async fn leave(&self, kind: &Kind, reason: &str) {
        tracing::warn!(watch.kind = %kind, reason, "a watch is away and will be tried again");
        self.state.set_away(kind, reason);
        let _ = self.observed.send(Observed::Away { kind: kind.clone() }).await;
    }

    /// Asks a cluster that is away whether it is back.
    pub(super) async fn probe(self, stop: CancellationToken) {
        let mut away = self.state.watch_away();
        let work = async {
            while away.wait_for(Option::is_some).await.is_ok() {
                tokio::time::sleep(PROBE).await;
                let answer = tokio::time::timeout(Duration::from_secs(5), self.client.apiserver_version()).await;
                // An answer that refuses is an answer.
                if matches!(answer, Ok(Ok(_) | Err(kube::Error::Api(_)))) {
                    self.state.regain();
                }
            }
        };
        stop.run_until_cancelled(work).await;
    }

    async fn watch_once(&self, kind: &FollowedKind, tell: Option<&mpsc::Sender<Definition>>, streaming: bool) -> Ended {
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &kind.resource);
        let config = watcher::Config::default();
        let config = if streaming { config.streaming_lists() } else { config.page_size(500) };
        let mut events = watcher(api, config).boxed();
        let mut present: HashSet<ResourceRef> = HashSet::new();
        let mut initial = true;
        loop {
            let event = match events.try_next().await {
                Ok(Some(event)) => event,
                Ok(None) => return Ended::Unreachable("the watch ended".into()),
                Err(error) => return classify(error, streaming),
            };
            self.state.regain();
            let sent = match event {
                Event::Init => {
                    present.clear();
                    initial = true;
                    Ok(())
                }
                Event::InitApply(object) | Event::Apply(object) => {
                    self.apply(kind, object, initial, &mut present, tell).await
                }
                Event::Delete(object) => self.delete(kind, object, &mut present, tell).await,
                Event::InitDone => {
                    initial = false;
                    self.state.set(&kind.kind, WatchState::Watching);
                    self.inventory.retain(&kind.kind, &present, &self.changes);
                    self.list(kind, &present, tell).await
                }
            };
            self.state.count(&kind.kind, present.len());
            if sent.is_err() {
                return Ended::Stopped;
            }
        }
    }

    async fn list(
        &self,
        kind: &FollowedKind,
        present: &HashSet<ResourceRef>,
        tell: Option<&mpsc::Sender<Definition>>,
    ) -> Result<(), Stopped> {
        if let Some(tell) = tell {
            let names = present.iter().map(|resource| resource.name.to_string()).collect();
            tell.send(Definition::Complete(names)).await.map_err(|_| Stopped)?;
        }
        if !kind.recorded {
            return Ok(());
        }
        let present = present.iter().cloned().collect();
        self.send(Observed::Listed { kind: kind.kind.clone(), present }).await
    }

    async fn apply(
        &self,
        kind: &FollowedKind,
        object: DynamicObject,
        initial: bool,
        present: &mut HashSet<ResourceRef>,
        tell: Option<&mpsc::Sender<Definition>>,
    ) -> Result<(), Stopped> {
        let Some((resource, object)) = self.read(kind, object) else { return Ok(()) };
        present.insert(resource.clone());
        self.inventory.apply(&resource, &object, &self.changes);
        if let Some(tell) = tell {
            tell_of(tell, &object, Definition::Present).await?;
        }
        if kind.recorded && !is_of_system(&resource) && manifest::recordable(&object) {
            let seen_at = self.clock.now();
            self.send(Observed::Changed { resource, object: Arc::new(object), seen_at, initial }).await?;
        }
        Ok(())
    }

    async fn delete(
        &self,
        kind: &FollowedKind,
        object: DynamicObject,
        present: &mut HashSet<ResourceRef>,
        tell: Option<&mpsc::Sender<Definition>>,
    ) -> Result<(), Stopped> {
        let Some((resource, object)) = self.read(kind, object) else { return Ok(()) };
        present.remove(&resource);
        self.inventory.delete(&resource, &self.changes);
        if let Some(tell) = tell {
            tell_of(tell, &object, Definition::Gone).await?;
        }
        if kind.recorded && !is_of_system(&resource) && manifest::recordable(&object) {
            let seen_at = self.clock.now();
            self.send(Observed::Deleted { resource, object: Arc::new(object), seen_at }).await?;
        }
        Ok(())
    }

    async fn send(&self, observed: Observed) -> Result<(), Stopped> {
        self.observed.send(observed).await.map_err(|_| Stopped)
    }

    /// Names an object and takes out what must not be kept even for a moment.
    fn read(&self, kind: &FollowedKind, object: DynamicObject) -> Option<(ResourceRef, Value)> {
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
        if kind.kind == Kind::new("", "Secret") {
            blank_secret(&mut object);
        }
        Some((resource, object))
    }
}

/// The recorder has stopped.
struct Stopped;

/// Kubernetes makes these namespaces and what is in them by itself, each cluster its own.
fn is_of_system(resource: &ResourceRef) -> bool {
    const NAMESPACES: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];
    let is_namespace = resource.kind == Kind::new("", "Namespace");
    let of = if is_namespace { Some(resource.name.as_str()) } else { resource.namespace.as_ref().map(AsRef::as_ref) };
    of.is_some_and(|namespace| NAMESPACES.contains(&namespace))
}

async fn tell_of(
    tell: &mpsc::Sender<Definition>,
    object: &Value,
    definition: impl FnOnce(
        Box<k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition>,
    ) -> Definition,
) -> Result<(), Stopped> {
    match serde_json::from_value(object.clone()) {
        Ok(read) => tell.send(definition(Box::new(read))).await.map_err(|_| Stopped),
        Err(error) => {
            tracing::warn!(%error, "a custom resource definition cannot be read and its kind is not followed");
            Ok(())
        }
    }
}

/// Keeps the keys of a Secret and nothing of its values, which also stand in kubectl's annotation.
fn blank_secret(object: &mut Value) {
    for field in ["data", "stringData"] {
        for value in object.get_mut(field).and_then(Value::as_object_mut).into_iter().flat_map(|data| data.values_mut())
        {
            *value = Value::String(String::new());
        }
    }
    if let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}

fn classify(error: watcher::Error, streaming: bool) -> Ended {
    use watcher::Error::{InitialListFailed, NoResourceVersion, WatchError, WatchFailed, WatchStartFailed};
    match error {
        InitialListFailed(kube::Error::Api(status)) | WatchStartFailed(kube::Error::Api(status)) => {
            if streaming && matches!(status.code, 400 | 415 | 422) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_itself_keeps_has_no_record() {
        let check = |kind: &str, namespace: Option<&str>, name: &str, expect: bool| {
            let resource = ResourceRef {
                cluster: "c".parse().unwrap(),
                kind: Kind::new("", kind),
                namespace: namespace.map(|namespace| namespace.parse().unwrap()),
                name: name.parse().unwrap(),
            };
            assert_eq!(is_of_system(&resource), expect, "{resource}");
        };
        check("ConfigMap", Some("kube-system"), "a", true);
        check("Namespace", None, "kube-public", true);
        check("Namespace", None, "shop", false);
        check("ConfigMap", Some("shop"), "kube-system", false);
        check("PersistentVolume", None, "kube-system", false);
    }

    #[test]
    fn nothing_of_a_secret_s_values_is_kept() {
        let mut secret = serde_json::json!({
            "kind": "Secret",
            "metadata": { "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "hunter2", "a": "b" } },
            "data": { "password": "aHVudGVyMg==" },
            "stringData": { "other": "hunter2" },
        });
        blank_secret(&mut secret);
        let text = secret.to_string();
        assert!(!text.contains("hunter2") && !text.contains("aHVudGVyMg"));
        assert!(text.contains("password") && text.contains("other"));
    }
}
