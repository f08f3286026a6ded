//! What people want left out of records: fields by path or by manager, or resources altogether.
//!
//! A field that is left out is not in the record at all, so a change of it is no change, and applying the record
//! leaves the field to whoever keeps it in the cluster. What names a resource is never left out.

mod glob;
mod managers;
mod path;
mod selector;

use model::ignore::{IgnoreRule, LeavesOut};
use model::{Kind, ResourceRef};
use serde_json::Value;

use crate::ignore::glob::Glob;
use crate::ignore::path::FieldPath;
use crate::ignore::selector::Selector;
use crate::tree::{Manifest, text};

/// A rule that can be applied.
#[derive(Clone, Debug)]
pub struct Ignoring {
    kind: Glob,
    /// Any when `None`.
    group: Option<Glob>,
    namespace: Glob,
    name: Glob,
    selector: Selector,
    part: Part,
}

#[derive(Clone, Debug)]
enum Part {
    Fields(Vec<FieldPath>),
    Manager(Glob),
    Resource,
}

/// What is wrong with a rule, and how it is put right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct IgnoreError {
    /// The rule's field.
    pub field: &'static str,
    pub message: String,
}

impl Ignoring {
    /// Reads a rule.
    ///
    /// # Errors
    /// Names the field that is wrong, and what it should be.
    pub fn parse(rule: &IgnoreRule) -> Result<Self, IgnoreError> {
        let glob = |field, text: &str| Glob::parse(text).map_err(|message| IgnoreError { field, message });
        let kind = rule.kind.trim();
        let (kind, group) = match kind.split_once('.') {
            Some((kind, group)) => (kind, Some(glob("kind", group)?)),
            None => (kind, None),
        };
        let part = match &rule.leaves_out {
            LeavesOut::Fields(paths) => {
                let paths = paths.iter().map(|path| path.trim()).filter(|path| !path.is_empty());
                let wrong = |message| IgnoreError { field: "fields", message };
                let paths = paths.map(|path| FieldPath::parse(path).map_err(wrong)).collect::<Result<Vec<_>, _>>()?;
                if paths.is_empty() {
                    return Err(wrong("Name at least one field, such as spec.replicas.".into()));
                }
                Part::Fields(paths)
            }
            LeavesOut::Manager(manager) if manager.trim().is_empty() => {
                let message = "Name a field manager, such as keda-operator; * stands for any part of it.".into();
                return Err(IgnoreError { field: "manager", message });
            }
            LeavesOut::Manager(manager) => Part::Manager(glob("manager", manager)?),
            LeavesOut::Resource => Part::Resource,
        };
        let parsed = Self {
            kind: glob("kind", kind)?,
            group,
            namespace: glob("namespace", &rule.namespace)?,
            name: glob("name", &rule.name)?,
            selector: Selector::parse(&rule.selector).map_err(|message| IgnoreError { field: "selector", message })?,
            part,
        };
        if matches!(parsed.part, Part::Resource) && parsed.is_for_all() {
            let message = "This would leave out everything: narrow it by kind, namespace, name or labels.".into();
            return Err(IgnoreError { field: "kind", message });
        }
        Ok(parsed)
    }

    /// Tells whether the rule applies to a live object or a record.
    pub fn fits(&self, object: &Value) -> bool {
        let api_version = text(object, &["apiVersion"]);
        let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
        self.kind.fits(text(object, &["kind"]))
            && self.group.as_ref().is_none_or(|wanted| wanted.fits(group))
            && self.namespace.fits(text(object, &["metadata", "namespace"]))
            && self.name.fits(text(object, &["metadata", "name"]))
            && self.selector.fits(object.pointer("/metadata/labels"))
    }

    /// Tells by its name whether the rule may apply to a resource, whatever its labels are: a record's path has custom
    /// kinds in lower case, so that what it holds has the last word.
    pub fn may_fit(&self, resource: &ResourceRef) -> bool {
        let namespace = resource.namespace.as_ref().map_or("", |namespace| namespace.as_str());
        self.may_fit_kind(&resource.kind) && self.namespace.fits(namespace) && self.name.fits(resource.name.as_str())
    }

    /// Tells the same of all resources of a kind.
    pub fn may_fit_kind(&self, kind: &Kind) -> bool {
        self.kind.may_fit(&kind.kind) && self.group.as_ref().is_none_or(|wanted| wanted.fits(&kind.group))
    }

    /// Tells whether it may apply to something in a namespace.
    pub fn is_for(&self, namespace: &str) -> bool {
        self.namespace.fits(namespace)
    }

    /// Tells whether it leaves resources out altogether.
    pub fn is_whole(&self) -> bool {
        matches!(self.part, Part::Resource)
    }

    /// Tells whether it goes by what only a live object says.
    pub fn needs_managers(&self) -> bool {
        matches!(self.part, Part::Manager(_))
    }

    /// Tells whether it applies to an object in which such a manager has a hand.
    pub fn concerns_managed(&self, object: &Value) -> bool {
        let Part::Manager(manager) = &self.part else { return false };
        let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten();
        self.fits(object) && entries.into_iter().any(|entry| manager.fits(text(entry, &["manager"])))
    }

    /// Takes fields out of a manifest that was made of an object, and returns their paths; of a resource that is left
    /// out altogether nothing is taken.
    pub fn trim(&self, object: &Value, manifest: &mut Manifest) -> Vec<String> {
        if !self.fits(object) {
            return Vec::new();
        }
        match &self.part {
            Part::Fields(paths) => {
                let taken = paths.iter().filter(|path| path.remove(manifest.tree_mut()));
                taken.map(ToString::to_string).collect()
            }
            Part::Manager(manager) => managers::remove(object, manager, manifest.tree_mut()),
            Part::Resource => Vec::new(),
        }
    }

    fn is_for_all(&self) -> bool {
        self.kind.is_any()
            && self.group.as_ref().is_none_or(Glob::is_any)
            && self.namespace.is_any()
            && self.name.is_any()
            && self.selector.is_any()
    }
}

/// Takes the replicas out of what an autoscaler scales; tells whether there were any.
pub fn forget_replicas(manifest: &mut Manifest) -> bool {
    let spec = manifest.tree_mut().get_mut("spec").and_then(Value::as_object_mut);
    spec.is_some_and(|spec| spec.remove("replicas").is_some())
}

#[cfg(test)]
mod tests;
