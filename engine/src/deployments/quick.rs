//! The writes that act at once and can be taken back: scale, restart, pause, resume; and those by one word.

use kube::api::{Patch, PatchParams};
use model::deployment::{Applied, DeploymentChange, DeploymentRef, Undo, UndoAction, WriteOptions};
use model::history::Verb;
use serde_json::{Value, json};

use super::check::check_replicas;
use super::owned::declared_by_others;
use super::plan::version;
use super::write::Write;
use super::{MANAGER, RESTARTED_AT, refusal, what};
use crate::ledger::Baseline;
use crate::rights::{Action, check_in};
use crate::{Caller, Engine, Error};

impl Engine {
    /// Sets the number of replicas through the scale subresource.
    ///
    /// # Errors
    /// The caller may not, it is not there, Kubernetes refuses, or the cluster does not answer.
    pub async fn scale_deployment(
        &self,
        caller: &Caller,
        target: &DeploymentRef,
        replicas: u32,
        options: &WriteOptions,
    ) -> Result<Applied, Error> {
        check_in(caller, Action::WriteDeployments, Some(&target.namespace), &what(target))?;
        check_replicas(replicas).map_err(|error| Error::invalid_field("replicas", error))?;
        let live = self.live_deployment(target).await?;
        let old = live.pointer("/spec/replicas").and_then(Value::as_u64).and_then(|old| u32::try_from(old).ok());
        let old = old.unwrap_or(1);
        let words = format!("Scale {target} to {replicas}");
        let patch = json!({ "spec": { "replicas": replicas } });
        self.check_fresh(&live, options)?;
        check_declared(&live, &patch, options)?;
        let before = version(&live).map(ToOwned::to_owned);
        let baseline = Baseline::of(&live).scaled_to(replicas);
        let write = Write { target: target.clone(), verb: Verb::Scale, summary: words, before, baseline };
        let (api, name) = (self.deployment_api(target), target.name.clone());
        let done = self.perform(caller, write, options, async move {
            let scale = api.patch_scale(name.as_str(), &parameters(), &Patch::Merge(patch)).await?;
            let metadata = scale.metadata;
            Ok((metadata.uid.unwrap_or_default(), metadata.resource_version))
        });
        let (operation, resource_version) = done.await?;
        let summary = format!("Scaled {target} from {old} to {replicas}");
        let undo = Some(UndoAction::Scale { replicas: old });
        Ok(Applied { operation, target: target.clone(), resource_version, summary, undo })
    }

    /// Makes new pods of the same template, as `kubectl rollout restart` does.
    ///
    /// # Errors
    /// As [`Engine::scale_deployment`]; a paused rollout cannot restart.
    pub async fn restart_deployment(
        &self,
        caller: &Caller,
        target: &DeploymentRef,
        options: &WriteOptions,
    ) -> Result<Applied, Error> {
        check_in(caller, Action::WriteDeployments, Some(&target.namespace), &what(target))?;
        let live = self.live_deployment(target).await?;
        if live.pointer("/spec/paused") == Some(&Value::Bool(true)) {
            return Err(Error::Conflict {
                message: format!("The rollout of {target} is paused, so it cannot restart."),
                hint: "Resume it first.".into(),
                fields: Vec::new(),
            });
        }
        let now = self.parts.config.clock.now().to_string();
        let patch = json!({ "spec": { "template": { "metadata": { "annotations": { RESTARTED_AT: now } } } } });
        let words = format!("Restart {target}");
        let done = self.merge(caller, target, &live, Verb::Restart, &words, patch, options).await?;
        Ok(Applied { summary: format!("Restarted {target}"), undo: None, ..done })
    }

    /// Keeps changes of the template from rolling out.
    ///
    /// # Errors
    /// As [`Engine::scale_deployment`].
    pub async fn pause_deployment(
        &self,
        caller: &Caller,
        target: &DeploymentRef,
        options: &WriteOptions,
    ) -> Result<Applied, Error> {
        check_in(caller, Action::WriteDeployments, Some(&target.namespace), &what(target))?;
        let live = self.live_deployment(target).await?;
        let words = format!("Pause {target}");
        let patch = json!({ "spec": { "paused": true } });
        let done = self.merge(caller, target, &live, Verb::Pause, &words, patch, options).await?;
        Ok(Applied { summary: format!("Paused {target}"), undo: Some(UndoAction::Resume), ..done })
    }

    /// Lets changes of the template roll out again.
    ///
    /// # Errors
    /// As [`Engine::scale_deployment`].
    pub async fn resume_deployment(
        &self,
        caller: &Caller,
        target: &DeploymentRef,
        options: &WriteOptions,
    ) -> Result<Applied, Error> {
        check_in(caller, Action::WriteDeployments, Some(&target.namespace), &what(target))?;
        let live = self.live_deployment(target).await?;
        let words = format!("Resume {target}");
        let patch = json!({ "spec": { "paused": null } });
        let done = self.merge(caller, target, &live, Verb::Resume, &words, patch, options).await?;
        Ok(Applied { summary: format!("Resumed {target}"), undo: Some(UndoAction::Pause), ..done })
    }

    /// Goes back to an earlier rollout's pod template.
    ///
    /// # Errors
    /// As [`Engine::apply_deployment`]; the revision may not be kept any more.
    pub async fn undo_deployment(
        &self,
        caller: &Caller,
        target: &DeploymentRef,
        undo: Undo,
        options: &WriteOptions,
    ) -> Result<Applied, Error> {
        self.apply_deployment(caller, &DeploymentChange::Undo(target.clone(), undo), options).await
    }

    /// Deletes a Deployment; its pods are deleted in the background.
    ///
    /// # Errors
    /// As [`Engine::apply_deployment`].
    pub async fn delete_deployment(
        &self,
        caller: &Caller,
        target: &DeploymentRef,
        options: &WriteOptions,
    ) -> Result<Applied, Error> {
        self.apply_deployment(caller, &DeploymentChange::Delete(target.clone()), options).await
    }

    #[expect(clippy::too_many_arguments, reason = "they are the columns of one row")]
    async fn merge(
        &self,
        caller: &Caller,
        target: &DeploymentRef,
        live: &Value,
        verb: Verb,
        words: &str,
        patch: Value,
        options: &WriteOptions,
    ) -> Result<Applied, Error> {
        self.check_fresh(live, options)?;
        check_declared(live, &patch, options)?;
        let before = version(live).map(ToOwned::to_owned);
        let baseline = Baseline::of(live);
        let write = Write { target: target.clone(), verb, summary: words.to_owned(), before, baseline };
        let (api, name) = (self.deployment_api(target), target.name.clone());
        let done = self.perform(caller, write, options, async move {
            let stored = api.patch(name.as_str(), &parameters(), &Patch::Merge(patch)).await?;
            Ok((stored.metadata.uid.unwrap_or_default(), stored.metadata.resource_version))
        });
        let (operation, resource_version) = done.await?;
        Ok(Applied { operation, target: target.clone(), resource_version, summary: words.to_owned(), undo: None })
    }
}

/// Refuses to change what another manager declares, unless it is to be taken over.
fn check_declared(live: &Value, patch: &Value, options: &WriteOptions) -> Result<(), Error> {
    let mut wanted = live.clone();
    json_patch::merge(&mut wanted, patch);
    let foreign = declared_by_others(live, live, &wanted);
    if options.take_over || foreign.is_empty() { Ok(()) } else { Err(refusal::owned_by_others(&foreign)) }
}

fn parameters() -> PatchParams {
    PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() }
}
