//! Who changed a resource: the operation that did, else the user whose audited request wrote it, else the field manager
//! that the API server noted, else nobody can tell.

use model::Timestamp;
use model::history::{Actor, Verb};
use serde_json::Value;

use crate::audit::ClusterUser;

/// An operation of Denshimon's that a change fulfils.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) id: String,
    /// Of the object that it made.
    pub(crate) resource_version: Option<u64>,
    pub(crate) actor: Actor,
    pub(crate) email: Option<String>,
    pub(crate) verb: Verb,
    pub(crate) summary: String,
    pub(crate) reason: String,
}

/// Whose change it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribution {
    pub(crate) actor: Actor,
    /// Oldest first.
    pub(crate) causes: Vec<Cause>,
    /// Who acted under the actor's name.
    pub(crate) impersonator: Option<String>,
}

/// What happened to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    New,
    Modified,
    /// The resource is there, and has no record any more.
    Left,
    Gone,
}

/// They write on their own account and for nobody.
const CONTROLLERS: [&str; 6] = [
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-apiserver",
    "cloud-controller-manager",
    "kwok-controller",
];

/// Decides who stands behind a change: `user` by the API server's audit log, and `scaler` is who set other replicas
/// through the scale subresource.
pub(crate) fn attribute(
    event: Event,
    object: &Value,
    causes: Vec<Cause>,
    user: Option<ClusterUser>,
    scaler: Option<String>,
) -> Attribution {
    let own = causes.iter().rev().find(|cause| event != Event::Gone || cause.verb == Verb::Delete);
    let (actor, impersonator) = match (own, user, event) {
        (Some(cause), ..) => (cause.actor.clone(), None),
        (None, Some(user), _) => (Actor::ClusterUser(user.name), user.impersonator),
        // The fields of a deleted object say who wrote it, not who deleted it.
        (None, None, Event::Gone) => (Actor::Unresolved, None),
        (None, None, event) => {
            let manager = scaler.or_else(|| newest_manager(object, event));
            (manager.map_or(Actor::Unresolved, Actor::Manager), None)
        }
    };
    Attribution { actor, causes, impersonator }
}

/// Returns the object's `metadata` field, empty where it has none.
pub(crate) fn metadata<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get("metadata").and_then(|metadata| metadata.get(field)).and_then(Value::as_str).unwrap_or_default()
}

/// Returns who owns the replicas by the scale subresource, as `kubectl scale` does.
///
/// The API server notes no time for that (`managedfields/scalehandler.go` in Kubernetes), so that such an entry says
/// nothing of when it came: ask only when the replicas have changed.
pub(crate) fn scaler(object: &Value) -> Option<String> {
    let mut entries = object.get("metadata")?.get("managedFields")?.as_array()?.iter();
    let scales = |entry: &&Value| {
        entry.get("subresource").and_then(Value::as_str) == Some("scale")
            && entry.get("time").is_none()
            && entry.pointer("/fieldsV1/f:spec/f:replicas").is_some()
    };
    entries.find(scales)?.get("manager")?.as_str().map(ToOwned::to_owned)
}

/// Returns the newest time at which a manager took fields, and who did so then.
pub(crate) fn newest_managers(object: &Value) -> Option<(Timestamp, Vec<String>)> {
    let newest = entries(object).map(|entry| entry.at).max()?;
    let managers = entries(object).filter(|entry| entry.at == newest).map(|entry| entry.manager.to_owned());
    Some((newest, managers.collect()))
}

/// Tells whether a field manager is a part of Kubernetes.
pub(crate) fn is_controller(manager: &str) -> bool {
    CONTROLLERS.contains(&manager)
}

struct Entry<'a> {
    manager: &'a str,
    at: Timestamp,
}

/// Who wrote last what may stand in a record.
///
/// A controller is named when it was the last, as when an autoscaler sets replicas; of a new resource, the person
/// who made it is, though a controller has added to it since.
fn newest_manager(object: &Value, event: Event) -> Option<String> {
    let newest = |controllers: bool| {
        entries(object).filter(|entry| is_controller(entry.manager) == controllers).max_by_key(|entry| entry.at)
    };
    let manager = match (newest(false), newest(true)) {
        (Some(person), Some(controller)) if event != Event::New && controller.at > person.at => controller,
        (Some(person), _) => person,
        (None, controller) => controller?,
    };
    Some(manager.manager.to_owned())
}

fn entries(object: &Value) -> impl Iterator<Item = Entry<'_>> {
    let entries = object.get("metadata").and_then(|metadata| metadata.get("managedFields")).and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(|entry| {
        let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default();
        let at = text("time").parse().ok()?;
        let says_something = text("subresource") != "status" && !text("manager").is_empty();
        says_something.then(|| Entry { manager: text("manager"), at })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(entries: &[(&str, &str, &str)]) -> Value {
        let entries: Vec<Value> = entries
            .iter()
            .map(|(manager, subresource, time)| {
                json!({"manager": manager, "subresource": subresource, "time": format!("2026-01-01T00:00:{time}Z")})
            })
            .collect();
        json!({"metadata": {"uid": "u", "managedFields": entries}})
    }

    fn check(event: Event, entries: &[(&str, &str, &str)], expect: Actor) {
        assert_eq!(attribute(event, &object(entries), Vec::new(), None, None).actor, expect, "{event:?} {entries:?}");
    }

    fn manager(name: &str) -> Actor {
        Actor::Manager(name.into())
    }

    #[test]
    fn the_api_server_s_notes_say_who_wrote_last() {
        let edit = ("kubectl-edit", "", "05");
        check(Event::Modified, &[("kubectl-create", "", "01"), edit], manager("kubectl-edit"));
        check(Event::Modified, &[edit, ("kube-controller-manager", "status", "09")], manager("kubectl-edit"));
        check(Event::Modified, &[edit, ("kube-controller-manager", "scale", "09")], manager("kube-controller-manager"));
        check(Event::Modified, &[edit, ("kube-controller-manager", "", "05")], manager("kubectl-edit"));
        check(Event::New, &[edit, ("kube-controller-manager", "", "09")], manager("kubectl-edit"));
        check(Event::New, &[("kube-controller-manager", "", "09")], manager("kube-controller-manager"));
        check(Event::Modified, &[("kubelet", "status", "09")], Actor::Unresolved);
        check(Event::Modified, &[], Actor::Unresolved);
        check(Event::Gone, &[edit], Actor::Unresolved);
    }

    #[test]
    fn who_scales_is_noted_without_a_time() {
        let mut object = object(&[("denshimon", "", "05"), ("kubectl", "scale", "")]);
        assert_eq!(scaler(&object), None, "it says when");
        let entry = &mut object["metadata"]["managedFields"][1];
        entry.as_object_mut().unwrap().remove("time");
        entry["fieldsV1"] = json!({"f:spec": {"f:replicas": {}}});
        let scaler = scaler(&object);
        assert_eq!(scaler.as_deref(), Some("kubectl"));
        let of = |scaler| attribute(Event::Modified, &object, Vec::new(), None, scaler).actor.to_string();
        assert_eq!((of(scaler), of(None)), ("kubectl".into(), "denshimon".into()));
    }

    #[test]
    fn an_operation_names_its_person() {
        let cause = |verb, name: &str| Cause {
            id: name.into(),
            resource_version: None,
            actor: Actor::User(name.parse().unwrap()),
            email: None,
            verb,
            summary: String::new(),
            reason: String::new(),
        };
        let object = object(&[("kubectl-edit", "", "05")]);
        let of = |event, causes| attribute(event, &object, causes, None, None).actor;
        assert_eq!(of(Event::Modified, vec![cause(Verb::Scale, "ada"), cause(Verb::Edit, "bob")]).to_string(), "bob");
        assert_eq!(of(Event::Gone, vec![cause(Verb::Delete, "ada")]).to_string(), "ada");
        assert_eq!(of(Event::Gone, vec![cause(Verb::Edit, "ada")]), Actor::Unresolved);
    }
    #[test]
    fn an_audited_request_names_its_user_after_an_operation() {
        let user = || Some(ClusterUser { name: "eve".into(), impersonator: Some("admin".into()) });
        let object = object(&[("kubectl-edit", "", "05")]);
        for event in [Event::New, Event::Modified, Event::Gone] {
            let found = attribute(event, &object, Vec::new(), user(), Some("kubectl".into()));
            assert_eq!((found.actor, found.impersonator.as_deref()), (Actor::ClusterUser("eve".into()), Some("admin")));
        }
    }
}
