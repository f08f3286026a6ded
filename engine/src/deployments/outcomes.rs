//! Follows rollouts that operations started, until each has ended one way or another.

use std::time::Duration;

use model::deployment::DeploymentRef;
use model::health::{Health, HealthState};
use model::history::Outcome;
use tokio_util::sync::CancellationToken;

use super::recover::recover_operations;
use crate::ledger::Operation;
use crate::{Engine, health, panics};

/// How long after the last notice of a change everything is looked at again.
const PERIOD: Duration = Duration::from_secs(5);

/// Runs until it is told to stop; idempotent, so that a run that is missed changes nothing.
pub(crate) async fn follow_outcomes(engine: Engine, stopping: CancellationToken) {
    let mut changes = engine.parts.cluster.changes().subscribe();
    let work = async {
        loop {
            let pass = async {
                engine.settle_outcomes().await;
                if let Err(error) = recover_operations(&engine).await {
                    tracing::warn!(%error, "operations without an answer are looked at again later");
                }
            };
            panics::caught("outcomes", pass).await;
            // Whatever it says, it is time to look.
            let _ = tokio::time::timeout(PERIOD, changes.recv()).await;
            while changes.try_recv().is_ok() {}
        }
    };
    stopping.run_until_cancelled(work).await;
}

impl Engine {
    async fn settle_outcomes(&self) {
        if !self.parts.cluster.inventory().is_complete() {
            return;
        }
        let pending = self.parts.ledger.pending_outcomes().await;
        for (position, operation) in pending.iter().enumerate() {
            let later = pending.iter().skip(position + 1).any(|other| other.resource == operation.resource);
            let Some(health) = self.judge_outcome(operation, later) else { continue };
            let at = self.parts.config.clock.now();
            let seconds = at.duration_since(operation.started_at).as_secs();
            let outcome = Outcome { health, at, seconds: u32::try_from(seconds).unwrap_or(0) };
            if let Err(error) = self.parts.ledger.set_outcome(&operation.id, outcome).await {
                tracing::warn!(%error, operation.id, "the outcome of a rollout is written later");
            }
        }
    }

    /// Returns how a rollout ended; `None` while it has not.
    fn judge_outcome(&self, operation: &Operation, later: bool) -> Option<Health> {
        let target = DeploymentRef::new(operation.resource.namespace.clone()?, operation.resource.name.clone());
        let inventory = self.parts.cluster.inventory();
        let row = inventory.deployment(&target).filter(|row| row.deployment.metadata.uid == operation.uid);
        let Some(row) = row else {
            return Some(Health::new(HealthState::Unknown, "It was deleted before its rollout ended."));
        };
        let seen = row.deployment.metadata.resource_version.as_deref().and_then(|version| version.parse::<u64>().ok());
        if seen < operation.resource_version {
            return None;
        }
        let pods = inventory.pods_of(row.deployment.metadata.uid.as_deref()?);
        let health = health::judge_deployment(&row.deployment, pods.iter().map(|pod| &pod.summary));
        match health.state {
            HealthState::Healthy | HealthState::Suspended | HealthState::Failed => Some(health),
            _ if later => Some(Health::new(HealthState::Unknown, "A later change took its place.")),
            _ => None,
        }
    }
}
