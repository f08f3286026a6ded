//! Sessions and API tokens, each by the hash of its secret, and the audit.

use model::user::{AuditEntry, Role, Scope};
use model::{Page, PageRequest, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Store, UserRow};
use crate::Error;

/// A browser's session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SessionRow {
    pub(crate) hash: String,
    /// `None` before somebody signs in.
    pub(crate) user_id: Option<String>,
    /// What the server keeps in it, as JSON text.
    pub(crate) data: String,
    pub(crate) user_agent: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen: Timestamp,
    /// Milliseconds since 1970.
    pub(crate) expires_at: i64,
    /// Kept until it expires, so that a request still under way cannot bring it back by saving it.
    #[serde(default)]
    pub(crate) ended: bool,
}

/// An API token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TokenRow {
    pub(crate) key: String,
    pub(crate) hash: String,
    pub(crate) user_id: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) scope: Scope,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) last_used: Option<Timestamp>,
}

impl Store {
    pub(crate) async fn session(&self, hash: &str) -> Result<Option<SessionRow>, Error> {
        let statements = "SELECT * OMIT id FROM type::record('session', $hash);";
        let row: Option<SessionRow> = self.read(statements, json!({ "hash": hash })).await?.row(0)?;
        Ok(row.filter(|row| !row.ended))
    }

    /// Reads a session and its user in one go.
    pub(crate) async fn session_and_user(
        &self,
        hash: &str,
        user: &str,
    ) -> Result<Option<(SessionRow, UserRow)>, Error> {
        let statements = "
            SELECT * OMIT id FROM type::record('session', $hash);
            SELECT * OMIT id FROM type::record('user', $user);";
        let mut answers = self.read(statements, json!({ "hash": hash, "user": user })).await?;
        let session = answers.row(0)?.filter(|row: &SessionRow| !row.ended && row.user_id.as_deref() == Some(user));
        Ok(session.zip(answers.row(1)?))
    }

    pub(crate) async fn sessions_of(&self, user: &str) -> Result<Vec<SessionRow>, Error> {
        let statements = "SELECT * OMIT id FROM session WHERE user_id = $user;";
        self.read(statements, json!({ "user": user })).await?.rows(0)
    }

    /// Writes a session, unless it has ended; beyond the given number the user's least used ones end. A new one is over
    /// at once when its user's access ended after the sign-in, in milliseconds since 1970, that it rests on.
    pub(crate) async fn put_session(
        &self,
        row: &SessionRow,
        signed_in_at: Option<i64>,
        most: usize,
    ) -> Result<(), Error> {
        let statements = "
            LET $old = (SELECT VALUE ended FROM ONLY type::record('session', $row.hash));
            LET $ended_at = IF $old = NONE AND $row.user_id != NULL
                { (SELECT VALUE access_ended_at FROM ONLY type::record('user', $row.user_id)) ?? 0 } ELSE { 0 };
            IF $signed_in_at < $ended_at {
                CREATE type::record('session', $row.hash) CONTENT $row;
                UPDATE type::record('session', $row.hash) SET ended = true, user_id = NULL, data = '';
            } ELSE IF $old != true { UPSERT type::record('session', $row.hash) CONTENT $row };
            IF $row.user_id != NULL AND $old = NONE {
                LET $all = SELECT id, expires_at FROM session WHERE user_id = $row.user_id ORDER BY expires_at DESC;
                FOR $over IN array::slice($all, $most) { DELETE $over.id }
            }";
        let variables = json!({ "row": row, "most": most, "signed_in_at": signed_in_at.unwrap_or(0) });
        self.transact(statements, variables).await
    }

    pub(crate) async fn touch_session(&self, hash: &str, now: Timestamp, expires_at: i64) -> Result<(), Error> {
        let statements = "UPDATE type::record('session', $hash) SET last_seen = $now, expires_at = $expires_at";
        self.transact(statements, json!({ "hash": hash, "now": now, "expires_at": expires_at })).await
    }

    /// Ends a session.
    pub(crate) async fn end_session(&self, hash: &str) -> Result<(), Error> {
        let statements = "UPDATE type::record('session', $hash) SET ended = true, user_id = NULL, data = ''";
        self.transact(statements, json!({ "hash": hash })).await
    }

    /// Deletes what has expired.
    pub(crate) async fn purge_access(&self, now: Timestamp) -> Result<(), Error> {
        let statements = "DELETE session WHERE expires_at < $now";
        self.transact(statements, json!({ "now": now.as_millisecond() })).await
    }

    pub(crate) async fn token_by_hash(&self, hash: &str) -> Result<Option<TokenRow>, Error> {
        let statements = "SELECT * OMIT id FROM token WHERE hash = $hash;";
        self.read(statements, json!({ "hash": hash })).await?.row(0)
    }

    pub(crate) async fn token(&self, key: &str) -> Result<Option<TokenRow>, Error> {
        self.read("SELECT * OMIT id FROM type::record('token', $key);", json!({ "key": key })).await?.row(0)
    }

    pub(crate) async fn tokens_of(&self, user: &str) -> Result<Vec<TokenRow>, Error> {
        let statements = "SELECT * OMIT id FROM token WHERE user_id = $user ORDER BY key DESC;";
        self.read(statements, json!({ "user": user })).await?.rows(0)
    }

    pub(crate) async fn put_token(&self, row: &TokenRow) -> Result<(), Error> {
        self.transact("UPSERT type::record('token', $row.key) CONTENT $row", json!({ "row": row })).await
    }

    pub(crate) async fn touch_token(&self, key: &str, now: Timestamp) -> Result<(), Error> {
        let statements = "UPDATE type::record('token', $key) SET last_used = $now";
        self.transact(statements, json!({ "key": key, "now": now })).await
    }

    pub(crate) async fn delete_token(&self, key: &str) -> Result<(), Error> {
        self.transact("DELETE type::record('token', $key)", json!({ "key": key })).await
    }

    pub(crate) async fn put_audit(&self, entry: &AuditEntry) -> Result<(), Error> {
        let statements = "UPSERT type::record('audit', $entry.id) CONTENT { at: $at, entry: $entry }";
        self.transact(statements, json!({ "entry": entry, "at": entry.at.as_millisecond() })).await
    }

    /// Reads one page of the audit, newest first.
    pub(crate) async fn audit(&self, page: PageRequest) -> Result<Page<AuditEntry>, Error> {
        #[derive(Deserialize)]
        struct Row {
            entry: AuditEntry,
        }
        #[derive(Deserialize)]
        struct Count {
            total: u64,
        }
        let page = page.clamped();
        let statements = "
            SELECT entry, at FROM audit ORDER BY at DESC LIMIT $size START $offset;
            SELECT count() AS total FROM audit GROUP ALL;";
        let mut answers = self.read(statements, json!({ "size": page.size, "offset": page.offset() })).await?;
        let rows: Vec<Row> = answers.rows(0)?;
        let total = answers.row::<Count>(1)?.map_or(0, |count| count.total);
        let items = rows.into_iter().map(|row| row.entry).collect();
        Ok(Page { items, total, number: page.number, size: page.size, searched: None })
    }
}
