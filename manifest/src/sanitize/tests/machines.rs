//! What a cluster makes by itself.

use super::*;

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
        (
            false,
            object(
                "v1",
                "ConfigMap",
                json!({"metadata": {"name": "sh.helm.release.v1.shop.v3", "labels": {"owner": "helm"}}}),
            ),
        ),
        (true, object("v1", "ConfigMap", json!({"metadata": {"name": "shop", "labels": {"owner": "helm"}}}))),
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
