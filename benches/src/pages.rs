//! How fast pages come, and what fills them.

use std::time::{Duration, Instant};

use anyhow::bail;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams};
use reqwest::header::{ACCEPT, COOKIE};
use serde_json::json;

use crate::program::Program;

const REQUESTS: usize = 200;

/// Makes Deployments without pods up to a number.
pub async fn create_deployments(client: &kube::Client, count: usize) -> anyhow::Result<()> {
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "default");
    for number in 0..count {
        let name = format!("bench-{number:04}");
        let body = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": name, "labels": { "app": name } },
            "spec": {
                "replicas": 0,
                "selector": { "matchLabels": { "app": name } },
                "template": {
                    "metadata": { "labels": { "app": name } },
                    "spec": { "containers": [{ "name": "app", "image": format!("registry.example/{name}:1.0.0") }] },
                },
            },
        });
        deployments.patch(&name, &PatchParams::apply("bench"), &Patch::Apply(&body)).await?;
    }
    Ok(())
}

/// Makes ConfigMaps of about 1 KB.
pub async fn create_config_maps(client: &kube::Client, count: usize) -> anyhow::Result<()> {
    let config_maps: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
    for number in 0..count {
        let name = format!("bench-{number:04}");
        let body = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name },
            "data": { "text": "0123456789abcdef".repeat(64) },
        });
        config_maps.patch(&name, &PatchParams::apply("bench"), &Patch::Apply(&body)).await?;
    }
    Ok(())
}

/// Times the first byte of the deployments list, which must show the right total.
pub async fn measure(program: &Program, deployments: usize) -> anyhow::Result<Vec<Duration>> {
    let mut samples = Vec::new();
    for number in 0..REQUESTS + 10 {
        let began = Instant::now();
        let mut answer = program
            .place
            .http
            .get(format!("{}/deployments", program.url))
            .header(COOKIE, &program.cookie)
            .header(ACCEPT, "text/html")
            .send()
            .await?
            .error_for_status()?;
        let first = answer.chunk().await?;
        let elapsed = began.elapsed();
        let rest = answer.text().await?;
        let page = String::from_utf8_lossy(&first.unwrap_or_default()).into_owned() + &rest;
        if !page.contains("bench-0000") {
            bail!("the list of {deployments} deployments does not show them");
        }
        if number >= 10 {
            samples.push(elapsed);
        }
    }
    Ok(samples)
}
