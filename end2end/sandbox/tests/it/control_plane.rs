//! The control plane works, survives a restart of its API server, and leaves nothing behind.

use std::{
    collections::BTreeMap,
    fs,
    process::Command,
    time::{Duration, Instant},
};

use k8s_openapi::api::{
    apps::v1::{Deployment, DeploymentSpec},
    core::v1::{Container, Namespace, Pod, PodSpec, PodTemplateSpec},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use kube::{
    Api, Client,
    api::{DeleteParams, ListParams, PostParams},
};

use sandbox::{Options, Sandbox, kubectl_path};

use crate::processes::processes_in;

const FAIL: &str = "sandbox.denshimon/fail";

#[tokio::test]
async fn runs_pods_survives_a_restart_and_leaves_no_process() {
    let mut sandbox = Sandbox::start(Options::default()).await.unwrap();
    let data_dir = sandbox.data_dir().to_owned();
    assert_eq!(processes_in(&data_dir).len(), 5);
    let client = sandbox.client().unwrap();
    create(&client, "web", "nginx:1", None).await;
    create(&client, "unpullable", "nginx:1", Some("image-pull")).await;
    create(&client, "no-such-host", "registry.invalid/nginx:1", None).await;
    create(&client, "crashing", "nginx:1", Some("crash-loop")).await;
    wait_for_available(&client, "web").await;
    wait_for_waiting_reason(&client, "unpullable", "ImagePullBackOff").await;
    wait_for_waiting_reason(&client, "no-such-host", "ImagePullBackOff").await;
    wait_for_waiting_reason(&client, "crashing", "CrashLoopBackOff").await;

    let pods = kubectl(&sandbox, &["get", "pods", "--selector=app=web", "--output=name"]);
    let pod = pods.lines().next().unwrap();
    assert!(kubectl(&sandbox, &["logs", pod]).contains("listening"));
    assert_eq!(kubectl(&sandbox, &["exec", pod, "--", "echo", "hello"]), "hello\n");

    sandbox.restart_api_server().await.unwrap();
    let client = sandbox.client().unwrap();
    create(&client, "after", "nginx:1", None).await;
    wait_for_available(&client, "after").await;

    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    deployments.delete("web", &DeleteParams::default()).await.unwrap();
    let pods: Api<Pod> = Api::default_namespaced(client);
    wait("the pods are gone", || async {
        pods.list(&ListParams::default().labels("app=web")).await.unwrap().items.is_empty()
    })
    .await;

    sandbox.stop().await.unwrap();
    assert_eq!(processes_in(&data_dir), Vec::<String>::new());
    assert!(!data_dir.exists());
}

#[tokio::test]
async fn keeps_data_from_one_start_to_the_next_and_ends_with_drop() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { data_dir: Some(folder.path().to_owned()), nodes: 1, ..Options::default() };
    let sandbox = Sandbox::start(options.clone()).await.unwrap();
    let namespaces: Api<Namespace> = Api::all(sandbox.client().unwrap());
    let namespace = Namespace {
        metadata: ObjectMeta { name: Some("kept".to_owned()), ..ObjectMeta::default() },
        ..Namespace::default()
    };
    namespaces.create(&PostParams::default(), &namespace).await.unwrap();
    let kubeconfig = fs::read_to_string(sandbox.kubeconfig()).unwrap();
    let taken = Sandbox::start(options.clone()).await.unwrap_err();
    assert!(taken.to_string().contains("another sandbox runs on"), "{taken:#}");
    drop(sandbox);
    assert_eq!(processes_in(folder.path()), Vec::<String>::new());

    let started = Instant::now();
    let sandbox = Sandbox::start(options).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(12), "second start took {:?}", started.elapsed());
    let namespaces: Api<Namespace> = Api::all(sandbox.client().unwrap());
    namespaces.get("kept").await.unwrap();
    assert_eq!(fs::read_to_string(sandbox.kubeconfig()).unwrap(), kubeconfig);
}

async fn create(client: &Client, name: &str, image: &str, fail: Option<&str>) {
    let labels = BTreeMap::from([("app".to_owned(), name.to_owned())]);
    let annotations = fail.map(|fail| BTreeMap::from([(FAIL.to_owned(), fail.to_owned())]));
    let deployment = Deployment {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        spec: Some(DeploymentSpec {
            replicas: Some(2),
            selector: LabelSelector { match_labels: Some(labels.clone()), ..LabelSelector::default() },
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels), annotations, ..ObjectMeta::default() }),
                spec: Some(PodSpec {
                    containers: vec![Container {
                        name: "main".to_owned(),
                        image: Some(image.to_owned()),
                        ..Container::default()
                    }],
                    ..PodSpec::default()
                }),
            },
            ..DeploymentSpec::default()
        }),
        ..Deployment::default()
    };
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    deployments.create(&PostParams::default(), &deployment).await.unwrap();
}

async fn wait_for_available(client: &Client, name: &str) {
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    wait(&format!("{name} is available"), || async {
        let status = deployments.get(name).await.unwrap().status.unwrap_or_default();
        status.available_replicas == Some(2)
    })
    .await;
}

async fn wait_for_waiting_reason(client: &Client, name: &str, reason: &str) {
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    wait(&format!("{name} waits for {reason}"), || async {
        let pods = pods.list(&ListParams::default().labels(&format!("app={name}"))).await.unwrap();
        let mut states =
            pods.iter().flat_map(|pod| pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten()));
        states.any(|status| {
            let waiting = status.state.as_ref().and_then(|state| state.waiting.as_ref());
            waiting.is_some_and(|waiting| waiting.reason.as_deref() == Some(reason) && waiting.message.is_some())
        })
    })
    .await;
}

async fn wait<F: Future<Output = bool>>(what: &str, mut probe: impl FnMut() -> F) {
    let started = Instant::now();
    while !probe().await {
        assert!(started.elapsed() < Duration::from_secs(45), "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn kubectl(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let output =
        Command::new(kubectl_path()).arg("--kubeconfig").arg(sandbox.kubeconfig()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
