//! Browsers' sessions: kept by the hash of their id, 12 h without use and 7 d at most.

use std::time::Duration;

use model::Timestamp;
use model::user::SessionSummary;

use super::revocation::Revoked;
use super::secret_hash;
use crate::rights::{Action, check};
use crate::store::SessionRow;
use crate::{Caller, Engine, Error, Via};

const IDLE: Duration = Duration::from_secs(12 * 60 * 60);
const ABSOLUTE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How exact `last seen` is.
const TOUCH: Duration = Duration::from_secs(60);
/// Sessions one user may have; the one that ends next gives way.
const MOST: usize = 100;

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionUser {
    pub id: String,
    /// What changes who somebody is ends what was begun before it.
    pub signed_in_at: Timestamp,
}

impl Engine {
    /// Keeps a session's data under its raw id; the idle time begins anew, the absolute one does not, and neither
    /// goes beyond `expiry`. A session that was ended stays so.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn save_session(
        &self,
        id: &str,
        data: String,
        expiry: Timestamp,
        user: Option<SessionUser>,
        user_agent: String,
    ) -> Result<(), Error> {
        let accounts = &self.parts.accounts;
        let now = accounts.clock.now();
        let hash = secret_hash(id);
        let known = accounts.store.session(&hash).await?;
        let created_at = known.map_or(now, |row| row.created_at);
        let (user_id, signed_in_at) = user.map(|user| (user.id, user.signed_in_at.as_millisecond())).unzip();
        let row = SessionRow {
            hash,
            user_id,
            data,
            user_agent: user_agent.chars().filter(|c| !c.is_control()).take(200).collect(),
            created_at,
            last_seen: now,
            expires_at: expires_at(created_at, now).min(expiry.as_millisecond()),
            ended: false,
        };
        accounts.store.put_session(&row, signed_in_at, MOST).await
    }

    /// Returns a session's data and when it expires, and counts it as used.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn load_session(&self, id: &str) -> Result<Option<(String, Timestamp)>, Error> {
        let accounts = &self.parts.accounts;
        let now = accounts.clock.now();
        let hash = secret_hash(id);
        let Some(row) = accounts.store.session(&hash).await? else { return Ok(None) };
        if row.expires_at <= now.as_millisecond() {
            return Ok(None);
        }
        let unseen = Duration::try_from(now.duration_since(row.last_seen)).unwrap_or_default();
        let mut expiry = row.expires_at;
        if unseen > TOUCH {
            expiry = expires_at(row.created_at, now);
            accounts.store.touch_session(&hash, now, expiry).await?;
        }
        let expiry = Timestamp::from_millisecond(expiry)
            .map_err(|error| Error::internal("reading a session's expiry", error))?;
        Ok(Some((row.data, expiry)))
    }

    /// Ends a session and the streams that rest on it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn delete_session(&self, id: &str) -> Result<(), Error> {
        let hash = secret_hash(id);
        self.parts.accounts.store.end_session(&hash).await?;
        self.parts.accounts.revocations.announce(Revoked::Session(hash));
        Ok(())
    }

    /// Lists where the caller is signed in, last seen first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_sessions(&self, caller: &Caller) -> Result<Vec<SessionSummary>, Error> {
        check(caller, Action::ManageOwnAccount)?;
        let accounts = &self.parts.accounts;
        let now = accounts.clock.now().as_millisecond();
        let mut rows = accounts.store.sessions_of(&caller.user_id).await?;
        rows.retain(|row| row.expires_at > now);
        rows.sort_by_key(|row| std::cmp::Reverse(row.last_seen));
        let summary = |row: SessionRow| SessionSummary {
            current: caller.via == Via::Session { id: row.hash.clone() },
            id: row.hash,
            created_at: row.created_at,
            last_seen: row.last_seen,
            user_agent: row.user_agent,
        };
        Ok(rows.into_iter().map(summary).collect())
    }

    /// Ends one of the caller's own sessions, named as in the list.
    ///
    /// # Errors
    /// There is none with this id.
    pub async fn revoke_session(&self, caller: &Caller, id: &str) -> Result<(), Error> {
        check(caller, Action::ManageOwnAccount)?;
        let accounts = &self.parts.accounts;
        let row = accounts.store.session(id).await?;
        let own = row.is_some_and(|row| row.user_id.as_deref() == Some(caller.user_id.as_str()));
        if !own {
            return Err(Error::NotFound { what: "such session".into() });
        }
        accounts.store.end_session(id).await?;
        accounts.revocations.announce(Revoked::Session(id.to_owned()));
        accounts.audit(caller.username.as_str(), "ended a session", None, true).await
    }

    /// Deletes sessions that have expired; the background does it now and then.
    pub(crate) async fn purge_sessions(&self) -> Result<(), Error> {
        self.parts.store.purge_access(self.parts.config.clock.now()).await
    }
}

/// Returns when a session ends that is used now, in milliseconds since 1970.
fn expires_at(created_at: Timestamp, now: Timestamp) -> i64 {
    (now + IDLE).min(created_at + ABSOLUTE).as_millisecond()
}
