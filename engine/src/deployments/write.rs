//! From a change to what is sent to the API server, as a dry run or for good.

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions, ValidationDirective};
use kube::core::Status;
use model::deployment::{Applied, DeploymentChange, DeploymentRef, Undo, UndoAction, WriteOptions};
use model::history::Verb;
use serde_json::{Value, json};

use super::owned::{Said, say};
use super::read::with_types;
use super::{MANAGER, edit, form, refusal, what};
use crate::ledger::{NewOperation, OperationResult};
use crate::rights::{Action, check_in};
use crate::{Caller, Engine, Error};

/// The longest reason.
const LONGEST_REASON: usize = 500;

/// A change that has been checked and worded, against the live object of this moment.
pub(super) struct Plan {
    pub(super) target: DeploymentRef,
    pub(super) verb: Verb,
    /// The whole live object; `None` for a new one.
    pub(super) live: Option<Value>,
    /// The manifest that is wanted; `None` for a delete.
    pub(super) wanted: Option<Value>,
    send: Send,
}

/// What is sent.
enum Send {
    Apply(Value),
    /// Fields that others own are taken out, which an apply cannot say: the whole object, at the version it was read.
    Replace {
        object: Value,
        removed: Vec<String>,
    },
    /// A new pod template, at the version it was read.
    Template(Value),
    Delete,
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
        let plan = self.plan(caller, change).await?;
        if let (Some(live), Some(base)) = (&plan.live, options.resource_version.as_deref()) {
            self.check_fresh(live, base)?;
        }
        let summary = self.dry_summary(&plan);
        let before = plan.live.as_ref().and_then(|live| version(live)).map(ToOwned::to_owned);
        let undo = plan.undo();
        let rolls_out = plan.verb != Verb::Delete;
        let done = self.perform(caller, &plan.target, plan.verb, &summary, options, rolls_out, before, async {
            let result = self.send(&plan, false, options.take_over).await?;
            let uid = result.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default().to_owned();
            Ok((uid, version(&result).map(ToOwned::to_owned)))
        });
        let (operation, resource_version) = done.await?;
        Ok(Applied { operation, target: plan.target, resource_version, summary, undo })
    }

    /// Checks a change and finds what is to be sent.
    pub(super) async fn plan(&self, caller: &Caller, change: &DeploymentChange) -> Result<Plan, Error> {
        // The right is checked before anything is parsed or read, as for what is not there.
        let named = match change {
            DeploymentChange::Create(_) | DeploymentChange::CreateYaml(_) => None,
            DeploymentChange::EditForm(target, _)
            | DeploymentChange::Edit(target, _)
            | DeploymentChange::EditYaml(target, _)
            | DeploymentChange::Undo(target, _)
            | DeploymentChange::Delete(target) => Some(target),
        };
        match named {
            Some(target) => check_in(caller, Action::WriteDeployments, Some(&target.namespace), &what(target))?,
            None => crate::rights::check(caller, Action::WriteDeployments)?,
        }
        match change {
            DeploymentChange::Create(form) => {
                let (target, wanted) = form::build(form)?;
                self.plan_new(caller, target, wanted).await
            }
            DeploymentChange::CreateYaml(text) => {
                let wanted = parse(text)?;
                let target = identity(&wanted)?;
                self.plan_new(caller, target, wanted).await
            }
            DeploymentChange::EditForm(target, form) => self.plan_edit(target, |base| form::apply(base, form)).await,
            DeploymentChange::Edit(target, changes) => self.plan_edit(target, |base| edit::apply(base, changes)).await,
            DeploymentChange::EditYaml(target, text) => {
                let wanted = parse(text)?;
                let named = identity(&wanted)?;
                if named != *target {
                    let message = format!("This is the manifest of {named}: the name and namespace of {target} stay.");
                    return Err(Error::invalid_field("yaml", message));
                }
                self.plan_edit(target, |_| Ok(wanted)).await
            }
            DeploymentChange::Undo(target, undo) => self.plan_undo(target, *undo).await,
            DeploymentChange::Delete(target) => {
                let live = self.live_deployment(target).await?;
                Ok(Plan {
                    target: target.clone(),
                    verb: Verb::Delete,
                    live: Some(live),
                    wanted: None,
                    send: Send::Delete,
                })
            }
        }
    }

    async fn plan_new(&self, caller: &Caller, target: DeploymentRef, wanted: Value) -> Result<Plan, Error> {
        if !caller.sees(Some(&target.namespace)) {
            return Err(Error::invalid_field("namespace", "There is no such namespace, or you may not see it."));
        }
        let there = self.deployment_api(&target).get_opt(target.name.as_str()).await;
        if there.map_err(|error| refusal::write_error(error, &target))?.is_some() {
            let taken = json!({ "code": 409, "reason": "AlreadyExists" });
            let status: Status = serde_json::from_value(taken).map_err(|error| Error::internal("a status", error))?;
            return Err(refusal::write_error(kube::Error::Api(status.boxed()), &target));
        }
        Ok(Plan { target, verb: Verb::Create, live: None, wanted: Some(wanted.clone()), send: Send::Apply(wanted) })
    }

    async fn plan_edit(
        &self,
        target: &DeploymentRef,
        change: impl FnOnce(&Value) -> Result<Value, Error>,
    ) -> Result<Plan, Error> {
        let live = self.live_deployment(target).await?;
        let base = manifest::sanitize(&live).into_tree();
        let wanted = change(&base)?;
        let send = match say(&live, &base, &wanted) {
            Said::Apply(body) => Send::Apply(body),
            Said::Removes(removed) => Send::Replace { object: replacement(&live, &wanted), removed },
        };
        Ok(Plan { target: target.clone(), verb: Verb::Edit, live: Some(live), wanted: Some(wanted), send })
    }

    async fn plan_undo(&self, target: &DeploymentRef, undo: Undo) -> Result<Plan, Error> {
        let live = self.live_deployment(target).await?;
        let uid = live.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
        let sets: Api<ReplicaSet> = Api::namespaced(self.parts.cluster.client(), target.namespace.as_str());
        let sets = sets.list(&ListParams::default()).await.map_err(|error| refusal::read_error(error, target))?;
        let revision = |set: &ReplicaSet| -> Option<u64> {
            set.metadata.annotations.as_ref()?.get("deployment.kubernetes.io/revision")?.parse().ok()
        };
        let owned = |set: &ReplicaSet| {
            set.metadata
                .owner_references
                .iter()
                .flatten()
                .any(|owner| owner.uid == uid && owner.controller == Some(true))
        };
        let mut sets: Vec<(u64, ReplicaSet)> =
            sets.items.into_iter().filter(owned).filter_map(|set| Some((revision(&set)?, set))).collect();
        sets.sort_by_key(|(revision, _)| std::cmp::Reverse(*revision));
        let wanted = match undo.revision {
            Some(wanted) => sets.into_iter().find(|(revision, _)| *revision == wanted),
            None => sets.into_iter().nth(1),
        };
        let (_, set) = wanted.ok_or_else(|| {
            Error::invalid_field("revision", "This revision is not kept any more: choose another one from the history.")
        })?;
        let template = set.spec.and_then(|spec| spec.template).unwrap_or_default();
        let mut template = serde_json::to_value(template).map_err(|error| Error::internal("a pod template", error))?;
        form::set(&mut template, &["metadata", "labels"], "pod-template-hash", None);
        let mut object = live.clone();
        form::set(&mut object, &["spec"], "template", Some(template.clone()));
        let wanted = manifest::sanitize(&object).into_tree();
        Ok(Plan {
            target: target.clone(),
            verb: Verb::Undo,
            live: Some(live),
            wanted: Some(wanted),
            send: Send::Template(template),
        })
    }

    /// Sends a plan; returns the object as the server stores it (or would), or as it was before a delete.
    pub(super) async fn send(&self, plan: &Plan, dry_run: bool, take_over: bool) -> Result<Value, kube::Error> {
        let api = self.deployment_api(&plan.target);
        let name = plan.target.name.as_str();
        let manager = Some(MANAGER.to_owned());
        let stored = match &plan.send {
            Send::Apply(body) => {
                let strict = Some(ValidationDirective::Strict);
                let parameters =
                    PatchParams { dry_run, force: take_over, field_manager: manager, field_validation: strict };
                match api.patch(name, &parameters, &Patch::Apply(body)).await {
                    // Fields that an earlier update of Denshimon's own set are its own, too.
                    Err(kube::Error::Api(status)) if only_own(&status) => {
                        api.patch(name, &PatchParams { force: true, ..parameters }, &Patch::Apply(body)).await
                    }
                    answer => answer,
                }?
            }
            Send::Replace { object, .. } => {
                let object: Deployment = serde_json::from_value(object.clone()).map_err(kube::Error::SerdeError)?;
                let parameters = PostParams { dry_run, field_manager: manager };
                api.replace(name, &parameters, &object).await?
            }
            Send::Template(template) => {
                let version = plan.live.as_ref().and_then(version).unwrap_or_default();
                let operations = json!([
                    { "op": "test", "path": "/metadata/resourceVersion", "value": version },
                    { "op": "replace", "path": "/spec/template", "value": template },
                ]);
                let operations = serde_json::from_value(operations).map_err(kube::Error::SerdeError)?;
                let parameters = PatchParams { dry_run, field_manager: manager, ..PatchParams::default() };
                api.patch(name, &parameters, &Patch::<Value>::Json(operations)).await?
            }
            Send::Delete => {
                let live = plan.live.clone().unwrap_or_default();
                let uid = live.pointer("/metadata/uid").and_then(Value::as_str).map(ToOwned::to_owned);
                let preconditions = Some(Preconditions { uid, resource_version: None });
                let parameters = DeleteParams { dry_run, preconditions, ..DeleteParams::background() };
                api.delete(name, &parameters).await?;
                return Ok(live);
            }
        };
        let stored = serde_json::to_value(stored).map_err(kube::Error::SerdeError)?;
        Ok(with_types(stored).unwrap_or_default())
    }

    /// Runs a write as an operation: its row is there before Kubernetes is asked and has the answer after.
    #[expect(clippy::too_many_arguments, reason = "they are the columns of one row")]
    pub(super) async fn perform(
        &self,
        caller: &Caller,
        target: &DeploymentRef,
        verb: Verb,
        summary: &str,
        options: &WriteOptions,
        rolls_out: bool,
        before: Option<String>,
        write: impl Future<Output = Result<(String, Option<String>), kube::Error>>,
    ) -> Result<(String, Option<String>), Error> {
        let new = NewOperation {
            actor: caller.actor(),
            verb,
            resource: self.deployment_resource(target),
            summary: summary.to_owned(),
            reason: check_reason(&options.reason)?,
            rolls_out,
        };
        let ledger = &self.parts.ledger;
        let (id, in_flight) = ledger.begin_operation(new).await?;
        let answer = write.await;
        let (result, answer) = match answer {
            Ok((_, after)) if after.is_some() && after == before && verb != Verb::Delete => {
                (Some(OperationResult::Unchanged), Ok((id.clone(), after)))
            }
            Ok((uid, after)) => {
                let result = OperationResult::Applied { uid, resource_version: after.clone() };
                (Some(result), Ok((id.clone(), after)))
            }
            Err(error) => {
                let reached = matches!(error, kube::Error::Api(_));
                let error = refusal::write_error(error, target);
                // Without an answer nobody knows: the object is looked at when the cluster is back.
                let refused = reached.then(|| OperationResult::Refused(error.to_wire().message));
                (refused, Err(error))
            }
        };
        if let Some(result) = result {
            ledger.finish_operation(&id, result).await?;
        }
        drop(in_flight);
        answer
    }

    /// Words a change before it is done, as its commit will be.
    pub(super) fn dry_summary(&self, plan: &Plan) -> String {
        let old = plan.live.as_ref().map(|live| manifest::sanitize(live).into_tree());
        let changes = manifest::compare(old.as_ref(), plan.wanted.as_ref());
        manifest::subject(plan.verb, &self.deployment_resource(&plan.target), &changes)
    }
}

impl Plan {
    /// Returns the fields of others that this takes out.
    pub(super) fn removed(&self) -> &[String] {
        match &self.send {
            Send::Replace { removed, .. } => removed,
            Send::Apply(_) | Send::Template(_) | Send::Delete => &[],
        }
    }

    fn undo(&self) -> Option<UndoAction> {
        let live = self.live.as_ref().filter(|_| self.verb != Verb::Delete)?;
        let revision = live.pointer("/metadata/annotations/deployment.kubernetes.io~1revision")?;
        Some(UndoAction::Rollback { revision: revision.as_str()?.parse().ok()? })
    }
}

/// Returns an object's version.
pub(super) fn version(object: &Value) -> Option<&str> {
    object.pointer("/metadata/resourceVersion")?.as_str()
}

fn only_own(status: &Status) -> bool {
    let conflicts = refusal::conflicts(status);
    !conflicts.is_empty() && conflicts.iter().all(|conflict| conflict.manager == MANAGER)
}

fn check_reason(reason: &str) -> Result<String, Error> {
    let reason = reason.trim();
    if reason.chars().count() > LONGEST_REASON {
        return Err(Error::invalid_field("reason", "A reason has at most 500 characters."));
    }
    Ok(reason.chars().filter(|c| *c == '\n' || !c.is_control()).collect())
}

/// The wanted manifest in the live object's place: what the server owns comes from there.
fn replacement(live: &Value, wanted: &Value) -> Value {
    let mut object = live.clone();
    form::set(&mut object, &[], "spec", wanted.get("spec").cloned());
    for field in ["labels", "annotations"] {
        form::set(&mut object, &["metadata"], field, wanted.pointer(&format!("/metadata/{field}")).cloned());
    }
    if let Some(revision) = live.pointer("/metadata/annotations/deployment.kubernetes.io~1revision") {
        let name = "deployment.kubernetes.io/revision";
        form::set(&mut object, &["metadata", "annotations"], name, Some(revision.clone()));
    }
    form::set(&mut object, &["metadata"], "managedFields", None);
    object
}

/// Reads one document and says where it is wrong.
fn parse(text: &str) -> Result<Value, Error> {
    let documents = manifest::parse(text).map_err(|error| {
        let message = format!("Line {}, column {}: {}", error.line, error.column, error.message);
        Error::invalid_field("yaml", message)
    })?;
    let mut documents = documents.into_iter();
    match (documents.next(), documents.next()) {
        (Some(document), None) => Ok(document.tree),
        (None, _) => Err(Error::invalid_field("yaml", "There is no document: paste the manifest of a Deployment.")),
        (Some(_), Some(second)) => {
            let message = format!("Line {}: a second document begins; one at a time.", second.line);
            Err(Error::invalid_field("yaml", message))
        }
    }
}

fn identity(tree: &Value) -> Result<DeploymentRef, Error> {
    let text = |pointer: &str| tree.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let wrong = |message: String| Error::invalid_field("yaml", message);
    if (text("/apiVersion"), text("/kind")) != ("apps/v1", "Deployment") {
        let message = format!(
            "This is {} {:?}; here belongs apiVersion: apps/v1, kind: Deployment.",
            text("/apiVersion"),
            text("/kind")
        );
        return Err(wrong(message));
    }
    let namespace = text("/metadata/namespace");
    let namespace = namespace.parse().map_err(|error| wrong(format!("metadata.namespace: {error}")))?;
    let name = model::ResourceName::subdomain(text("/metadata/name"));
    let name = name.map_err(|error| wrong(format!("metadata.name: {error}")))?;
    if tree.get("spec").is_some_and(|spec| !spec.is_object()) {
        return Err(wrong("spec: it holds fields, such as replicas and template.".into()));
    }
    Ok(DeploymentRef::new(namespace, name))
}
