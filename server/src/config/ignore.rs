//! A table `[[ignore]]` of the settings file: what is left out of records.

use model::ignore::{IgnoreRule, LeavesOut};
use serde::Deserialize;

/// One rule; exactly one of `fields`, `manager` and `resource` says what it leaves out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct IgnoreTable {
    kind: String,
    namespace: String,
    name: String,
    selector: String,
    fields: Vec<String>,
    manager: Option<String>,
    resource: bool,
}

impl IgnoreTable {
    /// Makes a rule of it, or says what is missing.
    pub(super) fn rule(&self) -> Result<IgnoreRule, &'static str> {
        let leaves_out = match (self.fields.as_slice(), &self.manager, self.resource) {
            ([], Some(manager), false) => LeavesOut::Manager(manager.clone()),
            ([], None, true) => LeavesOut::Resource,
            ([_, ..], None, false) => LeavesOut::Fields(self.fields.clone()),
            _ => return Err("is one of fields = [\"spec.replicas\"], manager = \"keda-operator\" and resource = true"),
        };
        Ok(IgnoreRule {
            kind: self.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            selector: self.selector.clone(),
            leaves_out,
        })
    }
}
