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

/// A single change takes no longer on its whole way.
const PATIENCE: Duration = Duration::from_secs(30);

/// One sample per change, from the API server's answer.
#[derive(Default)]
pub struct Lag {
    pub to_commit: Vec<Duration>,
    pub to_remote: Vec<Duration>,
    /// Plain pushes with Git itself of one commit each to the same remote, in turn with the changes.
    pub pushes: Vec<Duration>,
}

/// Connects to the sandbox.
pub async fn client(kubeconfig: &Path) -> anyhow::Result<kube::Client> {
    let config =
        kube::Config::from_custom_kubeconfig(Kubeconfig::read_from(kubeconfig)?, &KubeConfigOptions::default()).await?;
    Ok(kube::Client::try_from(config)?)
}

/// Changes one ConfigMap again and again, each time when the remote has the change before.
pub async fn measure(client: &kube::Client, program: &Program, changes: usize) -> anyhow::Result<Lag> {
    measure_beside(client, program, changes, None).await
}

/// The same with a plain push after each change, so that both meet the same remote in the same state.
pub async fn measure_with_pushes(client: &kube::Client, program: &Program, changes: usize) -> anyhow::Result<Lag> {
    let clone = Clone::new(&program.place.remote).await?;
    measure_beside(client, program, changes, Some(&clone)).await
}

async fn measure_beside(
    client: &kube::Client,
    program: &Program,
    changes: usize,
    clone: Option<&Clone>,
) -> anyhow::Result<Lag> {
    let config_maps: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
    let mut lag = Lag::default();
    // The first one makes the object and warms everything up.
    for number in 0..=changes {
        let before = local_head(program)?;
        let body = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "bench" },
            "data": { "number": number.to_string(), "run": program.url },
        });
        config_maps.patch("bench", &PatchParams::apply("bench"), &Patch::Apply(&body)).await?;
        let answered = Instant::now();
        let head = loop {
            let head = local_head(program)?;
            if head != before {
                break head;
            }
            if answered.elapsed() > PATIENCE {
                bail!("change {number} made no commit in {PATIENCE:?}");
            }
            tokio::time::sleep(Duration::from_micros(500)).await;
        };
        let to_commit = answered.elapsed();
        while remote_head(program).await? != head {
            if answered.elapsed() > PATIENCE {
                bail!("change {number} did not reach the remote in {PATIENCE:?}");
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        if number > 0 {
            lag.to_commit.push(to_commit);
            lag.to_remote.push(answered.elapsed());
        }
        if let Some(clone) = clone {
            let push = clone.push(number).await?;
            lag.pushes.extend((number > 0).then_some(push));
        }
    }
    Ok(lag)
}

/// A clone with a branch of its own on the same remote.
struct Clone(tempfile::TempDir);

impl Clone {
    async fn new(remote: &str) -> anyhow::Result<Self> {
        let clone = Self(tempfile::tempdir()?);
        clone.git(&["clone", "-q", remote, "."]).await?;
        clone.git(&["switch", "-q", "-c", "plain"]).await?;
        Ok(clone)
    }

    /// Commits a file and times the push until Git returns.
    async fn push(&self, number: usize) -> anyhow::Result<Duration> {
        std::fs::write(self.0.path().join("plain.txt"), number.to_string())?;
        self.git(&["add", "plain.txt"]).await?;
        self.git(&["-c", "user.name=bench", "-c", "user.email=bench@example.org", "commit", "-qm", "plain"]).await?;
        let began = Instant::now();
        self.git(&["push", "-q", "origin", "plain"]).await?;
        Ok(began.elapsed())
    }

    async fn git(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let output = Command::new("git").arg("-C").arg(self.0.path()).args(arguments).output().await?;
        if !output.status.success() {
            bail!("git {:?}: {}", arguments.first(), String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }
}

/// Reads where the branch in the data directory is.
pub fn local_head(program: &impl AsRef<Place>) -> anyhow::Result<String> {
    head_in(&program.as_ref().repository).context("the branch in the data directory")
}

/// Reads where the branch is in a repository on this machine's disk.
pub fn head_in(repository: &Path) -> anyhow::Result<String> {
    Ok(std::fs::read_to_string(repository.join("refs/heads/main"))?.trim().to_owned())
}

/// Asks the remote as git does, without the cost of a process.
async fn remote_head(program: &impl AsRef<Place>) -> anyhow::Result<String> {
    let program = program.as_ref();
    let answer = program.http.get(format!("{}/info/refs?service=git-upload-pack", program.remote)).send().await?;
    let text = answer.error_for_status()?.bytes().await?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = text.lines().find(|line| line.contains(" refs/heads/main")).unwrap_or_default();
    let hash = line.split(' ').next().unwrap_or_default();
    Ok(hash.get(hash.len().saturating_sub(40)..).unwrap_or_default().to_owned())
}
