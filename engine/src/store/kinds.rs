//! What people have decided about kinds.

use serde::Deserialize;
use serde_json::json;

use super::Store;
use crate::Error;

/// One decision.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct KindRuleRow {
    /// As `Kind::qualified` writes it.
    pub(crate) kind: String,
    pub(crate) recorded: bool,
}

impl Store {
    pub(crate) async fn kind_rules(&self) -> Result<Vec<KindRuleRow>, Error> {
        self.run("SELECT kind, recorded FROM kind_rule;", json!({})).await?.rows(0)
    }

    pub(crate) async fn put_kind_rule(&self, kind: &str, recorded: bool) -> Result<(), Error> {
        let statements = "UPSERT type::record('kind_rule', $kind) CONTENT { kind: $kind, recorded: $recorded }";
        self.transact(statements, json!({ "kind": kind, "recorded": recorded })).await
    }
}
