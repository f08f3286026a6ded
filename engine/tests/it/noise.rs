//! What machines do all day in a busy cluster makes no commit: an hour of it, without the pauses.
//!
//! While controllers renew, report and rotate, people make changes whose number is known. At the end somebody changes
//! one resource of each kind: a watch tells in order, so that with their commits all noise has been looked at.

#![expect(clippy::indexing_slicing, reason = "JSON of a known form; a missing field fails the test")]

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt};
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use model::deployment::{DeploymentRef, WriteOptions};
use model::history::{OperationState, Recorded, Verb};
use model::sync::SyncChip;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::deployments::operator;
use crate::harness::{Kubectl, TestEngine, eventually, git};

const NAMESPACE: &str = "busy";
const DEPLOYMENTS: usize = 10;
const ROLLOUTS_EACH: usize = 5;
const PODS: usize = 2_000;
/// How many of them run; the others wait for a scheduler that is not there.
const RUNNING: usize = 100;
const REPORTS_EACH: usize = 2;
const RENEWALS: usize = 40;
/// An autoscaler's decisions, one a minute.
const SCALINGS: usize = 60;
/// Requests under way at a time.
const AT_ONCE: usize = 8;

const CERTIFICATE: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJrakNDQVRlZ0F3SUJBZ0lVRWMwVEtzZUxzekRKSlNHdkFTSHBqOUJES1lnd0NnWUlLb1pJemowRUF3SXcKSFRFYk1Ca0dBMVVFQXd3U1kyOXljSFZ6TG1WNFlXMXdiR1V1YjNKbk1DQVhEVEkyTVRFeU16RXhNRGcxT0ZvWQpEekl4TWpZeE1ETXdNVEV3T0RVNFdqQWRNUnN3R1FZRFZRUUREQkpqYjNKd2RYTXVaWGhoYlhCc1pTNXZjbWN3CldUQVRCZ2NxaGtqT1BRSUJCZ2dxaGtqT1BRTUJCd05DQUFRcmUxTFhEQmFIalNEMzI3bFZTWDBQMndtTmdGOUIKNStmcFd6MlBnS1NiZkRIUTdSWGZtTzhpS0Q3eTdxSktOU01XMGErS0hmU2pSTnZzMnNrOE0zNXpvMU13VVRBZApCZ05WSFE0RUZnUVUwSlpkcUdsU0NrSnpXa1JTeVdJaW0rakxZdDh3SHdZRFZSMGpCQmd3Rm9BVTBKWmRxR2xTCkNrSnpXa1JTeVdJaW0rakxZdDh3RHdZRFZSMFRBUUgvQkFVd0F3RUIvekFLQmdncWhrak9QUVFEQWdOSkFEQkcKQWlFQXhyOE9MV09VS01TKzJ2NnRlQWNyRnIxeDlNL05XWDBIZHFBM1Y2SzdOWndDSVFER0VIQVBselJUb09qMwphNlR6Q0xHUWkyMFJNc3dkdlVUQ0VNRDBHbWVVU3c9PQotLS0tLUVORCBDRVJUSUZJQ0FURS0tLS0tCg==";

/// Who writes by hand; controllers have names of their own.
const PERSON: &str = "kubectl-edit";

/// What people have made before: all of it has a record.
const SETUP: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: busy}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: pumps.noise.example.org, annotations: {cert-manager.io/inject-ca-from: busy/webhook}}
spec:
  group: noise.example.org
  scope: Namespaced
  names: {plural: pumps, singular: pump, kind: Pump}
  conversion:
    strategy: Webhook
    webhook: {conversionReviewVersions: [v1], clientConfig: {service: {name: webhook, namespace: busy}}}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: valves.noise.example.org}
spec:
  group: noise.example.org
  scope: Namespaced
  names: {plural: valves, singular: valve, kind: Valve}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: busy}
data: {mode: fast}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: busy}
spec: {type: LoadBalancer, selector: {app: d0}, ports: [{port: 80}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: busy}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: d0}}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: most, namespace: busy}
spec: {hard: {pods: "4000"}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: busy}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: busy}
spec:
  schedule: "* * * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "registry.example/a:1"}]}}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: elastic, namespace: busy}
spec: {minReplicas: 1, maxReplicas: 10, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: d8}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store, namespace: busy}
spec:
  serviceName: store
  replicas: 1
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec: {containers: [{name: a, image: "registry.example/a:1", volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], storageClassName: standard, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: own, namespace: busy}
spec: {accessModes: [ReadWriteOnce], storageClassName: standard, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Secret
metadata: {name: own, namespace: busy}
stringData: {a: b}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: noise, annotations: {cert-manager.io/inject-ca-from: busy/webhook}}
webhooks:
  - name: noise.example.org
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    clientConfig: {service: {name: webhook, namespace: busy}}
    rules: [{apiGroups: [nobody.example.org], apiVersions: [v1], operations: [CREATE], resources: [things]}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: noise}
webhooks:
  - name: noise.example.org
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    clientConfig: {service: {name: webhook, namespace: busy}}
    rules: [{apiGroups: [nobody.example.org], apiVersions: [v1], operations: [CREATE], resources: [things]}]
"#;

/// What people make meanwhile: each is one commit, whatever controllers make of it afterwards.
const MADE_MEANWHILE: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: busy-too}
---
apiVersion: v1
kind: Pod
metadata: {name: new, namespace: busy}
spec: {containers: [{name: a, image: "registry.example/a:1"}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: new, namespace: busy}
spec: {accessModes: [ReadWriteOnce], storageClassName: standard, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: new, namespace: busy}
spec: {type: LoadBalancer, selector: {app: d1}, ports: [{port: 80}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: new, namespace: busy}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "registry.example/a:1"}]}}}
"#;

/// One resource of each kind that is written to, by its record's name.
const LAST_TOUCHED: [(&str, &str, &str); 19] = [
    ("v1", "Namespace", "busy"),
    ("v1", "Pod", "p0"),
    ("v1", "ConfigMap", "settings"),
    ("v1", "Secret", "own"),
    ("v1", "Service", "web"),
    ("v1", "ResourceQuota", "most"),
    ("v1", "PersistentVolumeClaim", "own"),
    ("apps/v1", "Deployment", "d0"),
    ("apps/v1", "StatefulSet", "store"),
    ("batch/v1", "CronJob", "report"),
    ("batch/v1", "Job", "new"),
    ("autoscaling/v2", "HorizontalPodAutoscaler", "elastic"),
    ("policy/v1", "PodDisruptionBudget", "web"),
    ("networking.k8s.io/v1", "Ingress", "web"),
    ("noise.example.org/v1", "Pump", "p0"),
    ("noise.example.org/v1", "Valve", "v0"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "pumps.noise.example.org"),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "noise"),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "noise"),
];

/// A cluster of this test's own, so that every change in it is known.
struct Busy {
    _plane: Sandbox,
    kubectl: Kubectl,
    client: Client,
}

impl Busy {
    async fn start() -> Self {
        let plane = Sandbox::start(Options { nodes: 2, ..Options::default() }).await.unwrap();
        let kubectl = Kubectl::of(plane.kubeconfig()).await;
        let client = plane.client().unwrap();
        let busy = Self { _plane: plane, kubectl, client };
        let pod = r#"{containers: [{name: a, image: "registry.example/a:0"}]}"#;
        let deployments = (0..DEPLOYMENTS).map(|index| {
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{index}, namespace: {NAMESPACE}}}\nspec:\n  \
                 replicas: 3\n  selector: {{matchLabels: {{app: d{index}}}}}\n  template: {{metadata: {{labels: {{app: \
                 d{index}}}}}, spec: {pod}}}\n"
            )
        });
        let bare = (0..RUNNING).map(|index| {
            format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p{index}, namespace: {NAMESPACE}}}\nspec: {pod}\n")
        });
        let custom = (0..5).flat_map(|index| {
            ["Pump", "Valve"].map(|kind| {
                let name = format!("{}{index}", kind[..1].to_lowercase());
                format!(
                    "apiVersion: noise.example.org/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: \
                     {NAMESPACE}}}\nspec: {{open: true}}\n"
                )
            })
        });
        eventually("the first of it is there", || async {
            busy.kubectl.try_run_with(&["apply", "-f", "-"], SETUP).await.then_some(())
        })
        .await;
        let all = deployments.chain(bare).chain(custom).collect::<Vec<_>>().join("---\n");
        eventually("all of it is there", || async {
            busy.kubectl.try_run_with(&["apply", "-f", "-"], &all).await.then_some(())
        })
        .await;
        busy.make_waiting_pods().await;
        busy
    }

    /// Makes the many Pods without kubectl, which takes its time between requests.
    async fn make_waiting_pods(&self) {
        let (pods, parameters) = (&self.api("v1", "Pod"), &PatchParams::apply("kubectl"));
        stream::iter(RUNNING..PODS)
            .for_each_concurrent(AT_ONCE, |index| async move {
                let name = format!("p{index}");
                let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
                    "schedulerName": "nobody", "containers": [{"name": "a", "image": "registry.example/a:0"}]}});
                let pod = &Patch::Apply(pod);
                // A quota that is being counted admits none for a moment.
                eventually("the Pod is there", || async { pods.patch(&name, parameters, pod).await.ok().map(drop) })
                    .await;
            })
            .await;
    }

    fn api(&self, api_version: &str, kind: &str) -> Api<DynamicObject> {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        let everywhere = kind == "Namespace" || kind == "CustomResourceDefinition" || kind.ends_with("Configuration");
        if everywhere {
            Api::all_with(self.client.clone(), &resource)
        } else {
            Api::namespaced_with(self.client.clone(), NAMESPACE, &resource)
        }
    }

    async fn merge(&self, (api_version, kind, name): (&str, &str, &str), manager: &str, patch: Value) {
        let parameters = PatchParams { field_manager: Some(manager.into()), ..PatchParams::default() };
        self.api(api_version, kind).patch(name, &parameters, &Patch::Merge(patch)).await.unwrap();
    }

    async fn report(&self, (api_version, kind, name): (&str, &str, &str), manager: &str, status: Value) {
        let parameters = PatchParams { field_manager: Some(manager.into()), ..PatchParams::default() };
        let patch = Patch::Merge(json!({ "status": status }));
        self.api(api_version, kind).patch_status(name, &parameters, &patch).await.unwrap();
    }

    async fn create(&self, object: Value, manager: &str) {
        let api = self.api(object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
        let parameters = PostParams { field_manager: Some(manager.into()), dry_run: false };
        api.create(&parameters, &serde_json::from_value(object).unwrap()).await.unwrap();
    }
}

/// Elections by Leases, and by ConfigMaps as in old days.
async fn elect(busy: &Busy) {
    let leader = |turn: usize| json!({ "control-plane.alpha.kubernetes.io/leader": format!("{{\"turn\":{turn}}}") });
    busy.create(
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "leader"}, "spec": {}}),
        "operator",
    )
    .await;
    busy.create(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "leader", "annotations": leader(0)}}),
        "operator",
    )
    .await;
    for turn in 1..=RENEWALS {
        let renewed = json!({"spec": {"holderIdentity": "a", "leaseTransitions": turn}});
        busy.merge(("coordination.k8s.io/v1", "Lease", "leader"), "operator", renewed).await;
        let renewed = json!({"metadata": {"annotations": leader(turn)}});
        busy.merge(("v1", "ConfigMap", "leader"), "operator", renewed).await;
    }
}

/// Kubelets, controllers and operators say how things are.
async fn report(busy: &Busy) {
    let turns =
        stream::iter((0..REPORTS_EACH).flat_map(|turn| (0..PODS).map(move |index| (turn, format!("p{index}")))));
    let pods = turns.for_each_concurrent(AT_ONCE, |(turn, name)| async move {
        let condition = json!({"type": "example.org/warm", "status": if turn % 2 == 0 { "True" } else { "False" }});
        busy.report(("v1", "Pod", &name), "kubelet", json!({"conditions": [condition]})).await;
    });
    let others = async {
        for turn in 0..RENEWALS {
            let index = turn % 5;
            let state = json!({"turns": turn, "conditions": [{"type": "Ready", "status": "True", "at": turn}]});
            busy.report(("noise.example.org/v1", "Pump", &format!("p{index}")), "pump-operator", state.clone()).await;
            let valve = format!("v{index}");
            busy.merge(("noise.example.org/v1", "Valve", &valve), "valve-operator", json!({ "status": state })).await;
            let address = json!({"loadBalancer": {"ingress": [{"ip": format!("192.0.2.{turn}")}]}});
            busy.report(("v1", "Service", "web"), "cloud-controller-manager", address.clone()).await;
            busy.report(("networking.k8s.io/v1", "Ingress", "web"), "ingress-controller", address).await;
        }
    };
    tokio::join!(pods, others);
}

/// Where an authority is injected: where somebody asked for it, and by the last also where nobody did.
const INJECTED: [(&str, &str, &str, &str); 3] = [
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "pumps.noise.example.org", "/spec/conversion/webhook"),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "noise", "/webhooks/0"),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "noise", "/webhooks/0"),
];

/// A certificate is renewed, and its authority injected.
async fn renew(busy: &Busy) {
    let certificate = |turn: usize| json!({"tls.crt": format!("{turn:04}"), "tls.key": format!("{turn:04}")});
    busy.create(
        json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "data": certificate(0),
            "metadata": {"name": "web-tls", "annotations": {"cert-manager.io/certificate-name": "web"}}}),
        "cert-manager-certificates-issuing",
    )
    .await;
    let parameters = PatchParams { field_manager: Some("cainjector".into()), ..PatchParams::default() };
    for turn in 1..=RENEWALS {
        let renewed = json!({ "data": certificate(turn) });
        busy.merge(("v1", "Secret", "web-tls"), "cert-manager-certificates-issuing", renewed).await;
        for (api_version, kind, name, path) in INJECTED {
            let path = format!("{path}/clientConfig/caBundle");
            let authority = json!([{"op": "add", "path": path, "value": bundle(turn)}]);
            let authority: Patch<Value> = Patch::Json(serde_json::from_value(authority).unwrap());
            busy.api(api_version, kind).patch(name, &parameters, &authority).await.unwrap();
        }
    }
}

/// A certificate as the API server wants one, with a comment before it that changes.
fn bundle(turn: usize) -> String {
    let comment = ["QUFB", "QkJC", "Q0ND"][turn % 3];
    // A line's end, in base64 three of them.
    format!("{comment}CgoK{CERTIFICATE}")
}

/// An autoscaler scales.
async fn scale(busy: &Busy) {
    let parameters = PatchParams { field_manager: Some("kube-controller-manager".into()), ..PatchParams::default() };
    for turn in 0..SCALINGS {
        let replicas = Patch::Merge(json!({"spec": {"replicas": 2 + turn % 3}}));
        busy.api("apps/v1", "Deployment").patch_scale("d8", &parameters, &replicas).await.unwrap();
    }
}

/// Jobs of a CronJob come and go.
async fn run_jobs(busy: &Busy) {
    let cronjob = busy.api("batch/v1", "CronJob").get("report").await.unwrap();
    for turn in 0..RENEWALS / 4 {
        let name = format!("report-{turn}");
        let owner = json!({"apiVersion": "batch/v1", "kind": "CronJob", "name": "report", "controller": true,
            "uid": cronjob.metadata.uid});
        let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "ownerReferences": [owner]},
            "spec": {"suspend": true, "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a",
                "image": "registry.example/a:1"}]}}}});
        busy.create(job, "kube-controller-manager").await;
        let scheduled = json!({"lastScheduleTime": format!("2026-01-01T00:00:{turn:02}Z")});
        busy.report(("batch/v1", "CronJob", "report"), "kube-controller-manager", scheduled).await;
        busy.api("batch/v1", "Job").delete(&name, &Default::default()).await.unwrap();
    }
}

/// People roll out, and some restart.
async fn roll_out(busy: &Busy) {
    stream::iter(0..DEPLOYMENTS)
        .for_each_concurrent(AT_ONCE, |index| async move {
            let name = format!("d{index}");
            for version in 1..=ROLLOUTS_EACH {
                let image = json!({"containers": [{"name": "a", "image": format!("registry.example/a:{version}")}]});
                let target = ("apps/v1", "Deployment", name.as_str());
                let template = json!({"spec": {"template": {"spec": image}}});
                let parameters = PatchParams { field_manager: Some("kubectl-set".into()), ..PatchParams::default() };
                let api = busy.api(target.0, target.1);
                api.patch(&name, &parameters, &Patch::Strategic(template)).await.unwrap();
                let restarted = json!({"kubectl.kubernetes.io/restartedAt": format!("2026-01-01T00:0{version}:00Z")});
                let restarted = json!({"spec": {"template": {"metadata": {"annotations": restarted}}}});
                busy.merge(target, "kubectl-rollout", restarted).await;
            }
        })
        .await;
}

/// People make things, which Kubernetes then completes, and scale what makes claims.
async fn make(busy: &Busy) {
    busy.kubectl.run_with(&["create", "-f", "-"], MADE_MEANWHILE).await;
    busy.kubectl.run(&["scale", "statefulset/store", "-n", NAMESPACE, "--replicas=2"]).await;
    let (claims, pods) = (busy.api("v1", "PersistentVolumeClaim"), busy.api("v1", "Pod"));
    eventually("Kubernetes has completed them", || async {
        let is_bound = |claim: DynamicObject| claim.data["spec"]["volumeName"].is_string();
        let mut complete = pods.get("new").await.unwrap().data["spec"]["nodeName"].is_string();
        for name in ["new", "data-store-1"] {
            complete &= claims.get_opt(name).await.unwrap().is_some_and(is_bound);
        }
        complete.then_some(())
    })
    .await;
}

/// How many commits name each resource, since one.
fn counted(test: &TestEngine, since: &str) -> BTreeMap<String, usize> {
    let range = format!("{since}..main");
    let mut counts = BTreeMap::new();
    for resource in git(&test.repository(), &["log", "--format=%(trailers:key=Resource,valueonly)", &range]).lines() {
        if !resource.is_empty() {
            *counts.entry(resource.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// What people have done, as [`counted`] names it.
fn expected() -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut add = |api_version: &str, kind: &str, name: &str, count: usize| {
        let group = api_version.rsplit_once('/').map_or(String::new(), |(group, _)| format!("{group}/"));
        let everywhere = kind == "Namespace" || kind == "CustomResourceDefinition" || kind.ends_with("Configuration");
        let namespace = if everywhere { String::new() } else { format!("{NAMESPACE}/") };
        *counts.entry(format!("{group}{kind} {namespace}{name}")).or_default() += count;
    };
    (0..DEPLOYMENTS).for_each(|index| add("apps/v1", "Deployment", &format!("d{index}"), ROLLOUTS_EACH));
    add("apps/v1", "StatefulSet", "store", 1);
    add("v1", "Namespace", "busy-too", 1);
    for (api_version, kind) in [("v1", "Pod"), ("v1", "PersistentVolumeClaim"), ("v1", "Service"), ("batch/v1", "Job")]
    {
        add(api_version, kind, "new", 1);
    }
    LAST_TOUCHED.iter().for_each(|(api_version, kind, name)| add(api_version, kind, name, 1));
    counts
}

async fn in_step(test: &TestEngine) {
    eventually("all is recorded", || async {
        let status = test.engine.sync_status(&operator()).await.unwrap();
        (status.kinds.len() > 40 && matches!(status.chip, SyncChip::InStep { .. })).then_some(())
    })
    .await;
}

/// A restart has its row in the timeline and no commit, by whomever.
async fn restart(test: &TestEngine) {
    let target = DeploymentRef::new(NAMESPACE.parse().unwrap(), "d9".parse().unwrap());
    eventually("kubectl's restarts are in the timeline", || async {
        let page = test.engine.read_deployment_history(&operator(), &target, Default::default()).await.unwrap();
        let restarts = page.items.iter().filter(|entry| {
            let is_kubectl = entry.actor.to_string() == "kubectl-rollout" && entry.operation.is_none();
            entry.verb == Verb::Restart && is_kubectl && entry.recorded == Recorded::Unchanged
        });
        (restarts.count() == ROLLOUTS_EACH).then_some(())
    })
    .await;
    let options = WriteOptions { take_over: true, ..WriteOptions::default() };
    let applied = test.engine.restart_deployment(&operator(), &target, &options).await.unwrap();
    let entry = eventually("the restart is in the timeline", || async {
        let page = test.engine.read_deployment_history(&operator(), &target, Default::default()).await.unwrap();
        let entry = page.items.into_iter().find(|entry| entry.id == applied.operation)?;
        (entry.recorded == Recorded::Unchanged).then_some(entry)
    })
    .await;
    assert_eq!((entry.verb, entry.operation), (Verb::Restart, Some(OperationState::Applied)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_person_caused_makes_no_commit() {
    let busy = Busy::start().await;
    let test = TestEngine::start(&busy.kubectl).await;
    in_step(&test).await;
    let repository = test.repository();
    let start = git(&repository, &["rev-parse", "main"]).trim().to_owned();

    tokio::join!(
        elect(&busy),
        report(&busy),
        renew(&busy),
        scale(&busy),
        run_jobs(&busy),
        roll_out(&busy),
        make(&busy)
    );
    restart(&test).await;
    for target in LAST_TOUCHED {
        let last = json!({"metadata": {"annotations": {"example.org/last": "yes"}}});
        busy.merge(target, PERSON, last).await;
    }

    let expected = expected();
    eventually("what people did last is recorded", || async {
        let counted = counted(&test, &start);
        expected.keys().all(|resource| counted.get(resource) >= expected.get(resource)).then_some(())
    })
    .await;
    in_step(&test).await;
    let counted = counted(&test, &start);
    let noise = counted.iter().filter(|(resource, count)| expected.get(*resource).unwrap_or(&0) < *count);
    let noise: Vec<String> = noise
        .map(|(resource, count)| {
            let range = format!("{start}..main");
            let only = format!("--grep=Resource: {resource}$");
            let commits = git(&repository, &["log", "-3", "-p", "--format=%h %an: %s", "-U1", &only, &range]);
            let expected = expected.get(resource).unwrap_or(&0);
            format!("{resource}: {count} commits, of which people caused {expected}:\n{commits}")
        })
        .collect();
    assert!(noise.is_empty(), "noise:\n{}", noise.join("\n"));
    assert_eq!(counted, expected);
    test.stop().await;
}
