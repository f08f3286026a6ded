//! Each rule, by what goes in and what stays; whole live objects are in `testdata`.

mod kinds;
mod machines;

use serde_json::json;

use super::*;

fn check(live: Value, expect: Value) {
    let manifest = sanitize(&live);
    assert_eq!(*manifest.tree(), expect);
    assert_eq!(sanitize(manifest.tree()).tree(), manifest.tree(), "again changes nothing");
}

/// A live object: with a uid, and who owns what if that is given.
fn live(mut object: Value, managers: &[(&str, &str, Value)]) -> Value {
    let version = object["apiVersion"].clone();
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata.insert("uid".into(), json!("2b9e"));
    let entry = |(manager, operation, fields): &(&str, &str, Value)| {
        json!({"manager": manager, "operation": operation, "apiVersion": version, "fieldsType": "FieldsV1",
            "fieldsV1": fields})
    };
    if !managers.is_empty() {
        metadata.insert("managedFields".into(), managers.iter().map(entry).collect());
    }
    object
}

fn config(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

fn service(spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": spec})
}

#[test]
fn a_document_stays_as_it_is() {
    for document in [
        service(json!({"clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"], "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack", "healthCheckNodePort": 30000, "ports": [{"port": 53, "nodePort": 30053}]})),
        config(json!({})),
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "a"}, "spec": {"volumeName": "v"}}),
        json!({"apiVersion": "example.com/v1", "kind": "Issuer", "metadata": {"name": "a", "finalizers": ["a.com/b"]},
            "spec": {"selfSigned": {}, "emptyDir": {}, "list": [], "nothing": null}}),
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "a"},
            "provisioner": "p", "parameters": {"a": "b"}}),
    ] {
        check(document.clone(), document);
    }
}

#[test]
fn nothing_strange_stops_it() {
    for odd in [
        json!(null),
        json!([]),
        json!("x"),
        json!({}),
        json!({"metadata": []}),
        json!({"metadata": {"labels": 1}}),
        json!({"apiVersion": 1, "kind": [], "metadata": {"uid": 1, "managedFields": {}, "annotations": []}, "spec": 1}),
        json!({"apiVersion": "v1", "kind": "Secret", "data": 1, "metadata": null, "stringData": []}),
        json!({"apiVersion": "v1", "kind": "Service", "spec": [1]}),
        json!({"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": 1, "selector": 1}}),
    ] {
        let _ = sanitize(&odd);
    }
}

#[test]
fn metadata_of_the_server_goes_and_of_people_stays() {
    check(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}, "status": {"x": 1}, "metadata": {
            "name": "a", "generateName": "a-", "uid": "u", "resourceVersion": "5", "generation": 2, "selfLink": "/x",
            "creationTimestamp": "2026-01-01T00:00:00Z", "deletionTimestamp": "x", "deletionGracePeriodSeconds": 30,
            "ownerReferences": [{"uid": "u"}], "labels": {"app": "a"},
            "finalizers": ["kubernetes.io/pvc-protection", "resources-finalizer.argocd.argoproj.io", "foregroundDeletion"],
            "annotations": {"deployment.kubernetes.io/revision": "3", "example.com/team": "a",
                "control-plane.alpha.kubernetes.io/leader": "{}"}}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}, "metadata": {"name": "a",
            "labels": {"app": "a"}, "annotations": {"example.com/team": "a"},
            "finalizers": ["resources-finalizer.argocd.argoproj.io"]}}),
    );
}

#[test]
fn a_field_that_nobody_owns_goes() {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"a": "1", "b": "2"}},
        "data": {"mine": "1", "theirs": "2"}, "immutable": true});
    let fields = json!({"f:data": {"f:mine": {}}, "f:metadata": {"f:labels": {".": {}, "f:a": {}}}});
    check(
        live(object.clone(), &[("ci", "Apply", fields.clone())]),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"a": "1"}}, "data": {"mine": "1"}}),
    );
    // Two managers together.
    let other = json!({"f:immutable": {}, "f:data": {"f:theirs": {}}, "f:metadata": {"f:labels": {"f:b": {}}}});
    let mut whole = object.clone();
    check(live(object.clone(), &[("ci", "Apply", fields.clone()), ("ada", "Update", other)]), whole.take());
    // In another version nothing can be said.
    let mut foreign = live(object.clone(), &[("ci", "Apply", fields)]);
    foreign["metadata"]["managedFields"][0]["apiVersion"] = json!("v2");
    check(foreign, object.clone());
    // Nor without managers, nor where only the status is owned.
    check(live(object.clone(), &[]), object.clone());
    check(live(object.clone(), &[("kubelet", "Update", json!({"f:status": {"f:x": {}}}))]), object);
}

#[test]
fn list_items_are_told_apart_by_their_names() {
    let pod = |containers: Value, arguments: Value| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
            "spec": {"containers": containers, "arguments": arguments}})
    };
    let fields = json!({"f:spec": {"f:arguments": {}, "f:containers": {
        "k:{\"name\":\"a\"}": {".": {}, "f:image": {}, "f:name": {}, "f:resources": {},
            "f:ports": {"k:{\"containerPort\":53,\"protocol\":\"UDP\"}": {".": {}, "f:containerPort": {}}}}}}});
    check(
        live(
            pod(
                json!([
                    {"name": "injected", "image": "proxy"},
                    {"name": "a", "image": "i", "imagePullPolicy": "Always", "resources": {}, "ports": [
                        {"containerPort": 53, "protocol": "TCP"}, {"containerPort": 53, "protocol": "UDP", "name": "x"}]},
                ]),
                json!([{"kept": "whole", "default": 1}]),
            ),
            &[("ci", "Apply", fields)],
        ),
        pod(
            json!([{"name": "a", "image": "i", "resources": {}, "ports": [{"containerPort": 53, "protocol": "UDP"}]}]),
            json!([{"kept": "whole", "default": 1}]),
        ),
    );
    // A set without items is owned by nobody, though somebody wrote it.
    let empty = |people: Value| {
        json!({"apiVersion": "example.org/v1", "kind": "Roster", "metadata": {"name": "a"},
        "shifts": [{"day": "mon", "people": people}], "free": "x"})
    };
    let fields = json!({"f:shifts": {"k:{\"day\":\"mon\"}": {".": {}, "f:day": {}}}});
    let mut roster = empty(json!([]));
    let object = live(roster.clone(), &[("ci", "Apply", fields)]);
    roster.as_object_mut().unwrap().remove("free");
    check(object, roster);
    let set = json!({"f:metadata": {"f:finalizers": {".": {}, "v:\"a.com/b\"": {}}}, "f:data": {}});
    let mut object = config(json!({"a": "b"}));
    object["metadata"]["finalizers"] = json!(["a.com/b", "c.com/d"]);
    let mut expect = object.clone();
    expect["metadata"]["finalizers"] = json!(["a.com/b"]);
    check(live(object, &[("ci", "Apply", set)]), expect);
}

#[test]
fn what_kubectl_apply_was_given_stays() {
    let mut object = config(json!({"given": "1", "default": "2", "edited": "3"}));
    let given = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"given": "0"}}).to_string();
    object["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": given});
    let all = json!({"f:data": {".": {}, "f:given": {}, "f:default": {}}});
    let edit = json!({"f:data": {"f:edited": {}}});
    let managers = [("kubectl-client-side-apply", "Update", all.clone()), ("kubectl-edit", "Update", edit)];
    check(live(object.clone(), &managers), config(json!({"given": "1", "edited": "3"})));
    // Another client that writes defaults back cannot be told from a person.
    check(live(object.clone(), &[("helm", "Update", all)]), config(json!({"given": "1", "default": "2"})));
    // Without managers the annotation alone proves nothing about the other fields.
    check(live(object, &[]), config(json!({"given": "1", "default": "2", "edited": "3"})));
}

#[test]
fn whoever_writes_what_was_applied_writes_defaults_back() {
    const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
    let deployment = |containers: Value, rest: Value| {
        let mut spec = json!({"selector": {"matchLabels": {"app": "a"}}, "template": {
            "metadata": {"labels": {"app": "a"}}, "spec": {"containers": containers}}});
        spec.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec})
    };
    // What was applied names two values that are defaults, too.
    let given = deployment(
        json!([{"name": "a", "image": "i", "imagePullPolicy": "IfNotPresent", "ports": [{"containerPort": 80}]}]),
        json!({"revisionHistoryLimit": 10, "strategy": {}}),
    );
    let filled = |name: &str| {
        json!({"name": name, "image": "i", "imagePullPolicy": "IfNotPresent", "resources": {},
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            "ports": [{"containerPort": 80, "protocol": "TCP"}]})
    };
    let rest = json!({"revisionHistoryLimit": 10, "progressDeadlineSeconds": 600, "paused": true,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}});
    let object = |containers: &[&str], annotated: bool| {
        let containers = containers.iter().map(|name| filled(name)).collect();
        let mut object = deployment(containers, rest.clone());
        object["spec"]["template"]["spec"]["restartPolicy"] = json!("Always");
        if annotated {
            object["metadata"]["annotations"] = json!({ LAST_APPLIED: given.to_string() });
        }
        object
    };
    let container = |name: &str| {
        json!({format!("k:{{\"name\":\"{name}\"}}"): {".": {}, "f:name": {}, "f:image": {}, "f:imagePullPolicy": {},
            "f:resources": {}, "f:terminationMessagePath": {}, "f:terminationMessagePolicy": {},
            "f:ports": {".": {}, "k:{\"containerPort\":80,\"protocol\":\"TCP\"}":
                {".": {}, "f:containerPort": {}, "f:protocol": {}}}}})
    };
    let in_template =
        |containers: Value| json!({"f:template": {"f:spec": {"f:containers": containers, "f:restartPolicy": {}}}});
    let mut fields = in_template(container("a"));
    fields.as_object_mut().unwrap().extend(
        json!({"f:revisionHistoryLimit": {}, "f:progressDeadlineSeconds": {}, "f:selector": {},
            "f:strategy": {"f:rollingUpdate": {".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}}, "f:type": {}}})
        .as_object()
        .unwrap()
        .clone(),
    );
    let annotations = json!({"f:annotations": {".": {}, format!("f:{LAST_APPLIED}"): {}}});
    let applies = json!({"f:metadata": annotations, "f:spec": fields});
    let pause = ("ada", "Update", json!({"f:spec": {"f:paused": {}}}));
    let mut kept = given.clone();
    kept["spec"]["paused"] = json!(true);
    // A name given with `--field-manager`, Argo CD's, kubectl's own.
    for manager in ["ci", "argocd-controller", "kubectl-client-side-apply"] {
        check(live(object(&["a"], true), &[(manager, "Update", applies.clone()), pause.clone()]), kept.clone());
    }
    // Nobody tells, but for the annotation: defaults that it does not name go all the same.
    check(live(object(&["a"], true), &[]), kept.clone());
    // A container that `kubectl edit` added has no defaults.
    let edit = ("kubectl-edit", "Update", json!({"f:spec": in_template(container("b"))}));
    let mut added = kept.clone();
    added["spec"]["template"]["spec"]["containers"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "b", "image": "i", "imagePullPolicy": "IfNotPresent", "ports": [{"containerPort": 80}]}));
    check(live(object(&["a", "b"], true), &[("ci", "Update", applies), pause.clone(), edit]), added);
    // The annotation of another object, copied with it, tells nothing of this one.
    let mut copied = object(&["a"], true);
    let mut other = given.clone();
    other["metadata"]["name"] = json!("b");
    copied["metadata"]["annotations"][LAST_APPLIED] = json!(other.to_string());
    kept["spec"].as_object_mut().unwrap().remove("revisionHistoryLimit");
    kept["spec"].as_object_mut().unwrap().remove("strategy");
    check(live(copied, &[]), kept);
}

#[test]
fn a_restart_is_no_change() {
    let deployment = |template: Value| json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": template}});
    let restarted = json!({"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"});
    check(
        deployment(json!({"metadata": {"labels": {"a": "b"}, "annotations": restarted, "creationTimestamp": null}})),
        deployment(json!({"metadata": {"labels": {"a": "b"}}})),
    );
    check(
        deployment(json!({"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "x", "mine": "y"}}})),
        deployment(json!({"metadata": {"annotations": {"mine": "y"}}})),
    );
    check(deployment(json!({"metadata": {"creationTimestamp": null}, "spec": {}})), deployment(json!({"spec": {}})));
}

#[test]
fn what_is_applied_empty_stays_empty_though_the_server_fills_it() {
    let deployment = |strategy: Value| json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"strategy": strategy}});
    let filled = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
    let owned = json!({"f:spec": {"f:strategy": {}}});
    check(live(deployment(filled.clone()), &[("ci", "Apply", owned.clone())]), deployment(json!({})));
    // Another manager has set something in it since.
    let mut set = filled.clone();
    set["rollingUpdate"]["maxSurge"] = json!(1);
    let other = json!({"f:spec": {"f:strategy": {"f:rollingUpdate": {"f:maxSurge": {}}}}});
    check(
        live(deployment(set.clone()), &[("ci", "Apply", owned.clone()), ("ada", "Update", other)]),
        deployment(set.clone()),
    );
    // Nobody knows how else it came there.
    check(live(deployment(set.clone()), &[("ci", "Apply", owned)]), deployment(set));
}

#[test]
fn a_status_without_subresource_is_a_field_like_any_other() {
    let definition = |subresources: Value| {
        json!({"spec": {"group": "example.org", "names": {"kind": "Note"}, "versions": [
            {"name": "v1", "subresources": subresources}]}})
    };
    let note = json!({"apiVersion": "example.org/v1", "kind": "Note", "metadata": {"name": "a"}, "spec": {"text": "b"},
        "status": {"read": false, "seen": 3}});
    let record = |live: &Value, subresources: Value| {
        let mut schemas = SchemaDefaults::default();
        schemas.learn(&definition(subresources));
        sanitize_custom(live, &schemas).into_tree()
    };
    let mut without = note.clone();
    without.as_object_mut().unwrap().remove("status");
    let object = live(note.clone(), &[]);
    assert_eq!(record(&object, json!({"status": {}})), without);
    assert_eq!(record(&object, json!({})), note);
    assert_eq!(sanitize_record(&object).into_tree(), without);
    assert_eq!((sanitize_record(&note).into_tree(), sanitize(&note).into_tree()), (note.clone(), without.clone()));
    // What a controller reports there is not a person's.
    let person = ("kubectl-create", "Update", json!({"f:spec": {"f:text": {}}, "f:status": {".": {}, "f:read": {}}}));
    let controller = ("reader", "Update", json!({"f:status": {"f:seen": {}}}));
    let mut told = note.clone();
    told["status"].as_object_mut().unwrap().remove("seen");
    assert_eq!(record(&live(note.clone(), &[person.clone(), controller.clone()]), json!({})), told);
    let bare = ("kubectl-create", "Update", json!({"f:spec": {"f:text": {}}}));
    assert_eq!(record(&live(note.clone(), &[bare, controller]), json!({})), without);
    let edit = ("kubectl-edit", "Update", json!({"f:status": {"f:seen": {}}}));
    assert_eq!(record(&live(note.clone(), &[person, edit]), json!({})), note);
}
