//! Restarts that somebody asked for elsewhere, as `kubectl rollout restart` does: they happened, and no record changes.

use std::collections::HashMap;

use model::ResourceRef;
use model::history::{Actor, Verb};
use serde_json::Value;

use super::attribute::{Cause, metadata};
use super::journal::Entry;
use super::observe::Sighting;
use super::work::Work;

const RESTARTED_AT: &str = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
const OWNED: &str = "/fieldsV1/f:spec/f:template/f:metadata/f:annotations/f:kubectl.kubernetes.io~1restartedAt";

/// When somebody last asked for a restart of a resource, as it says itself.
#[derive(Debug, Default)]
pub(super) struct Restarts(HashMap<ResourceRef, String>);

impl Restarts {
    /// Remembers what a resource says.
    pub(super) fn remember(&mut self, sighting: &Sighting) {
        match restarted_at(&sighting.object).filter(|_| !sighting.gone) {
            Some(at) => drop(self.0.insert(sighting.resource.clone(), at.to_owned())),
            None => drop(self.0.remove(&sighting.resource)),
        }
    }

    /// Tells whether somebody asked for a restart since a resource was last seen; of one in a first list nobody knows.
    fn is_new(&self, sighting: &Sighting) -> bool {
        let known = self.0.get(&sighting.resource).map(String::as_str);
        let now = restarted_at(&sighting.object).filter(|_| !sighting.gone);
        now.is_some() && now != known && (known.is_some() || !sighting.initial)
    }
}

impl Work {
    /// Tells whether a sighting whose record stays shows a restart of somebody else's.
    pub(super) fn is_restarted(&self, sighting: &Sighting, causes: &[Cause]) -> bool {
        causes.is_empty() && self.restarts.is_new(sighting)
    }

    /// Owes the ledger a restart of somebody else's.
    pub(super) fn enter_restart(&mut self, sighting: &Sighting) {
        let user = self.user_of(sighting, &[]).map(|user| Actor::ClusterUser(user.name));
        let actor = user.or_else(|| asked_by(&sighting.object).map(Actor::Manager)).unwrap_or(Actor::Unresolved);
        self.owe(Entry {
            resource: sighting.resource.clone(),
            resource_version: metadata(&sighting.object, "resourceVersion").to_owned(),
            actor,
            verb: Verb::Restart,
            summary: format!("Restart {}", sighting.resource),
            at: sighting.seen_at,
            operations: Vec::new(),
            commit: None,
        });
    }
}

fn restarted_at(object: &Value) -> Option<&str> {
    object.pointer(RESTARTED_AT)?.as_str()
}

/// Returns the field manager that wrote the time of the restart.
fn asked_by(object: &Value) -> Option<String> {
    let entries = object.pointer("/metadata/managedFields")?.as_array()?;
    let entry = entries.iter().rfind(|entry| entry.pointer(OWNED).is_some())?;
    entry.get("manager")?.as_str().map(ToOwned::to_owned)
}
