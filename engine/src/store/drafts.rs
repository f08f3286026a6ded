//! Drafts of users.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Store;
use crate::Error;

/// What a user typed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DraftRow {
    pub(crate) key: String,
    pub(crate) user_id: String,
    /// What was typed, encrypted: there may be passwords in it.
    pub(crate) change: String,
    pub(crate) resource_version: Option<String>,
    /// Milliseconds since 1970.
    pub(crate) saved_at: i64,
}

impl Store {
    pub(crate) async fn draft(&self, key: &str) -> Result<Option<DraftRow>, Error> {
        self.read("SELECT * OMIT id FROM type::record('draft', $key);", json!({ "key": key })).await?.row(0)
    }

    /// Writes a draft; beyond the given number the user's oldest ones go.
    pub(crate) async fn put_draft(&self, row: &DraftRow, most: usize) -> Result<(), Error> {
        let statements = "
            UPSERT type::record('draft', $row.key) CONTENT $row;
            LET $kept = SELECT id, saved_at FROM draft WHERE user_id = $row.user_id ORDER BY saved_at DESC;
            FOR $old IN array::slice($kept, $most) { DELETE $old.id }";
        self.transact(statements, json!({ "row": row, "most": most })).await
    }

    pub(crate) async fn delete_draft(&self, user: &str, key: &str) -> Result<(), Error> {
        let statements = "DELETE type::record('draft', $key) WHERE user_id = $user";
        self.transact(statements, json!({ "key": key, "user": user })).await
    }

    /// Deletes what was saved before a time, in milliseconds since 1970.
    pub(crate) async fn purge_drafts(&self, before: i64) -> Result<(), Error> {
        self.transact("DELETE draft WHERE saved_at < $before", json!({ "before": before })).await
    }
}
