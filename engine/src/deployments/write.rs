//! Sends a plan to the API server, as a dry run or, under an operation of the caller's, for good.

use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, Preconditions, Request, ValidationDirective};
use kube::core::Status;
use model::deployment::{Applied, DeploymentChange, DeploymentRef, WriteOptions};
use model::history::Verb;
use serde_json::{Value, json};

use super::lines::with_lines;
use super::plan::{Plan, Sending, version};
use super::preview::essence;
use super::read::with_types;
use super::values::without_values;
use super::{MANAGER, refusal};
use crate::ledger::{Baseline, NewOperation, OperationResult};
use crate::{Caller, Engine, Error};

/// The longest reason.
const LONGEST_REASON: usize = 500;
/// How often a write is tried again when only the status has changed meanwhile, as it does all the time in a rollout.
const TRIES: usize = 8;

/// Whether the API server keeps what is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    DryRun,
    ForGood,
}

/// What becomes of fields that are other managers'.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    Keep,
    TakeOver,
}

impl Others {
    fn of(options: &WriteOptions) -> Self {
        if options.take_over { Self::TakeOver } else { Self::Keep }
    }
}

impl Engine {
    /// Does a change for good. Names and words were checked by a preview before; all is checked again here.
    ///
    /// # Errors
    /// The caller may not, a field is wrong, somebody else was faster or owns it, Kubernetes refuses, or the cluster
    /// does not answer.
    pub async fn apply_deployment(
        &self,
        caller: &Caller,
        change: &DeploymentChange,
        options: &WriteOptions,
    ) -> Result<Applied, Error> {
        // Boxed, since the two are large and a caller's stack may be small.
        let plan = Box::pin(self.plan(caller, change)).await?;
        if let Some(live) = &plan.live {
            self.check_fresh(live, options)?;
        }
        if !options.take_over && !plan.foreign().is_empty() {
            return Err(refusal::owned_by_others(plan.foreign()));
        }
        let summary = self.dry_summary(&plan);
        let undo = plan.undo();
        let target = plan.target.clone();
        let before = plan.live.as_ref().and_then(version).map(ToOwned::to_owned);
        let baseline = plan.live.as_ref().map(Baseline::of).unwrap_or_default();
        let write = Write { target: target.clone(), verb: plan.verb, summary: summary.clone(), before, baseline };
        let (engine, others) = (self.clone(), Others::of(options));
        let done = self.perform(caller, write, options, async move {
            let result = engine.send_at_last(plan, others).await?;
            let uid = result.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default().to_owned();
            Ok((uid, version(&result).map(ToOwned::to_owned)))
        });
        let done = Box::pin(done).await.map_err(|error| with_lines(error, change));
        let (operation, resource_version) = done?;
        Ok(Applied { operation, target, resource_version, summary, undo })
    }

    /// Sends a plan for good, and again when nothing but the status has changed since it was made.
    async fn send_at_last(&self, mut plan: Plan, others: Others) -> Result<Value, kube::Error> {
        for _ in 1..TRIES {
            let status = match self.send(&plan, Purpose::ForGood, others).await {
                Err(kube::Error::Api(status)) if is_outdated(&status, &plan) => status,
                answer => return answer,
            };
            let live = self.get_live(&plan.target).await?;
            let before = plan.live.as_ref();
            if before.is_none_or(|before| essence(before) != essence(&live) || uid(before) != uid(&live)) {
                // A test that failed in a patch is answered with 422.
                let status = Status { code: 409, reason: "Conflict".into(), ..*status };
                return Err(kube::Error::Api(status.boxed()));
            }
            plan.rebase(live);
        }
        self.send(&plan, Purpose::ForGood, others).await
    }

    /// Sends a plan; returns the object as the server stores it (or would), or as it was before a delete.
    pub(super) async fn send(&self, plan: &Plan, purpose: Purpose, others: Others) -> Result<Value, kube::Error> {
        let dry_run = purpose == Purpose::DryRun;
        let api = self.deployment_api(&plan.target);
        let name = plan.target.name.as_str();
        let manager = Some(MANAGER.to_owned());
        let stored = match &plan.send {
            Sending::Apply(body) => {
                match self.apply_strictly(&plan.target, body, purpose, others).await {
                    // Fields that an earlier update of Denshimon's own set are its own, too.
                    Err(kube::Error::Api(status)) if refusal::is_own_conflict(&status) => {
                        self.apply_strictly(&plan.target, body, purpose, Others::TakeOver).await
                    }
                    answer => answer,
                }?
            }
            Sending::Replace { object, .. } => return self.replace_strictly(&plan.target, object, purpose).await,
            Sending::Template { template, .. } => {
                let generation = plan.live.as_ref().and_then(|live| live.pointer("/metadata/generation"));
                let operations = json!([
                    { "op": "test", "path": "/metadata/generation", "value": generation },
                    { "op": "replace", "path": "/spec/template", "value": template },
                ]);
                let operations = serde_json::from_value(operations).map_err(kube::Error::SerdeError)?;
                let parameters = PatchParams { dry_run, field_manager: manager, ..PatchParams::default() };
                api.patch(name, &parameters, &Patch::<Value>::Json(operations)).await?
            }
            Sending::Delete => {
                let live = plan.live.clone().unwrap_or_default();
                let preconditions = Some(Preconditions {
                    uid: uid(&live).map(ToOwned::to_owned),
                    resource_version: version(&live).map(ToOwned::to_owned),
                });
                let parameters = DeleteParams { dry_run, preconditions, ..DeleteParams::background() };
                api.delete(name, &parameters).await?;
                return Ok(live);
            }
        };
        let stored = serde_json::to_value(stored).map_err(kube::Error::SerdeError)?;
        Ok(with_types(stored).unwrap_or_default())
    }

    /// Applies what is Denshimon's; unknown fields are an error.
    ///
    /// The API server reads this as YAML. kube would send it as JSON, which is no YAML where a text holds a control
    /// character (it refuses U+007F and turns U+0085 into a space), so it is written as records are.
    async fn apply_strictly(
        &self,
        target: &DeploymentRef,
        body: &Value,
        purpose: Purpose,
        others: Others,
    ) -> Result<DynamicObject, kube::Error> {
        let DeploymentRef { namespace, name } = target;
        let parameters = PatchParams {
            dry_run: purpose == Purpose::DryRun,
            force: others == Others::TakeOver,
            field_manager: Some(MANAGER.into()),
            field_validation: Some(ValidationDirective::Strict),
        };
        let request = Request::new(format!("/apis/apps/v1/namespaces/{namespace}/deployments"));
        // An empty patch, for its address and headers.
        let request = request.patch(name.as_str(), &parameters, &Patch::Apply(json!({})));
        let request = request.map_err(kube::Error::BuildRequest)?.map(|_| manifest::render_tree(body).into_bytes());
        self.parts.cluster.client().request(request).await
    }

    /// Replaces the whole object; unknown fields are an error, which kube's own `replace` cannot ask for.
    async fn replace_strictly(
        &self,
        target: &DeploymentRef,
        object: &Value,
        purpose: Purpose,
    ) -> Result<Value, kube::Error> {
        let DeploymentRef { namespace, name } = target;
        let dry_run = if purpose == Purpose::DryRun { "&dryRun=All" } else { "" };
        let path = format!(
            "/apis/apps/v1/namespaces/{namespace}/deployments/{name}?fieldManager={MANAGER}&fieldValidation=Strict{dry_run}"
        );
        let mut object = object.clone();
        super::form::set(&mut object, &["metadata"], "managedFields", None);
        let body = serde_json::to_vec(&object).map_err(kube::Error::SerdeError)?;
        let request = http::Request::put(path).header(http::header::CONTENT_TYPE, "application/json").body(body);
        let request = request.map_err(kube::Error::HttpError)?;
        self.parts.cluster.client().request(request).await
    }

    /// Runs a write as an operation: its row is there before Kubernetes is asked and has the answer after.
    ///
    /// What has begun is seen through, even when the request that asked for it ends because its browser went away.
    pub(super) async fn perform(
        &self,
        caller: &Caller,
        write: Write,
        options: &WriteOptions,
        send: impl Future<Output = Result<(String, Option<String>), kube::Error>> + Send + 'static,
    ) -> Result<(String, Option<String>), Error> {
        let new = NewOperation {
            actor: caller.actor(),
            email: caller.email.clone(),
            verb: write.verb,
            resource: self.deployment_resource(&write.target),
            summary: write.summary.clone(),
            reason: check_reason(&options.reason)?,
            baseline: write.baseline.clone(),
            rolls_out: !matches!(write.verb, Verb::Delete | Verb::Pause),
        };
        let engine = self.clone();
        let done = self.parts.tasks.spawn(async move { engine.see_through(new, write, send).await });
        done.await.map_err(|error| Error::internal("writing to Kubernetes", error))?
    }

    async fn see_through(
        &self,
        new: NewOperation,
        write: Write,
        send: impl Future<Output = Result<(String, Option<String>), kube::Error>>,
    ) -> Result<(String, Option<String>), Error> {
        let Write { target, verb, before, .. } = write;
        let ledger = &self.parts.ledger;
        let (id, in_flight) = ledger.begin_operation(new).await?;
        let (result, answer) = match send.await {
            Ok((_, after)) if after.is_some() && after == before && verb != Verb::Delete => {
                (Some(OperationResult::Unchanged), Ok((id.clone(), after)))
            }
            Ok((uid, after)) => {
                let result = OperationResult::Applied { uid, resource_version: after.clone() };
                (Some(result), Ok((id.clone(), after)))
            }
            Err(error) if refusal::is_answer(&error) => {
                let error = refusal::write_error(error, &target);
                // Many read the timeline; only who asked may see again what they wrote.
                let reason = without_values(&error.to_wire().message);
                (Some(OperationResult::Refused(reason)), Err(error))
            }
            // Nobody knows: the object is looked at when the cluster is back.
            Err(error) => (None, Err(Error::Unanswered { source: error.into() })),
        };
        if let Some(result) = result
            && let Err(error) = ledger.finish_operation(&id, result).await
        {
            // Kubernetes has done it or refused it all the same; the row is completed when the database is back.
            tracing::warn!(%error, operation.id = id, "the answer to an operation is noted later");
        }
        drop(in_flight);
        answer
    }
}

/// A write as its row names it.
pub(super) struct Write {
    pub(super) target: DeploymentRef,
    pub(super) verb: Verb,
    /// As the commit will be worded.
    pub(super) summary: String,
    /// The live version; the same one afterwards means that nothing changed.
    pub(super) before: Option<String>,
    pub(super) baseline: Baseline,
}

fn uid(object: &Value) -> Option<&str> {
    object.pointer("/metadata/uid")?.as_str()
}

/// Tells whether a plan may have failed only because its object is of another version by now.
fn is_outdated(status: &Status, plan: &Plan) -> bool {
    match plan.send {
        Sending::Replace { .. } | Sending::Delete => status.code == 409,
        Sending::Template { .. } => {
            matches!(status.code, 409 | 422) && status.details.as_ref().is_none_or(|d| d.causes.is_empty())
        }
        Sending::Apply(_) => false,
    }
}

fn check_reason(reason: &str) -> Result<String, Error> {
    let reason = reason.trim();
    if reason.chars().count() > LONGEST_REASON {
        return Err(Error::invalid_field("reason", "A reason has at most 500 characters."));
    }
    Ok(reason.chars().filter(|c| *c == '\n' || !c.is_control()).collect())
}
