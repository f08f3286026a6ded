//! What a cluster has before anybody uses it: nodes, a storage class, the metrics API.

use std::time::Duration;

use anyhow::{Result, bail};
use k8s_openapi::api::core::v1::{Node, ServiceAccount};
use kube::{Api, Client, api::ListParams};
use serde_json::json;

use crate::{apply::apply, control_plane::ControlPlane, ports::Ports, wait::wait_for};

const MANAGER: &str = "sandbox";
const READY: Duration = Duration::from_secs(60);

/// Creates nodes, storage class and the way to the metrics API.
pub(crate) async fn furnish(client: &Client, nodes: u32, metrics: Option<&Ports>) -> Result<()> {
    let mut texts = vec![include_str!("../kwok/storage-class.yaml").to_owned()];
    for number in 1..=nodes {
        texts.push(serde_yaml::to_string(&node(number))?);
    }
    if let Some(ports) = metrics {
        texts.push(include_str!("../kwok/metrics-api.yaml").replace("METRICS_PORT", &ports.metrics_server.to_string()));
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    // The first request of a kind may come before the API server has its defaults (priority classes, namespaces).
    wait_for("the cluster takes its first objects", READY, || async {
        apply(client, MANAGER, &texts).await?;
        Ok(true)
    })
    .await
}

/// Waits until pods can be made and run.
pub(crate) async fn wait_until_ready(plane: &ControlPlane, client: &Client, nodes: u32) -> Result<()> {
    let node_api: Api<Node> = Api::all(client.clone());
    let accounts: Api<ServiceAccount> = Api::default_namespaced(client.clone());
    let ready = wait_for("nodes are ready and controllers work", READY, || async {
        if plane.processes().iter().any(|process| !process.is_running()) {
            return Ok(true);
        }
        let list = node_api.list(&ListParams::default()).await?;
        let ready = list.iter().filter(|node| is_schedulable(node)).count();
        if ready < usize::try_from(nodes)? {
            bail!("{ready} of {nodes} nodes are ready");
        }
        Ok(accounts.get_opt("default").await?.is_some())
    });
    ready.await?;
    for process in plane.processes() {
        process.check()?;
    }
    Ok(())
}

fn is_schedulable(node: &Node) -> bool {
    let ready = node
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten())
        .any(|condition| condition.type_ == "Ready" && condition.status == "True");
    let tainted = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten()).next().is_some();
    ready && !tainted
}

/// A node without addresses: kwok fills in its own, by which the API server finds logs and exec.
fn node(number: u32) -> serde_json::Value {
    let name = format!("node-{number}");
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node-role.kubernetes.io/worker": "",
                "topology.kubernetes.io/region": "local",
                "topology.kubernetes.io/zone": format!("local-{number}"),
            },
            "annotations": {
                "metrics.k8s.io/resource-metrics-path": format!("/metrics/nodes/{name}/metrics/resource"),
            },
        },
    })
}
