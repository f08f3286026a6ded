//! Changes at a fixed rate: made in the cluster by several hands, and through the program.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use futures::stream::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use rand::Rng;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::program::Program;
use crate::stage::{NAMESPACE, Stage};

/// ConfigMaps that are changed again and again.
pub const LASTING: u32 = 300;
/// Deployments that the program is asked to change; they have no pods.
pub const DEPLOYMENTS: u32 = 12;
/// One in so many operations on a Deployment is a restart, one goes back to an earlier rollout, and one deletes it and
/// makes it again.
const TURNS: u32 = 8;
/// What is deleted later has lived so many changes.
const BRIEF: u32 = 40;
const HANDS: [&str; 4] = ["ada", "bob", "cyd", "dee"];
const AT_ONCE: usize = 16;

/// What the next change says: each says something that none said before.
static NUMBER: AtomicU32 = AtomicU32::new(1);

/// What was done, and what the program said of what it was asked to do.
#[derive(Debug, Default)]
pub struct Told {
    /// Changes that the API server took.
    pub direct: u32,
    /// Those it did not, or did not answer.
    pub failed: u32,
    /// Operations that the program said it had carried out.
    pub accepted: Vec<String>,
    /// Those it refused, as when the cluster is away.
    pub refused: u32,
    /// Those whose answer never came.
    pub unanswered: u32,
    /// Answers that are errors of the program's own.
    pub wrong: Vec<String>,
}

impl fmt::Display for Told {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { direct, failed, accepted, refused, unanswered, .. } = self;
        write!(
            formatter,
            "{direct} changes, {failed} that failed; {} operations, {refused} refused, {unanswered} without an answer",
            accepted.len()
        )
    }
}

enum Outcome {
    Direct,
    Failed,
    Accepted(String),
    Refused,
    Unanswered,
    Wrong(String),
}

/// A load under way.
pub struct Load {
    told: Arc<Mutex<Told>>,
    stop: watch::Sender<bool>,
    driver: JoinHandle<()>,
}

impl Load {
    /// Begins to make changes.
    pub fn begin(stage: &Stage, per_second: u32) -> Self {
        let told = Arc::new(Mutex::new(Told::default()));
        let (stop, stopped) = watch::channel(false);
        let driver =
            tokio::spawn(drive(stage.client.clone(), stage.program.clone(), per_second, told.clone(), stopped));
        Self { told, stop, driver }
    }

    /// Ends when what was begun is answered.
    pub async fn end(self) -> Result<Told> {
        self.stop.send_replace(true);
        self.driver.await?;
        Ok(Arc::into_inner(self.told).context("nobody else tells any more")?.into_inner())
    }
}

async fn drive(
    client: kube::Client,
    program: Arc<Program>,
    per_second: u32,
    told: Arc<Mutex<Told>>,
    stopped: watch::Receiver<bool>,
) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
    let mut changes = JoinSet::new();
    let mut brief = 0;
    // What is told in two orders at once would have none.
    let busy: Arc<Vec<Mutex<()>>> = Arc::new((0..LASTING + DEPLOYMENTS).map(|_| Mutex::new(())).collect());
    while !*stopped.borrow() {
        ticks.tick().await;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let (client, program, told) = (client.clone(), program.clone(), told.clone());
        let kind = rand::rng().random_range(0..100);
        brief += u32::from((55..65).contains(&kind));
        let (newest, busy) = (brief, busy.clone());
        changes.spawn(async move {
            let (lasting, deployment) = (number % LASTING, number % DEPLOYMENTS);
            let of = |which: u32| busy.get(which as usize).and_then(|lock| lock.try_lock().ok());
            let outcomes = match kind {
                0..55 => match of(lasting) {
                    Some(_alone) => vec![direct(edit(&client, lasting, number).await)],
                    None => return,
                },
                55..65 => vec![direct(come_and_go(&client, newest, number).await)],
                _ => match of(LASTING + deployment) {
                    Some(_alone) => operate(&program, deployment, number).await,
                    None => return,
                },
            };
            let mut told = told.lock().await;
            for outcome in outcomes {
                match outcome {
                    Outcome::Direct => told.direct += 1,
                    Outcome::Failed => told.failed += 1,
                    Outcome::Accepted(id) => told.accepted.push(id),
                    Outcome::Refused => told.refused += 1,
                    Outcome::Unanswered => told.unanswered += 1,
                    Outcome::Wrong(what) => told.wrong.push(what),
                }
            }
        });
        while changes.try_join_next().is_some() {}
    }
    changes.join_all().await;
}

fn direct(result: Result<()>) -> Outcome {
    if result.is_ok() { Outcome::Direct } else { Outcome::Failed }
}

/// Changes one of the lasting ConfigMaps.
pub async fn edit(client: &kube::Client, which: u32, number: u32) -> Result<()> {
    apply(client, &format!("lasting-{which:03}"), number).await
}

/// Changes one of the lasting ConfigMaps to what it never was.
pub async fn edit_anew(client: &kube::Client, which: u32) -> Result<()> {
    edit(client, which, NUMBER.fetch_add(1, Ordering::Relaxed)).await
}

/// Makes so many ConfigMaps, a few at a time; `prefix` is that of their names.
pub async fn make(client: &kube::Client, prefix: &str, count: u32) -> Result<()> {
    let work = futures::stream::iter(0..count)
        .map(|which| async move {
            apply(client, &format!("{prefix}-{which:03}"), NUMBER.fetch_add(1, Ordering::Relaxed)).await
        })
        .buffer_unordered(AT_ONCE);
    work.try_collect().await
}

/// Makes what the changes are made to.
pub async fn furnish(client: &kube::Client) -> Result<()> {
    make(client, "lasting", LASTING).await?;
    let deployments: Api<k8s_openapi::api::apps::v1::Deployment> = Api::namespaced(client.clone(), NAMESPACE);
    for which in 0..DEPLOYMENTS {
        let name = format!("worked-on-{which:02}");
        let labels = json!({ "app": name });
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "app:1"}]}}},
        });
        deployments.create(&PostParams::default(), &serde_json::from_value(deployment)?).await?;
    }
    Ok(())
}

/// Deletes a ConfigMap, which may be gone already.
pub async fn delete(client: &kube::Client, name: &str) -> Result<()> {
    let config_maps: Api<ConfigMap> = Api::namespaced(client.clone(), NAMESPACE);
    match config_maps.delete(name, &DeleteParams::default()).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == StatusCode::NOT_FOUND.as_u16() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Makes a ConfigMap and deletes one that was made a while ago.
async fn come_and_go(client: &kube::Client, newest: u32, number: u32) -> Result<()> {
    apply(client, &format!("brief-{number}"), number).await?;
    if newest > BRIEF {
        let config_maps: Api<ConfigMap> = Api::namespaced(client.clone(), NAMESPACE);
        let all = config_maps.list_metadata(&kube::api::ListParams::default()).await?;
        let number_of = |name: &str| name.strip_prefix("brief-").and_then(|number| number.parse::<u32>().ok());
        let mut brief: Vec<(u32, String)> = all
            .items
            .into_iter()
            .filter_map(|item| item.metadata.name)
            .filter_map(|name| Some((number_of(&name)?, name)))
            .collect();
        brief.sort();
        if let Some((_, oldest)) = brief.into_iter().next() {
            delete(client, &oldest).await?;
        }
    }
    Ok(())
}

async fn apply(client: &kube::Client, name: &str, number: u32) -> Result<()> {
    let config_maps: Api<ConfigMap> = Api::namespaced(client.clone(), NAMESPACE);
    let hand = HANDS.get(number as usize % HANDS.len()).copied().unwrap_or_default();
    let body = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"number": number.to_string()},
    });
    config_maps.patch(name, &PatchParams::apply(hand).force(), &Patch::Apply(&body)).await?;
    Ok(())
}

/// Asks the program for a change of one of the Deployments.
async fn operate(program: &Program, which: u32, number: u32) -> Vec<Outcome> {
    let name = format!("worked-on-{which:02}");
    let path = format!("/api/deployments/{NAMESPACE}/{name}");
    let (reason, labels) = ("to see whether it stays", json!({"number": number.to_string()}));
    match number / DEPLOYMENTS % TURNS {
        // The record says the same before and after.
        0 => vec![ask(program, Method::POST, &format!("{path}/restart"), &json!({"reason": reason})).await],
        1 => {
            let back = json!({"reason": reason, "take_over": true});
            vec![ask(program, Method::POST, &format!("{path}/rollback"), &back).await]
        }
        2 => {
            let new = json!({
                "namespace": NAMESPACE, "name": name, "image": "app:1", "replicas": 0, "labels": labels,
                "reason": reason,
            });
            let deleted = ask(program, Method::DELETE, &path, &json!({"reason": reason})).await;
            // Also where it is gone since an earlier time, when the cluster or the program went away in between.
            vec![deleted, ask(program, Method::POST, "/api/deployments", &new).await]
        }
        _ => {
            // With another image, so that there is an earlier rollout to go back to; whoever made it set its image.
            let image = format!("app:{number}");
            let change = json!({"labels": labels, "image": image, "reason": reason, "take_over": true});
            vec![ask(program, Method::PATCH, &path, &change).await]
        }
    }
}

/// Asks the program for one operation.
async fn ask(program: &Program, method: Method, path: &str, body: &Value) -> Outcome {
    match program.send(method, path, Some(body)).await {
        Ok((status, answer)) if status.is_success() => match answer.get("operation").and_then(Value::as_str) {
            Some(id) => Outcome::Accepted(id.to_owned()),
            None => Outcome::Wrong(format!("an answer without an operation: {answer}")),
        },
        Ok((StatusCode::INTERNAL_SERVER_ERROR, answer)) => Outcome::Wrong(answer.to_string()),
        Ok(_) => Outcome::Refused,
        Err(_) => Outcome::Unanswered,
    }
}
