//! From a change to what is to be sent: checked, worded, and against the live object of this moment.

use k8s_openapi::api::apps::v1::ReplicaSet;
use kube::api::{Api, ListParams};
use model::FieldError;
use model::deployment::{DeploymentChange, DeploymentRef, FieldConflict, Undo, UndoAction};
use model::history::Verb;
use serde_json::Value;

use super::form::Filled;
use super::owned::{Said, declared_by_others, say};
use super::transplant::transplant;
use super::{edit, form, refusal, what, yaml};
use crate::rights::{Action, check, check_in};
use crate::{Caller, Engine, Error};

/// A change that has been checked.
pub(super) struct Plan {
    pub(super) target: DeploymentRef,
    pub(super) verb: Verb,
    /// The whole live object; `None` for a new one.
    pub(super) live: Option<Value>,
    /// The manifest that is wanted; `None` for a delete.
    pub(super) wanted: Option<Value>,
    pub(super) send: Sending,
}

/// What is sent.
pub(super) enum Sending {
    Apply(Value),
    /// The whole object at the version it was read, for what an apply cannot say.
    Replace {
        object: Value,
        /// Fields of others that it changes or takes out; an apply would be told of them by the server.
        foreign: Vec<FieldConflict>,
    },
    /// A new pod template, at the generation that was read.
    Template {
        template: Value,
        /// Fields of it that others declare.
        foreign: Vec<FieldConflict>,
    },
    Delete,
}

impl Engine {
    /// Checks a change and finds what is to be sent.
    pub(super) async fn plan(&self, caller: &Caller, change: &DeploymentChange) -> Result<Plan, Error> {
        // The right is checked before anything is parsed or read, as for what is not there.
        check_right(caller, change)?;
        match change {
            DeploymentChange::Create(form) => {
                let (target, wanted) = form::build(form)?;
                self.plan_new(caller, target, wanted, "namespace").await
            }
            DeploymentChange::CreateYaml(text) => {
                let (target, wanted) = yaml::parse(text)?;
                self.plan_new(caller, target, wanted, "yaml").await
            }
            DeploymentChange::EditForm(target, form) => {
                self.plan_edit(target, |base| form::apply(base, form, Filled::Whole)).await
            }
            DeploymentChange::Edit(target, changes) => self.plan_edit(target, |base| edit::apply(base, changes)).await,
            DeploymentChange::EditYaml(target, text) => {
                let (named, wanted) = yaml::parse(text)?;
                if named != *target {
                    let message = format!("This is the manifest of {named}: the name and namespace of {target} stay.");
                    return Err(Error::invalid_field("yaml", message));
                }
                self.plan_edit(target, |_| Ok(wanted)).await
            }
            DeploymentChange::Undo(target, undo) => self.plan_undo(target, *undo).await,
            DeploymentChange::Delete(target) => Ok(Plan {
                target: target.clone(),
                verb: Verb::Delete,
                live: Some(self.live_deployment(target).await?),
                wanted: None,
                send: Sending::Delete,
            }),
        }
    }

    async fn plan_new(
        &self,
        caller: &Caller,
        target: DeploymentRef,
        wanted: Value,
        field: &'static str,
    ) -> Result<Plan, Error> {
        if !caller.sees(Some(&target.namespace)) {
            return Err(Error::invalid_field(field, refusal::no_namespace(&target)));
        }
        let there = self.deployment_api(&target).get_opt(target.name.as_str()).await;
        if there.map_err(|error| refusal::write_error(error, &target))?.is_some() {
            return Err(Error::Conflict {
                message: format!("There is a deployment {target} already."),
                hint: "Choose another name, or edit the one that is there.".into(),
                fields: vec![FieldError { field: "name".into(), message: "This name is taken.".into() }],
            });
        }
        Ok(Plan { target, verb: Verb::Create, live: None, wanted: Some(wanted.clone()), send: Sending::Apply(wanted) })
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
            Said::Apply(body) => Sending::Apply(body),
            Said::Replace(foreign) => Sending::Replace { object: transplant(&live, &base, &wanted), foreign },
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
            let mut owners = set.metadata.owner_references.iter().flatten();
            owners.any(|owner| owner.uid == uid && owner.controller == Some(true))
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
        let base = manifest::sanitize(&live).into_tree();
        let wanted = manifest::sanitize(&object).into_tree();
        let foreign = declared_by_others(&live, &base, &wanted);
        Ok(Plan {
            target: target.clone(),
            verb: Verb::Undo,
            live: Some(live),
            wanted: Some(wanted),
            send: Sending::Template { template, foreign },
        })
    }

    /// Words a change before it is done, as its commit will be.
    pub(super) fn dry_summary(&self, plan: &Plan) -> String {
        let resource = self.deployment_resource(&plan.target);
        let old = plan.live.as_ref().map(|live| self.covered(&resource, manifest::sanitize(live).into_tree()));
        let new = plan.wanted.as_ref().map(|wanted| self.covered(&resource, wanted.clone()));
        let changes = manifest::compare(old.as_ref(), new.as_ref());
        manifest::subject(plan.verb, &resource, &changes)
    }
}

impl Plan {
    /// Returns the fields of others that a replacement takes.
    pub(super) fn foreign(&self) -> &[FieldConflict] {
        match &self.send {
            Sending::Replace { foreign, .. } | Sending::Template { foreign, .. } => foreign,
            Sending::Apply(_) | Sending::Delete => &[],
        }
    }

    /// Puts another version of the same live object in the place of the one that was read.
    pub(super) fn rebase(&mut self, live: Value) {
        if let (Sending::Replace { object, .. }, Some(version)) = (&mut self.send, version(&live)) {
            form::set(object, &["metadata"], "resourceVersion", Some(version.into()));
        }
        self.live = Some(live);
    }

    /// Going back to a revision takes back a change of the pod template, and of nothing else.
    pub(super) fn undo(&self) -> Option<UndoAction> {
        let live = self.live.as_ref().filter(|_| self.verb != Verb::Delete)?;
        let before = manifest::sanitize(live).into_tree();
        let changes = manifest::compare(Some(&before), self.wanted.as_ref());
        if changes.is_empty() || !changes.iter().all(|change| change.path.starts_with("spec.template.")) {
            return None;
        }
        let revision = live.pointer("/metadata/annotations/deployment.kubernetes.io~1revision")?;
        Some(UndoAction::Rollback { revision: revision.as_str()?.parse().ok()? })
    }
}

/// Returns an object's version.
pub(super) fn version(object: &Value) -> Option<&str> {
    object.pointer("/metadata/resourceVersion")?.as_str()
}

/// Checks the right to a change, which whoever looks at it needs, too.
pub(super) fn check_right(caller: &Caller, change: &DeploymentChange) -> Result<(), Error> {
    match target_of(change) {
        Some(target) => check_in(caller, Action::WriteDeployments, Some(&target.namespace), &what(target)),
        None => check(caller, Action::WriteDeployments),
    }
}

fn target_of(change: &DeploymentChange) -> Option<&DeploymentRef> {
    match change {
        DeploymentChange::Create(_) | DeploymentChange::CreateYaml(_) => None,
        DeploymentChange::EditForm(target, _)
        | DeploymentChange::Edit(target, _)
        | DeploymentChange::EditYaml(target, _)
        | DeploymentChange::Undo(target, _)
        | DeploymentChange::Delete(target) => Some(target),
    }
}
