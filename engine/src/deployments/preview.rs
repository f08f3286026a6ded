//! What a change would do, from the server's own dry run, and whether others have changed the same meanwhile.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use model::ResourceRef;
use model::deployment::{DeploymentChange, Preview, WriteOptions};
use model::diff::Diff;
use serde_json::{Value, json};

use super::lines::with_lines;
use super::message::message;
use super::plan::version;
use super::refusal;
use super::write::{Others, Purpose};
use crate::{Caller, Engine, Error};

/// Versions that are remembered, of all Deployments together.
const REMEMBERED: usize = 200;

/// What people have begun to edit, so that a later version can be compared with it. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Bases(Arc<Mutex<VecDeque<Base>>>);

struct Base {
    resource_version: String,
    essence: Value,
}

impl Engine {
    /// Asks the API server what a change would do; it needs the same right as the change.
    ///
    /// `resource_version` is the version that the change was made against.
    ///
    /// # Errors
    /// As [`Engine::apply_deployment`], but for conflicts, which the preview holds.
    pub async fn preview_deployment(
        &self,
        caller: &Caller,
        change: &DeploymentChange,
        resource_version: Option<&str>,
    ) -> Result<Preview, Error> {
        let plan = Box::pin(self.plan(caller, change)).await?;
        let mut conflicts = plan.foreign().to_vec();
        if let Some(live) = &plan.live {
            // Its version is what the write will name.
            self.remember_base(live);
        }
        let (answer, warnings) =
            self.parts.cluster.with_warnings(self.send(&plan, Purpose::DryRun, Others::Keep)).await;
        let refused = |error| with_lines(refusal::write_error(error, &plan.target), change);
        let (stored, warnings) = match answer {
            Ok(stored) => (stored, warnings),
            Err(kube::Error::Api(status)) if !refusal::conflicts(&status).is_empty() => {
                conflicts.extend(refusal::conflicts(&status));
                let (answer, warnings) =
                    self.parts.cluster.with_warnings(self.send(&plan, Purpose::DryRun, Others::TakeOver)).await;
                (answer.map_err(refused)?, warnings)
            }
            Err(error) => return Err(refused(error)),
        };
        let old = plan.live.as_ref().map(|live| manifest::sanitize(live).into_tree());
        let new = plan.wanted.is_some().then(|| manifest::sanitize(&stored).into_tree());
        let is_edit = old.is_some() && new.is_some();
        let resource = self.deployment_resource(&plan.target);
        let diff = self.covered_diff(&resource, old, new);
        let commit_subject = self.dry_summary(&plan);
        // What is new or goes is not retold field by field.
        let lines = if is_edit { diff.summary.as_slice() } else { &[] };
        Ok(Preview {
            commit_message: message(&commit_subject, lines, &caller.actor(), &resource),
            commit_subject,
            diff,
            warnings,
            conflicts,
            resource_version: plan.live.as_ref().and_then(version).map(ToOwned::to_owned),
            changed_meanwhile: plan
                .live
                .as_ref()
                .zip(resource_version)
                .and_then(|(live, base)| self.meanwhile(live, base)),
            target: plan.target,
        })
    }

    /// Compares without showing what looks like a credential.
    fn covered_diff(&self, resource: &ResourceRef, old: Option<Value>, new: Option<Value>) -> Diff {
        let (old, new) = (old.map(|tree| self.covered(resource, tree)), new.map(|tree| self.covered(resource, tree)));
        let text = |tree: &Option<Value>| tree.as_ref().map(manifest::render_tree).unwrap_or_default();
        let changes = manifest::compare(old.as_ref(), new.as_ref());
        Diff { summary: manifest::summarize(&changes), hunks: manifest::diff(&text(&old), &text(&new)) }
    }

    /// Checks that nothing but the status has changed since the version that a write names, if it names one.
    pub(super) fn check_fresh(&self, live: &Value, options: &WriteOptions) -> Result<(), Error> {
        match options.resource_version.as_deref().and_then(|base| self.meanwhile(live, base)) {
            None => Ok(()),
            Some(_) => Err(refusal::stale()),
        }
    }

    /// Remembers a version that somebody begins to edit.
    pub(super) fn remember_base(&self, live: &Value) {
        if let Some(version) = version(live) {
            self.parts.bases.remember(version, essence(live));
        }
    }

    /// Returns what has changed since a version; `None` when nothing but the status has.
    fn meanwhile(&self, live: &Value, base: &str) -> Option<Diff> {
        if version(live) == Some(base) {
            return None;
        }
        let now = essence(live);
        let Some(then) = self.parts.bases.find(base) else {
            let words = "It has changed since you began; what it was then is not known any more.".to_owned();
            return Some(Diff { summary: vec![words], hunks: Vec::new() });
        };
        if now == then {
            return None;
        }
        let resource = manifest::identity(live, &self.parts.config.cluster.name).ok()?;
        Some(self.covered_diff(&resource, Some(then), Some(now)))
    }
}

/// What a person edits: the status and its noise are left out.
pub(super) fn essence(live: &Value) -> Value {
    let mut annotations = live.pointer("/metadata/annotations").cloned().unwrap_or_default();
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.remove("deployment.kubernetes.io/revision");
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    let labels = live.pointer("/metadata/labels").cloned().unwrap_or_default();
    let mut spec = live.get("spec").cloned().unwrap_or_default();
    drop_nulls(&mut spec);
    json!({ "metadata": { "labels": labels, "annotations": annotations }, "spec": spec })
}

/// Some servers write `creationTimestamp: null` into templates; the inventory does not keep it.
fn drop_nulls(tree: &mut Value) {
    match tree {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

impl Bases {
    fn remember(&self, resource_version: &str, essence: Value) {
        let mut bases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if bases.iter().any(|base| base.resource_version == resource_version) {
            return;
        }
        if bases.len() == REMEMBERED {
            bases.pop_front();
        }
        bases.push_back(Base { resource_version: resource_version.to_owned(), essence });
    }

    fn find(&self, resource_version: &str) -> Option<Value> {
        let bases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bases.iter().find(|base| base.resource_version == resource_version).map(|base| base.essence.clone())
    }
}
