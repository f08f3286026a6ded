//! Follows all kinds: those of Kubernetes from the start, others as their definitions come and go.

use std::collections::{HashMap, HashSet};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::core::ApiResource;
use model::Kind;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Observed;
use super::follow::Follower;
use super::kinds::{FollowedKind, built_in, defined};

/// What the watch on definitions saw.
pub(super) enum Definition {
    Present(Box<CustomResourceDefinition>),
    Gone(Box<CustomResourceDefinition>),
    /// The names of all there are: one that is not among them went while nobody watched.
    Complete(HashSet<String>),
}

/// A custom kind's watch.
struct Watch {
    resource: ApiResource,
    stop: CancellationToken,
}

/// Runs until it is told to stop and all watches have ended.
pub(super) async fn follow_all(follower: Follower, stopping: CancellationToken) {
    let watches = TaskTracker::new();
    let (sender, mut definitions) = mpsc::channel(64);
    watches.spawn(follower.clone().probe(stopping.clone()));
    for kind in built_in() {
        let tell = (kind.kind.kind == "CustomResourceDefinition").then(|| sender.clone());
        watches.spawn(follower.clone().follow(kind, tell, stopping.clone()));
    }
    drop(sender);
    let mut custom: HashMap<Kind, Watch> = HashMap::new();
    while let Some(definition) = definitions.recv().await {
        match definition {
            Definition::Present(definition) => match defined(&definition) {
                Some(kind) => begin(&follower, kind, &mut custom, &watches, &stopping),
                None => end(&follower, kind_of(&definition), &mut custom).await,
            },
            Definition::Gone(definition) => end(&follower, kind_of(&definition), &mut custom).await,
            Definition::Complete(names) => {
                let name = |watch: &Watch| format!("{}.{}", watch.resource.plural, watch.resource.group);
                let gone = custom.iter().filter(|(_, watch)| !names.contains(&name(watch)));
                let gone: Vec<Kind> = gone.map(|(kind, _)| kind.clone()).collect();
                for kind in gone {
                    end(&follower, kind, &mut custom).await;
                }
            }
        }
    }
    watches.close();
    watches.wait().await;
}

fn begin(
    follower: &Follower,
    kind: FollowedKind,
    custom: &mut HashMap<Kind, Watch>,
    watches: &TaskTracker,
    stopping: &CancellationToken,
) {
    if let Some(watch) = custom.get(&kind.kind) {
        if watch.resource == kind.resource {
            return;
        }
        // The version changed: the same resources, read anew.
        watch.stop.cancel();
    }
    let stop = stopping.child_token();
    custom.insert(kind.kind.clone(), Watch { resource: kind.resource.clone(), stop: stop.clone() });
    watches.spawn(follower.clone().follow(kind, None, stop));
}

fn kind_of(definition: &CustomResourceDefinition) -> Kind {
    Kind::new(&definition.spec.group, &definition.spec.names.kind)
}

async fn end(follower: &Follower, kind: Kind, custom: &mut HashMap<Kind, Watch>) {
    if let Some(watch) = custom.remove(&kind) {
        watch.stop.cancel();
        follower.state.forget(&kind);
        // Nobody is left to tell when the recorder has stopped.
        let _ = follower.observed.send(Observed::Gone { kind }).await;
    }
}
