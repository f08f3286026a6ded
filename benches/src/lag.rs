//! How long a change takes to the commit and to the remote.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::json;
use tokio::process::Command;

use crate::program::{Place, Program};

/// One sample per change, from the API server's answer.
pub struct Lag {
    pub to_commit: Vec<Duration>,
    pub to_remote: Vec<Duration>,
}

/// Connects to the sandbox.
pub async fn client(kubeconfig: &Path) -> anyhow::Result<kube::Client> {
    let config =
        kube::Config::from_custom_kubeconfig(Kubeconfig::read_from(kubeconfig)?, &KubeConfigOptions::default()).await?;
    Ok(kube::Client::try_from(config)?)
}

/// Changes one ConfigMap again and again, each time when the remote has the change before.
pub async fn measure(client: &kube::Client, program: &Program, changes: usize) -> anyhow::Result<Lag> {
    let config_maps: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
    let mut lag = Lag { to_commit: Vec::new(), to_remote: Vec::new() };
    for number in 0..=changes {
        let before = local_head(program)?;
        let body = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "bench" },
            "data": { "number": number.to_string() },
        });
        config_maps.patch("bench", &PatchParams::apply("bench"), &Patch::Apply(&body)).await?;
        let answered = Instant::now();
        let head = loop {
            let head = local_head(program)?;
            if head != before {
                break head;
            }
            if answered.elapsed() > Duration::from_secs(30) {
                bail!("change {number} made no commit in 30 s");
            }
            tokio::time::sleep(Duration::from_micros(500)).await;
        };
        let to_commit = answered.elapsed();
        while remote_head(program).await? != head {
            if answered.elapsed() > Duration::from_secs(30) {
                bail!("change {number} did not reach the remote in 30 s");
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // The first one makes the object and warms everything up.
        if number > 0 {
            lag.to_commit.push(to_commit);
            lag.to_remote.push(answered.elapsed());
        }
    }
    Ok(lag)
}

/// Times plain pushes of one commit each to a branch of its own on the same remote.
pub async fn plain_pushes(program: &Program, count: usize) -> anyhow::Result<Vec<Duration>> {
    let folder = tempfile::tempdir()?;
    let git = async |arguments: &[&str]| -> anyhow::Result<()> {
        let output = Command::new("git").arg("-C").arg(folder.path()).args(arguments).output().await?;
        if !output.status.success() {
            bail!("git {:?}: {}", arguments.first(), String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    };
    git(&["clone", "-q", &program.place.remote, "."]).await?;
    git(&["switch", "-q", "-c", "plain"]).await?;
    let mut samples = Vec::new();
    for number in 0..=count {
        std::fs::write(folder.path().join("plain.txt"), number.to_string())?;
        git(&["add", "plain.txt"]).await?;
        git(&["-c", "user.name=bench", "-c", "user.email=bench@example.org", "commit", "-qm", "plain"]).await?;
        let began = Instant::now();
        git(&["push", "-q", "origin", "plain"]).await?;
        if number > 0 {
            samples.push(began.elapsed());
        }
    }
    Ok(samples)
}

/// Reads where the branch in the data directory is.
pub fn local_head(program: &impl AsRef<Place>) -> anyhow::Result<String> {
    let head = std::fs::read_to_string(program.as_ref().repository.join("refs/heads/main"));
    Ok(head.context("the branch in the data directory")?.trim().to_owned())
}

/// Asks the remote as git does, without the cost of a process.
pub async fn remote_head(program: &impl AsRef<Place>) -> anyhow::Result<String> {
    let program = program.as_ref();
    let answer = program.http.get(format!("{}/info/refs?service=git-upload-pack", program.remote)).send().await?;
    let text = answer.error_for_status()?.bytes().await?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = text.lines().find(|line| line.contains(" refs/heads/main")).unwrap_or_default();
    let hash = line.split(' ').next().unwrap_or_default();
    Ok(hash.get(hash.len().saturating_sub(40)..).unwrap_or_default().to_owned())
}
