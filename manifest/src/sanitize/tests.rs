//! Each rule, by what goes in and what stays; whole live objects are in `testdata`.

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
fn addresses_of_services_stay_only_when_asked_for() {
    let ports = json!([{"port": 80, "nodePort": 30080}]);
    let allocated = json!({"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack", "healthCheckNodePort": 31000, "ports": ports, "type": "NodePort"});
    // Nobody tells who asked: a port may be a person's.
    check(live(service(allocated.clone()), &[]), service(json!({"ports": ports, "type": "NodePort"})));
    let fields = |extra: Value| {
        let mut spec =
            json!({"f:type": {}, "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}});
        spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "f:spec": spec })
    };
    let owned = |extra: Value, manager: &str| live(service(allocated.clone()), &[(manager, "Update", fields(extra))]);
    check(owned(json!({}), "ci"), service(json!({"ports": [{"port": 80}], "type": "NodePort"})));
    check(
        owned(json!({"f:clusterIP": {}}), "ci"),
        service(json!({"clusterIP": "10.0.0.1", "ports": [{"port": 80}], "type": "NodePort"})),
    );
    check(
        owned(json!({"f:clusterIP": {}, "f:clusterIPs": {}}), "before-first-apply"),
        service(json!({"ports": [{"port": 80}], "type": "NodePort"})),
    );
    let headless = service(json!({"clusterIP": "None", "clusterIPs": ["None"]}));
    check(live(headless.clone(), &[]), service(json!({"clusterIP": "None"})));
    check(headless, service(json!({"clusterIP": "None"})));
    let dual = json!({"ipFamilies": ["IPv6", "IPv4"], "ipFamilyPolicy": "PreferDualStack"});
    check(live(service(dual.clone()), &[]), service(dual));
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
fn jobs_lose_what_is_made_of_their_uid() {
    let job = |labels: Value, template: Value, spec: Value| {
        let mut job =
            json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a", "labels": labels}, "spec": spec});
        job["spec"]["template"] = json!({"metadata": {"labels": template}, "spec": {}});
        job
    };
    let generated = json!({"controller-uid": "u", "batch.kubernetes.io/controller-uid": "u", "job-name": "a",
        "batch.kubernetes.io/job-name": "a", "team": "b"});
    let selector = json!({"selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}}});
    // Labels the Job took over from its template go, a label of its own stays.
    let mut expect = job(json!({}), json!({"team": "b"}), json!({}));
    expect["metadata"].as_object_mut().unwrap().remove("labels");
    check(job(generated.clone(), generated.clone(), selector.clone()), expect);
    let own = json!({"team": "b", "own": "c"});
    check(job(own.clone(), generated.clone(), selector), job(own, json!({"team": "b"}), json!({})));
    let manual = json!({"manualSelector": true, "selector": {"matchLabels": {"job-name": "a"}}});
    let by_hand = job(json!({"a": "b"}), json!({"job-name": "a"}), manual);
    check(by_hand.clone(), by_hand);
}

#[test]
fn claims_keep_the_volume_a_person_chose() {
    let claim = |annotations: Value, volume: &str| {
        let mut claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": "a", "annotations": annotations}, "spec": {"storageClassName": "fast", "volumeName": volume}});
        claim["metadata"]["uid"] = json!("2b9e");
        claim
    };
    let expect = |volume: Option<&str>| {
        let mut spec = json!({"storageClassName": "fast"});
        if let Some(volume) = volume {
            spec["volumeName"] = json!(volume);
        }
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "a"}, "spec": spec})
    };
    let bound = "pv.kubernetes.io/bind-completed";
    check(claim(json!({bound: "yes", "pv.kubernetes.io/bound-by-controller": "yes"}), "pv-1"), expect(None));
    check(claim(json!({bound: "yes"}), "pvc-2b9e"), expect(None));
    check(claim(json!({bound: "yes"}), "pv-1"), expect(Some("pv-1")));
}

#[test]
fn a_class_that_admission_chose_stays() {
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "a"},
        "spec": {"storageClassName": "fast", "volumeMode": "Filesystem", "accessModes": ["ReadWriteOnce"]}});
    let mut expect = claim.clone();
    expect["spec"].as_object_mut().unwrap().remove("volumeMode");
    check(live(claim, &[("ci", "Apply", json!({"f:spec": {"f:accessModes": {}}}))]), expect);
}

#[test]
fn small_kinds_lose_what_controllers_add() {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "status": {"phase": "Active"}, "spec": {"finalizers": ["kubernetes"]},
        "metadata": {"name": "a", "labels": {"kubernetes.io/metadata.name": "a"}}});
    check(namespace, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}));
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "a"},
        "aggregationRule": {"clusterRoleSelectors": []}, "rules": [{"verbs": ["get"]}]});
    let mut expect = role.clone();
    expect.as_object_mut().unwrap().remove("rules");
    check(role, expect);
    check(
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}, "imagePullSecrets": [{"name": "r"}],
            "secrets": [{"name": "a-token-x7k2p"}, {"name": "a-token-mine"}, {"name": "b-token-x7k2p"}]}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}, "imagePullSecrets": [{"name": "r"}],
            "secrets": [{"name": "a-token-mine"}, {"name": "b-token-x7k2p"}]}),
    );
}

#[test]
fn injected_authorities_go_and_given_ones_stay() {
    let webhook = |client: Value| {
        json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": "a"}, "webhooks": [{"name": "b", "clientConfig": client}]})
    };
    let with = webhook(json!({"url": "https://x", "caBundle": "YQ=="}));
    let without = webhook(json!({"url": "https://x"}));
    check(live(with.clone(), &[]), with.clone());
    let mut asks = with.clone();
    asks["metadata"]["annotations"] = json!({"cert-manager.io/inject-ca-from": "a/b"});
    let mut expect = without.clone();
    expect["metadata"]["annotations"] = json!({"cert-manager.io/inject-ca-from": "a/b"});
    check(asks, expect);
    let item = |fields: Value| json!({"f:webhooks": {"k:{\"name\":\"b\"}": fields}});
    let owner = item(json!({".": {}, "f:name": {}, "f:clientConfig": {"f:url": {}}}));
    let injector = item(json!({"f:clientConfig": {"f:caBundle": {}}}));
    check(live(with, &[("ci", "Apply", owner), ("injector", "Update", injector)]), without);
}

#[test]
fn secrets_keep_type_and_keys() {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "type": "Opaque", "immutable": true,
        "data": {"a": "aHVudGVyMg=="}, "stringData": {"b": "hunter2"}});
    let marker = crate::NOT_RECORDED;
    let expect = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "type": "Opaque", "immutable": true,
        "data": {"a": marker, "b": marker}});
    check(secret.clone(), expect.clone());
    // Text given as `stringData` is owned under that name.
    check(live(secret, &[("ci", "Apply", json!({"f:stringData": {"f:b": {}}}))]), expect);
}

#[test]
fn what_machines_make_is_not_recorded() {
    let object = |version: &str, kind: &str, rest: Value| {
        let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "a", "namespace": "b"}});
        object.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        object
    };
    let named = |name: &str| json!({"metadata": {"name": name, "namespace": "default"}});
    let managers = |names: &[&str]| names.iter().map(|name| json!({ "manager": name })).collect::<Vec<_>>();
    let written_by = |names: &[&str]| json!({"metadata": {"name": "a", "managedFields": managers(names)}});
    let certificate = |names: &[&str]| {
        json!({"type": "kubernetes.io/tls", "metadata": {"name": "a", "managedFields": managers(names),
            "annotations": {"cert-manager.io/certificate-name": "a"}}})
    };
    for (recorded, live) in [
        (true, object("batch/v1", "Job", json!({}))),
        (false, object("batch/v1", "Job", json!({"metadata": {"ownerReferences": [{"controller": true}]}}))),
        (true, object("batch/v1", "Job", json!({"metadata": {"ownerReferences": [{"kind": "Argo"}]}}))),
        (false, object("v1", "Secret", json!({"type": "helm.sh/release.v1"}))),
        (true, object("v1", "Secret", json!({"type": "Opaque"}))),
        (false, object("v1", "PersistentVolumeClaim", written_by(&["kube-controller-manager", "kube-scheduler"]))),
        (true, object("v1", "PersistentVolumeClaim", written_by(&["kubectl-create", "kube-controller-manager"]))),
        (false, object("v1", "Secret", certificate(&["cert-manager-certificates-issuing"]))),
        (true, object("v1", "Secret", certificate(&["kubectl-client-side-apply"]))),
        (false, object("v1", "ConfigMap", named("kube-root-ca.crt"))),
        (
            false,
            object(
                "v1",
                "ConfigMap",
                json!({"metadata": {"name": "kube-root-ca.crt", "managedFields": [{"manager": "kube-controller-manager"}]}}),
            ),
        ),
        (false, object("v1", "ServiceAccount", named("default"))),
        (true, object("v1", "ServiceAccount", json!({"metadata": {"name": "default"}, "imagePullSecrets": []}))),
        (false, object("v1", "Service", named("kubernetes"))),
        (false, object("v1", "Endpoints", named("kubernetes"))),
        (true, object("v1", "Endpoints", json!({"metadata": {"managedFields": [{"manager": "kubectl"}]}}))),
        (
            false,
            object("v1", "Endpoints", json!({"metadata": {"managedFields": [{"manager": "kube-controller-manager"}]}})),
        ),
        (
            false,
            object(
                "v1",
                "Endpoints",
                json!({"metadata": {"labels": {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}}}),
            ),
        ),
        (true, object("discovery.k8s.io/v1", "EndpointSlice", json!({}))),
        (
            false,
            object(
                "discovery.k8s.io/v1",
                "EndpointSlice",
                json!({"metadata": {"labels": {
                    "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io"}}}),
            ),
        ),
        (false, object("v1", "ConfigMap", json!({"metadata": {"name": "a", "namespace": "kube-system"}}))),
        (false, object("v1", "Namespace", json!({"metadata": {"name": "kube-public"}}))),
        (true, object("v1", "Namespace", json!({"metadata": {"name": "shop"}}))),
        (true, object("v1", "ConfigMap", json!({"metadata": {"name": "kube-system", "namespace": "shop"}}))),
        (
            false,
            object(
                "v1",
                "PersistentVolume",
                json!({"metadata": {"name": "pvc-1", "annotations": {"pv.kubernetes.io/provisioned-by": "csi.example"}},
                    "spec": {"persistentVolumeReclaimPolicy": "Delete"}}),
            ),
        ),
        (true, object("v1", "PersistentVolume", json!({"metadata": {"name": "kube-system"}}))),
        (false, object("scheduling.k8s.io/v1", "PriorityClass", json!({"metadata": {"name": "system-node-critical"}}))),
        (
            false,
            object(
                "flowcontrol.apiserver.k8s.io/v1",
                "FlowSchema",
                json!({"metadata": {"annotations": {"apf.kubernetes.io/autoupdate-spec": "true"}}}),
            ),
        ),
        (
            false,
            object(
                "apiregistration.k8s.io/v1",
                "APIService",
                json!({"metadata": {"labels": {"kube-aggregator.kubernetes.io/automanaged": "onstart"}}}),
            ),
        ),
        (
            false,
            object(
                "v1",
                "ConfigMap",
                json!({"metadata": {"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}}}),
            ),
        ),
        (
            false,
            object(
                "rbac.authorization.k8s.io/v1",
                "ClusterRole",
                json!({"metadata": {"name": "edit",
            "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
            "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}}),
            ),
        ),
    ] {
        let made = made_by_itself(&live, |_| true);
        assert_eq!(made.is_none(), recorded, "{live}");
        let switched_off = made.and_then(|made| made_by_itself(&live, |rule| rule != made.name));
        assert!(switched_off.is_none(), "one rule is enough: {live}");
    }
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
fn what_admission_adds_to_a_pod_goes() {
    let pod = |spec: Value| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec});
    let away = |key: &str, seconds: u32| {
        json!({"key": format!("node.kubernetes.io/{key}"), "operator": "Exists", "effect": "NoExecute",
            "tolerationSeconds": seconds})
    };
    let mine = json!({"key": "gpu", "operator": "Exists"});
    let (injected, own) = (away("unreachable", 300), away("not-ready", 10));
    let token = json!({"name": "kube-api-access-x7k2p", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"});
    let full = pod(json!({"tolerations": [mine, own, injected], "serviceAccountName": "default",
        "containers": [{"name": "a", "image": "i", "resources": {"limits": {"memory": "1Gi"}}, "volumeMounts": [token]}],
        "volumes": [{"name": "e", "emptyDir": {}}, {"name": "kube-api-access-x7k2p", "projected": {"sources": []}}]}));
    // Nobody tells: what the server's own names and usual times mark.
    check(
        live(full.clone(), &[]),
        pod(json!({"tolerations": [mine, own], "volumes": [{"name": "e", "emptyDir": {}}],
            "containers": [{"name": "a", "image": "i", "resources": {"limits": {"memory": "1Gi"}}}]})),
    );
    // A list of tolerations is owned as one; whoever owns `resources` and nothing in it left it empty.
    let fields = json!({"f:spec": {"f:tolerations": {}, "f:volumes": {"k:{\"name\":\"e\"}": {".": {}, "f:emptyDir": {},
        "f:name": {}}}, "f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:image": {}, "f:name": {}, "f:resources": {}}}}});
    let rest = |resources: Value| {
        let mut container = json!({"name": "a", "image": "i"});
        container.as_object_mut().unwrap().extend(resources.as_object().unwrap().clone());
        pod(json!({"tolerations": [mine, own], "volumes": [{"name": "e", "emptyDir": {}}], "containers": [container]}))
    };
    check(live(full.clone(), &[("ci", "Apply", fields.clone())]), rest(json!({"resources": {}})));
    check(live(full.clone(), &[("ci", "Update", fields)]), rest(json!({})));
    // What `kubectl apply` was given is no addition, though it looks like one.
    let mut given = live(pod(json!({"tolerations": [injected]})), &[]);
    let applied = pod(json!({"tolerations": [injected]})).to_string();
    given["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": applied});
    check(given, pod(json!({"tolerations": [injected]})));
    // `kubectl debug` owns what it adds through a subresource, and nobody can apply it.
    let debugged = pod(json!({"containers": [{"name": "a", "image": "i"}],
        "ephemeralContainers": [{"name": "debugger-x7k2p", "image": "busybox", "stdin": true}]}));
    let of_container =
        |name: &str| json!({format!("k:{{\"name\":\"{name}\"}}"): {".": {}, "f:name": {}, "f:image": {}}});
    let own = json!({"f:spec": {"f:containers": of_container("a")}});
    let debug = json!({"f:spec": {"f:ephemeralContainers": of_container("debugger-x7k2p")}});
    for managers in [&[][..], &[("kubectl-run", "Update", own), ("kubectl-debug", "Update", debug)]] {
        check(live(debugged.clone(), managers), pod(json!({"containers": [{"name": "a", "image": "i"}]})));
    }
    // In a document all of it is a person's.
    check(full.clone(), full);
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
