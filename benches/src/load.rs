//! How the recorder does under load: many changes a second, a burst.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::stream::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::lag::{head_in, local_head};
use crate::metrics::{Metrics, Stages};
use crate::program::{Place, Program};

/// Requests under way at once.
const AT_ONCE: usize = 32;
/// Resources that a steady load changes in turn.
const CHANGED: usize = 100;

/// So often is looked at the branch here and at that of the remote.
const LOOKS: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(5)];

/// Where these are recorded.
const RECORDS: &str = ":(glob)**/load-*.yaml";

/// What the next change says.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A steady load, one sample per change.
pub struct Steady {
    /// Changes per second that the API server took.
    pub rate: f64,
    /// What the API server took to answer.
    pub answers: Vec<Duration>,
    pub to_commit: Vec<Duration>,
    pub to_remote: Vec<Duration>,
    /// What the program used of one core.
    pub cpu: Duration,
    /// What the program says that its own part took.
    pub stages: Stages,
}

/// A change that the API server has taken.
struct Made {
    version: u64,
    answered: Instant,
    took: Duration,
}

/// Where a branch was seen to be, and when.
type Seen = Vec<(Instant, String)>;

/// Makes the ConfigMaps that a load changes.
pub async fn prepare(client: &kube::Client) -> anyhow::Result<()> {
    let config_maps: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
    for which in 0..CHANGED {
        let config_map = config_map(which)?;
        let name = config_map.name_any();
        config_maps.patch(&name, &PatchParams::apply("bench").force(), &Patch::Apply(&config_map)).await?;
    }
    Ok(())
}

/// Makes changes at a fixed rate, or as fast as the API server takes them; each must become a commit of its own.
pub async fn steady(client: &kube::Client, program: &Program, per_second: u32, seconds: u32) -> anyhow::Result<Steady> {
    let before = local_head(program)?;
    let metrics = Metrics::read(program).await?;
    let cpu = program.cpu()?;
    let watching = Watching::begin(program);
    let (begun, count) = (Instant::now(), per_second * seconds);
    let paced = futures::stream::iter(0..count).then(|number| async move {
        tokio::time::sleep_until((begun + Duration::from_secs(1) * number / per_second).into()).await;
        number
    });
    let made = paced.map(|number| change(client.clone(), number as usize % CHANGED)).buffer_unordered(AT_ONCE);
    let mut changes: Vec<Made> = made.try_collect().await?;
    let rate = f64::from(count) / begun.elapsed().as_secs_f64();
    program.settle().await?;
    let (local, remote) = watching.end().await?;
    let cpu = program.cpu()?.saturating_sub(cpu);
    // One watch sees all ConfigMaps in the order of their versions.
    changes.sort_by_key(|change| change.version);
    let commits = each_in_order(program, &before, &changes).await?;
    let waits = |seen: &Seen| -> anyhow::Result<Vec<Duration>> {
        let place = |head: &String| commits.iter().position(|commit| commit == head);
        let reached: Vec<(Instant, usize)> = seen.iter().filter_map(|(at, head)| Some((*at, place(head)?))).collect();
        let wait = |(index, change): (usize, &Made)| {
            let (at, _) = reached.iter().find(|(_, place)| *place >= index).context("a commit that was never seen")?;
            Ok(at.saturating_duration_since(change.answered))
        };
        changes.iter().enumerate().map(wait).collect()
    };
    let answers = changes.iter().map(|change| change.took).collect();
    let stages = Metrics::read(program).await?.since(&metrics);
    Ok(Steady { rate, answers, to_commit: waits(&local)?, to_remote: waits(&remote)?, cpu, stages })
}

/// Makes changes as fast as the API server takes them; returns how long they took, and how long until all were pushed.
pub async fn burst(client: &kube::Client, program: &Program, changes: u32) -> anyhow::Result<(Duration, Duration)> {
    let before = local_head(program)?;
    let begun = Instant::now();
    let work = futures::stream::iter(0..changes)
        .map(|number| change(client.clone(), number as usize % CHANGED))
        .buffer_unordered(AT_ONCE);
    let mut made: Vec<Made> = work.try_collect().await?;
    let sent = begun.elapsed();
    program.settle().await?;
    let pushed = begun.elapsed();
    made.sort_by_key(|change| change.version);
    each_in_order(program, &before, &made).await?;
    Ok((sent, pushed))
}

/// Makes sure that each change has a commit of its own, in the order of their versions; returns these commits.
async fn each_in_order(program: &Program, before: &str, changes: &[Made]) -> anyhow::Result<Vec<String>> {
    let (commits, versions): (Vec<String>, Vec<u64>) =
        program.commits_since(before, RECORDS).await?.into_iter().unzip();
    ensure!(commits.len() == changes.len(), "{} commits for {} changes", commits.len(), changes.len());
    let made: Vec<u64> = changes.iter().map(|change| change.version).collect();
    ensure!(versions == made, "commits are not in the order of the changes");
    Ok(commits)
}

/// Changes one ConfigMap to what it never was.
///
/// An update costs the API server less than a server-side apply, and it shares the processors with the program.
async fn change(client: kube::Client, which: usize) -> anyhow::Result<Made> {
    let config_maps: Api<ConfigMap> = Api::namespaced(client, "default");
    let config_map = config_map(which)?;
    let parameters = PostParams { field_manager: Some("bench".into()), ..PostParams::default() };
    let began = Instant::now();
    let object = config_maps.replace(&config_map.name_any(), &parameters, &config_map).await?;
    let (answered, took) = (Instant::now(), began.elapsed());
    Ok(Made { version: object.resource_version().context("a version")?.parse()?, answered, took })
}

fn config_map(which: usize) -> anyhow::Result<ConfigMap> {
    Ok(serde_json::from_value(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": format!("load-{which:03}") },
        "data": { "number": NUMBER.fetch_add(1, Ordering::Relaxed).to_string() },
    }))?)
}

/// Looks at both branches until it is told to end.
struct Watching {
    local: JoinHandle<Seen>,
    remote: JoinHandle<Seen>,
    stop: tokio::sync::watch::Sender<bool>,
}

impl Watching {
    fn begin(program: &Program) -> Self {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let watch = |repository: PathBuf, every: Duration| {
            let stopped = stopped.clone();
            tokio::spawn(async move {
                let mut seen = Seen::new();
                while !*stopped.borrow() {
                    note(&mut seen, head_in(&repository).ok());
                    tokio::time::sleep(every).await;
                }
                note(&mut seen, head_in(&repository).ok());
                seen
            })
        };
        let Place { repository, remote_repository, .. } = program.place();
        let [local, remote] = LOOKS;
        Self { local: watch(repository, local), remote: watch(remote_repository, remote), stop }
    }

    async fn end(self) -> anyhow::Result<(Seen, Seen)> {
        self.stop.send_replace(true);
        Ok((self.local.await?, self.remote.await?))
    }
}

fn note(seen: &mut Seen, head: Option<String>) {
    if let Some(head) = head
        && seen.last().is_none_or(|(_, last)| *last != head)
    {
        seen.push((Instant::now(), head));
    }
}
