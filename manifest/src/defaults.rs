//! What the API server fills in where nobody says anything, so that a record need not say it.
//!
//! The table is made by asking a running API server, never by hand: `engine/tests/it/defaults.rs` takes each field out
//! of real objects, dry-runs the rest, and notes what comes back. Kubernetes keeps the defaults of an API version, so
//! the table holds for all its servers; see
//! <https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api_changes.md>.

mod schema;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

pub use schema::SchemaDefaults;

/// The table as it is kept: `Deployment.apps/v1` and its rows.
type Table = BTreeMap<String, Vec<Row>>;

/// One field that comes back.
#[derive(Debug, Deserialize)]
struct Row {
    /// Where it stands, as `spec.template.spec.containers.*.ports.*.protocol`; `*` is any item of a list.
    at: String,
    value: Value,
    /// Only beside a field `type` with this value.
    #[serde(default)]
    when: Option<String>,
}

/// The defaults of one kind, as a tree of field names.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Defaults {
    fields: BTreeMap<String, Defaults>,
    /// What comes back here, and beside which `type`.
    values: Vec<(Value, Option<String>)>,
    /// An empty map is filled with the same as one that is left out: so in Kubernetes' own kinds, not in a schema.
    fills_empty: bool,
}

static TABLE: LazyLock<BTreeMap<String, Defaults>> = LazyLock::new(|| {
    // A test reads it, so that it is never empty.
    let table: Table = serde_json::from_str(include_str!("defaults.json")).unwrap_or_default();
    table.into_iter().map(|(kind, rows)| (kind, rows.into_iter().collect())).collect()
});

impl Defaults {
    /// Returns the defaults of a built-in kind in a version.
    pub(crate) fn of(api_version: &str, kind: &str) -> Option<&'static Self> {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let name = if group.is_empty() { format!("{kind}/{version}") } else { format!("{kind}.{group}/{version}") };
        TABLE.get(&name)
    }

    /// Returns what is known of a field; `*` for the items of a list.
    pub(crate) fn field(&self, name: &str) -> Option<&Self> {
        self.fields.get(name)
    }

    /// Tells whether a value comes back when it is taken out from beside these fields.
    pub(crate) fn restores(&self, value: &Value, beside: &str) -> bool {
        self.values.iter().any(|(default, when)| default == value && when.as_deref().is_none_or(|when| when == beside))
    }

    /// Tells whether an empty map becomes this value, as far as that can be told from here.
    pub(crate) fn fills(&self, value: &Value) -> bool {
        self.fills_empty && self.restores(value, "")
    }
}

impl FromIterator<Row> for Defaults {
    fn from_iter<T: IntoIterator<Item = Row>>(rows: T) -> Self {
        let mut defaults = Self::default();
        for row in rows {
            let place =
                row.at.split('.').fold(&mut defaults, |node, name| node.fields.entry(name.to_owned()).or_default());
            place.fills_empty |= row.value.is_object();
            place.values.push((row.value, row.when));
        }
        defaults
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_can_be_read_and_knows_deployments() {
        let table: Table = serde_json::from_str(include_str!("defaults.json")).unwrap();
        assert!(table.len() > 15, "{:?}", table.keys());
        let spec = Defaults::of("apps/v1", "Deployment").unwrap().field("spec").unwrap();
        assert!(spec.field("revisionHistoryLimit").unwrap().restores(&json!(10), ""));
        assert!(spec.field("replicas").is_none(), "what people scale is always written");
    }

    #[test]
    fn a_value_comes_back_only_beside_its_type() {
        let row = |at: &str, value, when: Option<&str>| Row { at: at.into(), value, when: when.map(str::to_owned) };
        let defaults: Defaults =
            [row("spec.a.*.b", json!(1), None), row("spec.c", json!({}), Some("X"))].into_iter().collect();
        let spec = defaults.field("spec").unwrap();
        let b = spec.field("a").unwrap().field("*").unwrap().field("b").unwrap();
        assert!(b.restores(&json!(1), "anything") && !b.restores(&json!(2), ""));
        let c = spec.field("c").unwrap();
        assert!(c.restores(&json!({}), "X") && !c.restores(&json!({}), "Y"));
    }
}
