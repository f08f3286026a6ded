//! Tells whether a write arrived whose answer was never heard.

use model::Timestamp;
use model::history::Verb;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::OperationResult;
use crate::deployments::MANAGER;

/// An object as it was when a write on it was about to be asked for; the default for one that was not there.
///
/// All of it is the API server's word: the clocks here and there may differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Baseline {
    uid: Option<String>,
    version: Option<u64>,
    /// When Denshimon had last written to it, in whole seconds.
    written_at: Option<Timestamp>,
    /// When anybody else had.
    #[serde(default)]
    others_wrote_at: Option<Timestamp>,
    /// The same of those who do not only report a status.
    #[serde(default)]
    others_specified_at: Option<Timestamp>,
    /// How often what is wanted of it had changed.
    #[serde(default)]
    generation: Option<u64>,
    #[serde(default)]
    replicas: Option<u64>,
    /// It was being deleted.
    #[serde(default)]
    ending: bool,
    /// What it is to be scaled to: the API server notes no time for that.
    scaled_to: Option<u64>,
}

impl Baseline {
    /// Takes down what tells a later state of an object from this one.
    pub(crate) fn of(live: &Value) -> Self {
        let newest = |is_meant: fn(&Note) -> bool| notes(live).filter(is_meant).map(|note| note.at).max();
        Self {
            uid: live.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned),
            version: version(live),
            written_at: newest(|note| note.by == MANAGER),
            others_wrote_at: newest(|note| note.by != MANAGER),
            others_specified_at: newest(|note| note.by != MANAGER && !note.is_status),
            generation: live.pointer("/metadata/generation").and_then(Value::as_u64),
            replicas: live.pointer("/spec/replicas").and_then(Value::as_u64),
            ending: live.pointer("/metadata/deletionTimestamp").is_some(),
            scaled_to: None,
        }
    }

    /// The same for a write through the scale subresource.
    pub(crate) fn scaled_to(self, replicas: u32) -> Self {
        Self { scaled_to: Some(replicas.into()), ..self }
    }

    pub(super) fn version(&self) -> Option<u64> {
        self.version
    }

    /// Says what a write that arrived has left, `None` for nothing; a delete took what was there before, whatever is there
    /// now.
    pub(crate) fn result(&self, verb: Verb, object: Option<&Value>) -> OperationResult {
        let text = |pointer| object.and_then(|object| object.pointer(pointer)).and_then(Value::as_str);
        let (uid, resource_version) = match &self.uid {
            Some(uid) if verb == Verb::Delete => (Some(uid.as_str()), self.version.map(|version| version.to_string())),
            _ => (text("/metadata/uid"), text("/metadata/resourceVersion").map(str::to_owned)),
        };
        OperationResult::Applied { uid: uid.unwrap_or_default().to_owned(), resource_version }
    }

    /// Tells whether a later state of the object, `None` when it is gone, shows that the write arrived. Where the state
    /// may as well be somebody else's alone, it does not.
    pub(crate) fn shows_arrival(&self, verb: Verb, object: Option<&Value>) -> bool {
        self.is_followed_by(verb, &object.map(Self::of).unwrap_or_default())
    }

    /// The same of a state that another write was to stand on.
    pub(super) fn is_followed_by(&self, verb: Verb, later: &Self) -> bool {
        if later.uid.is_none() || verb == Verb::Delete {
            let another = self.uid.is_some() && later.uid != self.uid;
            return verb == Verb::Delete && (later.uid.is_none() || another || later.ending);
        }
        if self.version.zip(later.version).is_some_and(|(before, now)| now <= before) {
            return false;
        }
        if self.scaled_to.is_some() {
            return later.replicas == self.scaled_to;
        }
        match (self.written_at, later.written_at) {
            // Within one second the note stays as it was; then it was us if nobody else can have been. Who reports a
            // status changes nothing that is wanted.
            (Some(before), Some(now)) if before == now => {
                let is_specified = self.generation < later.generation;
                let others = if is_specified { later.others_specified_at } else { later.others_wrote_at };
                others < Some(now)
            }
            (before, now) => now > before,
        }
    }
}

pub(super) fn version(object: &Value) -> Option<u64> {
    object.pointer("/metadata/resourceVersion")?.as_str()?.parse().ok()
}

/// Who wrote some fields last, and when.
struct Note<'a> {
    by: &'a str,
    at: Timestamp,
    is_status: bool,
}

fn notes(object: &Value) -> impl Iterator<Item = Note<'_>> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(|entry| {
        let text = |field: &str| entry.get(field).and_then(Value::as_str);
        let is_status = text("subresource") == Some("status");
        Some(Note { by: text("manager")?, at: text("time")?.parse().ok()?, is_status })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An object with its version and notes of `manager second`.
    fn object(version: u64, notes: &[&str]) -> Value {
        let entry = |note: &&str| {
            let (manager, second) = note.split_once(' ').unwrap();
            json!({ "manager": manager, "time": format!("2026-01-01T00:00:{second}Z") })
        };
        let entries: Vec<Value> = notes.iter().map(entry).collect();
        json!({
            "metadata": { "uid": "u", "resourceVersion": version.to_string(), "managedFields": entries },
            "spec": { "replicas": 2 },
        })
    }

    #[test]
    fn a_write_has_arrived_when_the_object_shows_it() {
        let check = |before: &[&str], version: u64, after: &[&str], expect: bool| {
            let arrived = Baseline::of(&object(7, before)).shows_arrival(Verb::Edit, Some(&object(version, after)));
            assert_eq!(arrived, expect, "{before:?} -> {version} {after:?}");
        };
        check(&[], 8, &["denshimon 05"], true);
        check(&["denshimon 05"], 8, &["denshimon 06"], true);
        check(&["denshimon 05"], 8, &["denshimon 06", "kubectl-edit 07"], true);
        check(&["denshimon 05"], 7, &["denshimon 05"], false);
        check(&["denshimon 05"], 8, &["denshimon 05", "kubectl-edit 06"], false);
        check(&["denshimon 05"], 8, &["denshimon 05", "kubectl-edit 03"], true);
        check(&["kubectl-edit 05"], 8, &["kubectl-edit 06"], false);
    }

    #[test]
    fn who_reports_a_status_in_the_same_second_did_not_do_it() {
        let check = |generation: u64, others: &[(&str, &str)], expect: bool| {
            let [mut before, mut after] = [7, 9].map(|version| object(version, &["denshimon 05"]));
            before["metadata"]["generation"] = 3.into();
            after["metadata"]["generation"] = generation.into();
            for (manager, subresource) in others {
                let note = json!({ "manager": manager, "subresource": subresource, "time": "2026-01-01T00:00:05Z" });
                after["metadata"]["managedFields"].as_array_mut().unwrap().push(note);
            }
            let arrived = Baseline::of(&before).shows_arrival(Verb::Edit, Some(&after));
            assert_eq!(arrived, expect, "{generation} {others:?}");
        };
        let controller = ("kube-controller-manager", "status");
        check(4, &[controller], true);
        check(3, &[controller], false);
        check(4, &[controller, ("kubectl-edit", "")], false);
        check(4, &[], true);
    }

    #[test]
    fn what_is_created_scaled_or_deleted_shows_it_otherwise() {
        let (created, scaled) = (object(8, &["denshimon 05"]), object(8, &[]));
        assert!(Baseline::default().shows_arrival(Verb::Create, Some(&created)));
        assert!(!Baseline::default().shows_arrival(Verb::Create, Some(&object(8, &["kubectl-create 05"]))));
        assert!(!Baseline::default().shows_arrival(Verb::Create, None));
        let before = Baseline::of(&object(7, &[]));
        assert!(before.clone().scaled_to(2).shows_arrival(Verb::Scale, Some(&scaled)));
        assert!(!before.clone().scaled_to(3).shows_arrival(Verb::Scale, Some(&scaled)));
        assert!(before.shows_arrival(Verb::Delete, None));
        assert!(!before.shows_arrival(Verb::Delete, Some(&scaled)));
        let mut another = scaled.clone();
        another["metadata"]["uid"] = "v".into();
        assert!(before.shows_arrival(Verb::Delete, Some(&another)), "it was made again after it");
        let mut ending = scaled;
        ending["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:05Z".into();
        assert!(before.shows_arrival(Verb::Delete, Some(&ending)));
    }
}
