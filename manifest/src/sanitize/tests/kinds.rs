//! What single kinds lose and keep.

use super::*;

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
