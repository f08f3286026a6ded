//! Asks the API server's audit events who made a change, and lets it wait for them.

use model::Kind;
use serde_json::Value;

use super::attribute::{Cause, is_controller, metadata, newest_managers};
use super::observe::Sighting;
use super::work::Work;
use crate::audit::{ClusterUser, Place, Wanted};

/// While so many resources wait, no other does: a burst is not held in memory for a name.
const MOST_WAITING: usize = 1000;

impl Work {
    /// Puts a change off whose event may yet come; what follows on the same resource waits behind it.
    pub(super) fn awaits_user(&mut self, sighting: &Sighting, causes: &[Cause]) -> bool {
        let wanted = self.wanted(sighting);
        // A first list may bring thousands, and what a controller wrote is in no minimal log.
        let by_controller = wanted.noted.iter().flat_map(|(_, managers)| managers).any(|name| is_controller(name));
        let asks = causes.is_empty() && !sighting.initial && !sighting.asked && (sighting.gone || !by_controller);
        if !asks || self.deferred.len() >= MOST_WAITING || !self.audit.is_to_come(&wanted) {
            return false;
        }
        let (audit, resource) = (self.audit.clone(), sighting.resource.clone());
        self.deferred.entry(resource.clone()).or_default().push_back(Sighting { asked: true, ..sighting.clone() });
        self.settling.push(Box::pin(async move {
            audit.arrival(&wanted).await;
            resource
        }));
        true
    }

    /// Finds the user of the cluster who made a change.
    pub(super) fn user_of(&self, sighting: &Sighting, causes: &[Cause]) -> Option<ClusterUser> {
        if causes.is_empty() { self.audit.take(&self.wanted(sighting)) } else { None }
    }

    /// Remembers how a definition writes its kind in addresses, and so in audit events.
    pub(super) fn learn_plural(&mut self, definition: &Value) {
        let text = |pointer| definition.pointer(pointer).and_then(Value::as_str);
        let names = (text("/spec/group"), text("/spec/names/kind"), text("/spec/names/plural"));
        if let (Some(group), Some(kind), Some(plural)) = names {
            self.plurals.insert(Kind::new(group, kind), plural.to_owned());
        }
    }

    fn wanted(&self, sighting: &Sighting) -> Wanted {
        let object = &sighting.object;
        let plural = self.plurals.get(&sighting.resource.kind).map(String::as_str);
        Wanted {
            place: Place::of(&sighting.resource, plural),
            uid: metadata(object, "uid").to_owned(),
            version: metadata(object, "resourceVersion").parse().unwrap_or(0),
            gone: sighting.gone,
            noted: newest_managers(object),
            later: sighting.later.clone(),
        }
    }
}
