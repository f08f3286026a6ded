//! Users and the one-time links that set their passwords.

use model::Timestamp;
use model::Username;
use model::user::{Role, Scope, UserSummary};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Store;
use crate::Error;

/// A user with the hash of the password.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UserRow {
    pub(crate) key: String,
    pub(crate) username: Username,
    pub(crate) email: Option<String>,
    pub(crate) role: Role,
    pub(crate) scope: Scope,
    pub(crate) disabled: bool,
    /// `None` until the one-time link was used.
    pub(crate) password_hash: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_sign_in: Option<Timestamp>,
    /// Who signed in before this, in milliseconds since 1970, has to sign in again.
    #[serde(default)]
    pub(crate) access_ended_at: Option<i64>,
}

/// A one-time link, by the hash of its secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LinkRow {
    pub(crate) hash: String,
    /// `None` for the link that makes the first account.
    pub(crate) user: Option<String>,
    pub(crate) expires_at: Timestamp,
}

impl Store {
    pub(crate) async fn users(&self) -> Result<Vec<UserRow>, Error> {
        self.read("SELECT * OMIT id FROM user ORDER BY username;", json!({})).await?.rows(0)
    }

    pub(crate) async fn has_users(&self) -> Result<bool, Error> {
        let first: Option<serde_json::Value> = self.read("SELECT key FROM user LIMIT 1;", json!({})).await?.row(0)?;
        Ok(first.is_some())
    }

    pub(crate) async fn user(&self, key: &str) -> Result<Option<UserRow>, Error> {
        let statements = "SELECT * OMIT id FROM type::record('user', $key);";
        self.read(statements, json!({ "key": key })).await?.row(0)
    }

    pub(crate) async fn user_by_name(&self, username: &str) -> Result<Option<UserRow>, Error> {
        let statements = "SELECT * OMIT id FROM user WHERE username = $username;";
        self.read(statements, json!({ "username": username })).await?.row(0)
    }

    /// Writes a user in the place of the one with its key.
    pub(crate) async fn put_user(&self, row: &UserRow) -> Result<(), Error> {
        let statements = "UPSERT type::record('user', $row.key) CONTENT $row";
        self.transact(statements, json!({ "row": row })).await
    }

    /// Notes that a user signed in with the password of this hash, if that still holds.
    pub(crate) async fn note_sign_in(&self, key: &str, hash: &str, now: Timestamp) -> Result<Option<UserRow>, Error> {
        let statements = "
            UPDATE type::record('user', $key) SET last_sign_in = $now
                WHERE disabled = false AND password_hash = $hash;
            SELECT * OMIT id FROM type::record('user', $key) WHERE disabled = false AND password_hash = $hash;";
        self.run(statements, json!({ "key": key, "hash": hash, "now": now })).await?.row(1)
    }

    /// Deletes a user and everything that lets them in.
    pub(crate) async fn delete_user(&self, key: &str) -> Result<(), Error> {
        let statements = "
            DELETE type::record('user', $key);
            UPDATE session SET ended = true, user_id = NULL, data = '' WHERE user_id = $key;
            DELETE token WHERE user_id = $key;
            DELETE link WHERE user = $key; DELETE draft WHERE user_id = $key";
        self.transact(statements, json!({ "key": key })).await
    }

    /// Writes a user and ends all their sessions but one, all tokens, and all links but the one of somebody who has not
    /// set a password yet.
    pub(crate) async fn put_user_and_end_access(&self, row: &UserRow, kept_session: Option<&str>) -> Result<(), Error> {
        let statements = "
            UPSERT type::record('user', $row.key) CONTENT $row;
            UPDATE session SET ended = true, user_id = NULL, data = ''
                WHERE user_id = $row.key AND hash != $kept;
            DELETE token WHERE user_id = $row.key;
            IF $row.disabled OR $row.password_hash != NULL { DELETE link WHERE user = $row.key }";
        self.transact(statements, json!({ "row": row, "kept": kept_session.unwrap_or_default() })).await
    }

    /// Writes a link; older ones for the same user end.
    pub(crate) async fn put_link(&self, row: &LinkRow) -> Result<(), Error> {
        let statements = "
            IF $row.user = NULL { DELETE link WHERE user = NULL } ELSE { DELETE link WHERE user = $row.user };
            UPSERT type::record('link', $row.hash) CONTENT $row";
        self.transact(statements, json!({ "row": row })).await
    }

    /// Reads a link without using it.
    pub(crate) async fn link(&self, hash: &str) -> Result<Option<LinkRow>, Error> {
        let statements = "SELECT * OMIT id FROM type::record('link', $hash);";
        self.read(statements, json!({ "hash": hash })).await?.row(0)
    }

    /// Uses a link up; of several at once only one gets it.
    pub(crate) async fn take_link(&self, hash: &str) -> Result<Option<LinkRow>, Error> {
        let statements = "DELETE type::record('link', $hash) RETURN BEFORE;";
        let row: Option<serde_json::Value> = self.run(statements, json!({ "hash": hash })).await?.row(0)?;
        let Some(row) = row.filter(|row| !row.is_null()) else { return Ok(None) };
        serde_json::from_value(row).map(Some).map_err(|error| Error::internal("reading the database", error))
    }
}

impl UserRow {
    /// Returns what others may know.
    pub(crate) fn summary(&self) -> UserSummary {
        UserSummary {
            id: self.key.clone(),
            username: self.username.clone(),
            email: self.email.clone(),
            role: self.role,
            scope: self.scope.clone(),
            disabled: self.disabled,
            created_at: self.created_at,
            last_sign_in: self.last_sign_in,
        }
    }
}
