//! What people have decided about kinds, about what is taken for a credential, and about what is left out of records.

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

/// A rule for credentials and whether it is on.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct MaskRuleRow {
    pub(crate) rule: String,
    pub(crate) on: bool,
}

/// A rule of people's for what is left out, or the switch of one of Denshimon's own.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct IgnoreRuleRow {
    pub(crate) key: String,
    /// As JSON; empty for a switch.
    pub(crate) rule: String,
    pub(crate) on: bool,
}

impl Store {
    pub(crate) async fn ignore_rules(&self) -> Result<Vec<IgnoreRuleRow>, Error> {
        self.read("SELECT key, rule, on FROM ignore_rule ORDER BY key;", json!({})).await?.rows(0)
    }

    pub(crate) async fn put_ignore_rule(&self, key: &str, rule: &str, on: bool) -> Result<(), Error> {
        let statements = "UPSERT type::record('ignore_rule', $key) CONTENT { key: $key, rule: $rule, on: $on }";
        self.transact(statements, json!({ "key": key, "rule": rule, "on": on })).await
    }

    pub(crate) async fn delete_ignore_rule(&self, key: &str) -> Result<(), Error> {
        self.transact("DELETE type::record('ignore_rule', $key)", json!({ "key": key })).await
    }

    pub(crate) async fn mask_rules(&self) -> Result<Vec<MaskRuleRow>, Error> {
        self.read("SELECT rule, on FROM mask_rule;", json!({})).await?.rows(0)
    }

    pub(crate) async fn put_mask_rule(&self, rule: &str, on: bool) -> Result<(), Error> {
        let statements = "UPSERT type::record('mask_rule', $rule) CONTENT { rule: $rule, on: $on }";
        self.transact(statements, json!({ "rule": rule, "on": on })).await
    }

    pub(crate) async fn kind_rules(&self) -> Result<Vec<KindRuleRow>, Error> {
        self.read("SELECT kind, recorded FROM kind_rule;", json!({})).await?.rows(0)
    }

    pub(crate) async fn put_kind_rule(&self, kind: &str, recorded: bool) -> Result<(), Error> {
        let statements = "UPSERT type::record('kind_rule', $kind) CONTENT { kind: $kind, recorded: $recorded }";
        self.transact(statements, json!({ "kind": kind, "recorded": recorded })).await
    }
}
