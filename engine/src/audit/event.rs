//! Reads one event of `audit.k8s.io/v1`; nothing is kept of the objects in it but their names and versions.

use model::Timestamp;
use reqwest::Url;
use serde_json::Value;

use super::{ClusterUser, Place};

/// Longer names are cut.
const LONGEST: usize = 256;

/// A request that changed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Write {
    pub(super) user: ClusterUser,
    pub(super) place: Place,
    pub(super) uid: Option<String>,
    /// That the object has since; only an event with the response says it, and none of a deletion.
    pub(super) version: Option<u64>,
    /// The field manager under which the API server notes it.
    pub(super) manager: String,
    pub(super) does: Does,
    pub(super) received: Timestamp,
    pub(super) completed: Timestamp,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    Write,
    /// A deletion; it is `sure` when its options were seen, since one that is a dry run says so nowhere else.
    Delete {
        sure: bool,
    },
}

/// Reads what a request changed: nothing for one that failed, was a dry run, or wrote a status alone.
pub(super) fn read(event: &Value) -> Vec<Write> {
    let Some(request) = Request::read(event) else { return Vec::new() };
    let response = event.get("responseObject");
    match (request.verb, response.and_then(|list| list.get("items")).and_then(Value::as_array)) {
        ("deletecollection", Some(items)) => items.iter().filter_map(|item| request.write(Some(item))).collect(),
        ("deletecollection", None) => Vec::new(),
        _ => request.write(response).into_iter().collect(),
    }
}

/// Tells whether a name is one of Kubernetes' own parts, so that of no person.
pub(super) fn is_of_the_system(name: &str) -> bool {
    match name.strip_prefix("system:") {
        Some("admin") => false,
        Some(rest) => match rest.strip_prefix("serviceaccount:") {
            Some(account) => account.starts_with("kube-system:"),
            None => true,
        },
        None => false,
    }
}

struct Request<'a> {
    event: &'a Value,
    verb: &'a str,
    user: ClusterUser,
    manager: String,
    received: Timestamp,
    completed: Timestamp,
}

impl<'a> Request<'a> {
    fn read(event: &'a Value) -> Option<Self> {
        let verb = text(event, "/verb")?;
        let writes = matches!(verb, "create" | "update" | "patch" | "delete" | "deletecollection");
        let succeeded = event
            .pointer("/responseStatus/code")
            .and_then(Value::as_u64)
            .is_some_and(|code| (200..300).contains(&code));
        let complete = text(event, "/stage") == Some("ResponseComplete");
        let status = text(event, "/objectRef/subresource") == Some("status");
        if !writes || !succeeded || !complete || status {
            return None;
        }
        let query = Query::read(text(event, "/requestURI").unwrap_or_default());
        let options = event.pointer("/requestObject/dryRun").and_then(Value::as_array);
        if query.dry_run || options.is_some_and(|parts| !parts.is_empty()) {
            return None;
        }
        let authenticated = text(event, "/user/username").and_then(clean)?;
        let user = match text(event, "/impersonatedUser/username").and_then(clean) {
            Some(name) => ClusterUser { name, impersonator: Some(authenticated) },
            None => ClusterUser { name: authenticated, impersonator: None },
        };
        let agent = || text(event, "/userAgent").and_then(|agent| agent.split('/').next()).unwrap_or_default();
        let received = text(event, "/requestReceivedTimestamp")?.parse().ok()?;
        let completed = text(event, "/stageTimestamp").and_then(|at| at.parse().ok()).unwrap_or(received);
        let manager = query.manager.unwrap_or_else(|| agent().to_owned());
        Some(Self { event, verb, user, manager, received, completed })
    }

    fn write(&self, object: Option<&Value>) -> Option<Write> {
        let of_reference =
            |field: &str| text(self.event, &format!("/objectRef/{field}")).filter(|text| !text.is_empty());
        let of_object = |field: &str| object.and_then(|object| text(object, &format!("/metadata/{field}")));
        let deletes = matches!(self.verb, "delete" | "deletecollection");
        // A deletion is answered with the object, or with a status that names it.
        let named = || {
            let in_status = text(self.event, "/responseStatus/details/uid");
            in_status.or_else(|| object.and_then(|status| text(status, "/details/uid")))
        };
        let uid = of_object("uid").or_else(|| named().filter(|_| deletes)).or_else(|| of_reference("uid"));
        let version = of_object("resourceVersion").and_then(|version| version.parse().ok()).filter(|_| !deletes);
        let name = of_object("name").filter(|name| !name.is_empty()).or_else(|| of_reference("name"));
        // What another subresource writes is known by its answer alone.
        let plain = matches!(of_reference("subresource"), None | Some("scale"));
        if (name.is_none() && uid.is_none()) || (!plain && (version.is_none() || uid.is_none())) {
            return None;
        }
        let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Some(Write {
            user: self.user.clone(),
            place: Place {
                group: owned(of_reference("apiGroup")),
                plural: owned(of_reference("resource")),
                namespace: owned(of_object("namespace").or_else(|| of_reference("namespace"))),
                name: owned(name),
            },
            uid: uid.map(ToOwned::to_owned),
            version,
            manager: self.manager.clone(),
            does: match deletes {
                true => {
                    Does::Delete { sure: matches!(text(self.event, "/level"), Some("Request" | "RequestResponse")) }
                }
                false => Does::Write,
            },
            received: self.received,
            completed: self.completed,
        })
    }
}

#[derive(Default)]
struct Query {
    dry_run: bool,
    manager: Option<String>,
}

impl Query {
    fn read(uri: &str) -> Self {
        // The address of the server does not count; what is no address has no query either.
        let Some(url) = Url::parse("http://server/").ok().and_then(|base| base.join(uri).ok()) else {
            return Self::default();
        };
        let mut query = Self::default();
        for (key, value) in url.query_pairs() {
            match key.as_ref() {
                "dryRun" if !value.is_empty() => query.dry_run = true,
                "fieldManager" if !value.is_empty() => query.manager = Some(value.into_owned()),
                _ => {}
            }
        }
        query
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

/// Takes a name as it may stand on a page and in a commit: what cannot be seen is shown, so that no two look alike.
fn clean(name: &str) -> Option<String> {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let name: String = name.chars().take(LONGEST).map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect();
    (!name.trim().is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn event(changes: Value) -> Value {
        let mut event = json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "stage": "ResponseComplete",
            "requestURI": "/apis/apps/v1/namespaces/shop/deployments/api?fieldManager=kubectl-edit", "verb": "patch",
            "user": {"username": "ada"}, "userAgent": "kubectl/v1.34 (linux)",
            "objectRef": {"resource": "deployments", "namespace": "shop", "name": "api", "apiGroup": "apps"},
            "responseStatus": {"code": 200},
            "responseObject": {"metadata": {"name": "api", "namespace": "shop", "uid": "u", "resourceVersion": "12"}},
            "requestReceivedTimestamp": "2026-01-01T00:00:01.5Z", "stageTimestamp": "2026-01-01T00:00:02.1Z",
        });
        json_patch::merge(&mut event, &changes);
        event
    }

    #[test]
    fn a_write_is_known_by_user_object_and_version() {
        let writes = read(&event(json!({})));
        let [write] = writes.as_slice() else { panic!("{writes:?}") };
        let user = ClusterUser { name: "ada".into(), impersonator: None };
        assert_eq!((&write.user, write.version, write.uid.as_deref()), (&user, Some(12), Some("u")));
        assert_eq!((write.manager.as_str(), write.does), ("kubectl-edit", Does::Write));
        let write = &read(&event(json!({"impersonatedUser": {"username": "bob"}, "requestURI": "/x"})))[0];
        let user = ClusterUser { name: "bob".into(), impersonator: Some("ada".into()) };
        assert_eq!((&write.user, write.manager.as_str()), (&user, "kubectl"));
    }

    #[test]
    fn what_changes_nothing_is_left_out() {
        for changes in [
            json!({"stage": "RequestReceived"}),
            json!({"verb": "get"}),
            json!({"responseStatus": {"code": 409}}),
            json!({"responseStatus": null}),
            json!({"requestURI": "/apis/apps/v1/namespaces/shop/deployments/api?dryRun=All"}),
            json!({"verb": "delete", "requestObject": {"dryRun": ["All"]}}),
            json!({"objectRef": {"subresource": "status"}}),
            json!({"objectRef": {"subresource": "eviction"}, "responseObject": null}),
            json!({"user": {"username": "  "}}),
            json!({"requestReceivedTimestamp": "soon"}),
        ] {
            assert_eq!(read(&event(changes.clone())), [], "{changes}");
        }
    }

    #[test]
    fn a_deletion_is_known_by_what_its_answer_names() {
        let status = json!({"verb": "delete", "level": "Metadata", "responseObject": null,
            "responseStatus": {"code": 200, "details": {"uid": "gone"}}});
        let write = &read(&event(status))[0];
        assert_eq!((write.uid.as_deref(), write.does), (Some("gone"), Does::Delete { sure: false }));
        let items: Vec<Value> = ["a", "b"].map(|uid| json!({"metadata": {"name": uid, "uid": uid}})).into();
        let many = json!({"verb": "deletecollection", "responseObject": {"items": items}});
        let uids: Vec<_> = read(&event(many)).into_iter().map(|write| write.uid.unwrap()).collect();
        assert_eq!(uids, ["a", "b"]);
    }

    #[test]
    fn parts_of_the_system_are_no_persons() {
        for (name, system) in [
            ("system:serviceaccount:kube-system:namespace-controller", true),
            ("system:kube-controller-manager", true),
            ("system:node:node-1", true),
            ("system:anonymous", true),
            ("system:admin", false),
            ("system:serviceaccount:argocd:argocd", false),
            ("ada@example.org", false),
            ("system", false),
        ] {
            assert_eq!(is_of_the_system(name), system, "{name}");
        }
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::hash_map("[a-zA-Z]{1,8}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn field() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(vec![
            "level",
            "stage",
            "requestURI",
            "verb",
            "user",
            "impersonatedUser",
            "userAgent",
            "objectRef",
            "responseStatus",
            "responseObject",
            "requestObject",
            "requestReceivedTimestamp",
            "stageTimestamp",
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn nothing_in_an_event_can_end_the_reader(field in field(), value in json_value(), other in json_value()) {
            let mut mangled = event(json!({}));
            mangled[field] = value;
            read(&mangled);
            read(&other);
        }

        #[test]
        fn any_name_is_one_line_that_can_be_seen(name in "\\PC{0,300}|.{0,300}|ada(\n|\r|\u{202e}|\u{0})eve") {
            for write in read(&event(json!({"user": {"username": name}}))) {
                let name = write.user.name;
                prop_assert!(name.chars().count() <= LONGEST && !name.trim().is_empty());
                prop_assert!(!name.chars().any(|c| c.is_control() || c == '\u{202e}' || c == '\u{2028}'), "{name:?}");
            }
        }

        #[test]
        fn any_address_is_read(uri in ".{0,60}", manager in "[a-z%?&= ]{1,12}") {
            Query::read(&uri);
            let written = Url::parse_with_params("http://server/x", [("fieldManager", &manager)]).unwrap();
            let asked = Query::read(&written.as_str()["http://server".len()..]);
            prop_assert_eq!(asked.manager, Some(manager));
        }
    }
}
