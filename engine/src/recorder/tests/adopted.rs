//! People's files that say the same as the cluster in other words: nothing of them is touched without a cause.

use super::people::{Remote, pushed};
use super::*;
use crate::ignoring::autoscalers;

const API: &str = "\
# Ours.
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  replicas: 3   # to begin with
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
      - name: app
        image: registry.example/app:1
        ports:
        - containerPort: 80
          protocol: TCP   # what else
        resources:
          requests: {cpu: 1000m, memory: 1024Mi}
          limits: {cpu: 1}
";

/// The same as a cluster has it, as `kubectl create` made it: it does not tell who asked for what.
fn api(version: u32, replicas: u32, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "api", "namespace": "shop", "uid": "u", "resourceVersion": version.to_string(),
            "generation": 1, "annotations": {"deployment.kubernetes.io/revision": "1"}},
        "spec": {
            "replicas": replicas, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10,
            "selector": {"matchLabels": {"app": "api"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": {"metadata": {"labels": {"app": "api"}}, "spec": {
                "containers": [{
                    "name": "app", "image": format!("registry.example/app:{image}"), "imagePullPolicy": "IfNotPresent",
                    "ports": [{"containerPort": 80, "protocol": "TCP"}],
                    "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1"}},
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
                "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
                "securityContext": {}, "terminationGracePeriodSeconds": 30}}},
        "status": {"replicas": replicas}
    })
}

fn api_resource() -> ResourceRef {
    ResourceRef { kind: Kind::deployment(), ..resource("api") }
}

impl Bench {
    /// A first list of one kind.
    pub(super) async fn lists_first(&self, objects: &[Value]) {
        for object in objects {
            self.tell(object.clone(), true).await;
        }
        let present: Vec<ResourceRef> =
            objects.iter().map(|o| manifest::identity(o, &self.config.cluster.name).unwrap()).collect();
        self.watch.send(Observed::Listed { kind: present[0].kind.clone(), present }).await.unwrap();
        self.in_step().await;
    }

    /// Lets an autoscaler scale the Deployment.
    fn scales_api(&self) {
        let scaler = ResourceRef { kind: autoscalers(), ..resource("api") };
        let target =
            json!({"spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}}});
        self.ignored.autoscaled.note(&scaler, Some(&target));
    }

    fn state_of_api(&self) -> RecordState {
        self.recorder.book.record_of(&api_resource(), None).state
    }
}

#[tokio::test]
async fn a_file_that_says_the_same_in_other_words_is_left_as_it_is() {
    let mut remote = Remote::with(&[("apps/api.yaml", API)]);
    let bench = remote.bench().await;
    bench.lists_first(&[api(1, 3, "1")]).await;
    assert_eq!(bench.log().len(), 1, "{}", bench.git(&["log", "-p", "-1", "main"]));
    assert_eq!(bench.state_of_api(), RecordState::Recorded);

    // A change touches what changed.
    bench.sees(api(2, 3, "2")).await;
    pushed(&bench).await;
    let second = API.replace("app:1", "app:2");
    assert_eq!(remote.file("apps/api.yaml"), second.trim_end());
    let bench = bench.restart().await;
    bench.lists_first(&[api(2, 3, "2")]).await;
    assert_eq!(bench.log().len(), 2);

    // A person may choose other words, which differ from the cluster in nothing.
    git(&remote.clone, &["pull", "-q", "origin", "main"]);
    remote.commits(&[(
        "apps/api.yaml",
        &second.replace("1024Mi", "1Gi").replace("          protocol: TCP   # what else\n", ""),
    )]);
    bench.lists(&[config_map("other", 1, "1")]).await;
    pushed(&bench).await;
    let before = bench.log().len();
    bench.lists_first(&[api(2, 3, "2")]).await;
    assert_eq!((bench.log().len(), bench.state_of_api()), (before, RecordState::Recorded));

    // What they want otherwise waits until it is applied, as ever.
    git(&remote.clone, &["pull", "-q", "origin", "main"]);
    let third = remote.file("apps/api.yaml").replace("app:2", "app:3");
    remote.commits(&[("apps/api.yaml", &third)]);
    bench.sees(config_map("other", 2, "2")).await;
    pushed(&bench).await;
    bench.lists_first(&[api(2, 3, "2")]).await;
    assert_eq!(bench.state_of_api(), RecordState::Drifted);
    let before = bench.log().len();
    bench.lists_first(&[api(3, 3, "3")]).await;
    assert_eq!((bench.log().len(), bench.state_of_api()), (before, RecordState::Recorded));
}

#[tokio::test]
async fn what_a_rule_leaves_out_stays_in_a_person_s_file() {
    let mut remote = Remote::with(&[("apps/api.yaml", API)]);
    let bench = remote.bench().await;
    bench.scales_api();
    bench.lists_first(&[api(1, 7, "1")]).await;
    bench.sees(api(2, 5, "1")).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), 1, "{}", bench.git(&["log", "-p", "-1", "main"]));
    bench.sees(api(3, 6, "2")).await;
    pushed(&bench).await;
    assert_eq!(remote.file("apps/api.yaml"), API.replace("app:1", "app:2").trim_end());
}

#[tokio::test]
async fn who_scales_does_not_stand_behind_another_change() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.scales_api();
    let live = |version: u32, replicas: u32, image: &str| {
        let mut live = api(version, replicas, image);
        live["metadata"]["managedFields"] = json!([
            {"manager": "kubectl-edit", "operation": "Update", "apiVersion": "apps/v1", "time": "2026-01-01T00:00:00Z",
                "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {}}},
            {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1",
                "subresource": "scale", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
        ]);
        live
    };
    bench.lists_first(&[live(1, 3, "1")]).await;
    bench.sees(live(2, 5, "2")).await;
    bench.in_step().await;
    assert_eq!(bench.log()[1..], ["kubectl-edit: Deploy shop/api 2"]);
}

#[tokio::test]
async fn a_kind_is_followed_in_the_version_of_people_s_files() {
    let scaler = "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: api, namespace: shop}\n\
                  spec: {maxReplicas: 5, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}}\n";
    let mut remote = Remote::with(&[("apps/scaler.yaml", scaler)]);
    let bench = remote.bench().await;
    let (versions, _) = recorded_versions(&bench.repository, &bench.config, bench.sealer.clone()).await.unwrap();
    assert_eq!(versions.get(&autoscalers()).map(String::as_str), Some("v1"));
    let live = json!({
        "apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "api", "namespace": "shop", "uid": "s", "resourceVersion": "1"},
        "spec": {"maxReplicas": 5, "minReplicas": 1,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}}
    });
    bench.lists_first(&[live]).await;
    assert_eq!(bench.log().len(), 1, "{}", bench.git(&["log", "-p", "-1", "main"]));
}
