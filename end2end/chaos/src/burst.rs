//! A kill in the midst of a burst: how long until the repository equals the cluster again.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures::stream::{StreamExt, TryStreamExt};
use rand::Rng;
use tokio::sync::Mutex;

use crate::check::until_equal;
use crate::load;
use crate::stage::Stage;

const CHANGES: u32 = 1_000;
const DELETIONS: u32 = 20;
const AT_ONCE: usize = 32;
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes 1,000 changes and 20 deletions, kills the program when some of them are made, starts it when all are; returns
/// how long after the start the repository equals the cluster.
pub async fn killed_in_a_burst(stage: &Stage) -> Result<Duration> {
    load::make(&stage.client, "doomed", DELETIONS).await?;
    stage.until_in_step().await?;
    let fatal = rand::rng().random_range(0..CHANGES);
    let held = Mutex::new(None);
    let change = async |number: u32| {
        if number == fatal {
            *held.lock().await = Some(stage.program.kill_and_hold().await?);
        }
        load::edit_anew(&stage.client, number % load::LASTING).await?;
        match (number % (CHANGES / DELETIONS), number / (CHANGES / DELETIONS)) {
            (0, doomed) => load::delete(&stage.client, &format!("doomed-{doomed:03}")).await,
            _ => Ok(()),
        }
    };
    futures::stream::iter(0..CHANGES).map(change).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    let started = Instant::now();
    drop(held.into_inner());
    until_equal(stage, PATIENCE).await?;
    Ok(started.elapsed())
}
