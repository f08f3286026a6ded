//! What people have typed and not yet applied, kept for a day so that nothing typed is lost.

mod anonymous;

use std::time::Duration;

use model::Timestamp;
use model::deployment::{DeploymentChange, Draft};

use crate::accounts::new_secret;
use crate::rights::{Action, check};
use crate::store::DraftRow;
use crate::{Caller, Engine, Error};

pub(crate) use anonymous::AnonymousDrafts;

const LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// Drafts one user may have; the oldest gives way.
const MOST: usize = 20;
/// More than any body that is read can hold, so that what is too long for Kubernetes comes back with a word about it.
const LARGEST_BYTES: usize = 8 * 1024 * 1024;

impl Engine {
    /// Keeps what a caller typed, for 24 h and for nobody else.
    ///
    /// # Errors
    /// The caller may not change deployments, it is longer than 8 MiB, or the database does not answer.
    pub async fn save_draft(
        &self,
        caller: &Caller,
        change: DeploymentChange,
        resource_version: Option<String>,
    ) -> Result<Draft, Error> {
        check(caller, Action::WriteDeployments)?;
        let draft = Draft { id: new_id()?, change, resource_version, saved_at: self.parts.config.clock.now() };
        self.keep_draft(caller, draft).await
    }

    /// Reads one of the caller's own drafts. One that was typed in their browser before they signed in becomes theirs;
    /// `typed_here` is the id of that one, as the browser keeps it: an address alone could be anybody's.
    ///
    /// # Errors
    /// There is none, it is older than 24 h, or it is somebody else's.
    pub async fn read_draft(&self, caller: &Caller, id: &str, typed_here: Option<&str>) -> Result<Draft, Error> {
        check(caller, Action::WriteDeployments)?;
        let now = self.parts.config.clock.now();
        let row = self.parts.store.draft(id).await?;
        match row.filter(|row| row.user_id == caller.user_id && row.saved_at > oldest(now)) {
            Some(row) => self.open_draft(row),
            None if typed_here == Some(id) => self.claim_draft(caller, id).await,
            None => Err(no_such_draft()),
        }
    }

    /// Deletes one of the caller's own drafts; there need not be one.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn delete_draft(&self, caller: &Caller, id: &str) -> Result<(), Error> {
        check(caller, Action::WriteDeployments)?;
        self.parts.store.delete_draft(&caller.user_id, id).await
    }

    /// Keeps what was typed in a form whose session had ended, in memory and for an hour, and returns the id by
    /// which whoever signs in next in that browser finds it.
    ///
    /// # Errors
    /// It is longer than 8 MiB.
    pub async fn save_anonymous_draft(
        &self,
        change: DeploymentChange,
        resource_version: Option<String>,
    ) -> Result<String, Error> {
        let draft = Draft { id: new_id()?, change, resource_version, saved_at: self.parts.config.clock.now() };
        let id = draft.id.clone();
        self.parts.anonymous_drafts.keep(draft)?;
        Ok(id)
    }

    /// Makes an anonymous draft the caller's, once; it keeps its id.
    ///
    /// # Errors
    /// There is none, it is older than an hour, or somebody has claimed it.
    pub async fn claim_draft(&self, caller: &Caller, id: &str) -> Result<Draft, Error> {
        check(caller, Action::WriteDeployments)?;
        let draft = self.parts.anonymous_drafts.take(id, self.parts.config.clock.now());
        let draft = draft.ok_or_else(no_such_draft)?;
        self.keep_draft(caller, draft).await
    }

    /// Deletes what has expired; the background does it now and then.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn purge_drafts(&self) -> Result<(), Error> {
        let now = self.parts.config.clock.now();
        self.parts.anonymous_drafts.purge(now);
        self.parts.store.purge_drafts(oldest(now)).await
    }

    async fn keep_draft(&self, caller: &Caller, draft: Draft) -> Result<Draft, Error> {
        let change = encode(&draft.change)?;
        let row = DraftRow {
            key: draft.id.clone(),
            user_id: caller.user_id.clone(),
            change: self.parts.sealer.seal_draft(&draft.id, &change),
            resource_version: draft.resource_version.clone(),
            saved_at: draft.saved_at.as_millisecond(),
        };
        self.parts.store.put_draft(&row, MOST).await?;
        Ok(draft)
    }

    fn open_draft(&self, row: DraftRow) -> Result<Draft, Error> {
        let wrong = |error: &dyn std::fmt::Display| Error::internal("reading a draft", error.to_string());
        // Whoever brings a data directory back without its key has lost what was typed there.
        let change = self.parts.sealer.open_draft(&row.key, &row.change).ok_or_else(no_such_draft)?;
        Ok(Draft {
            change: serde_json::from_str(&change).map_err(|error| wrong(&error))?,
            id: row.key,
            resource_version: row.resource_version,
            saved_at: Timestamp::from_millisecond(row.saved_at).map_err(|error| wrong(&error))?,
        })
    }
}

fn no_such_draft() -> Error {
    Error::NotFound { what: "such draft".into() }
}

/// Writes a change as JSON.
fn encode(change: &DeploymentChange) -> Result<String, Error> {
    let text = serde_json::to_string(change).map_err(|error| Error::internal("writing a draft", error))?;
    if text.len() > LARGEST_BYTES {
        return Err(Error::Invalid {
            message: format!(
                "This is longer than {} MiB, the most that is kept as a draft.",
                LARGEST_BYTES / 1024 / 1024
            ),
            hint: "Keep it in a file and make it shorter: move large texts into a ConfigMap.".into(),
            fields: Vec::new(),
        });
    }
    Ok(text)
}

/// Returns the time, in milliseconds since 1970, before which drafts have expired.
fn oldest(now: Timestamp) -> i64 {
    (now - LIFE).as_millisecond()
}

/// Nobody can guess an id: it stands in an address before anybody has signed in.
fn new_id() -> Result<String, Error> {
    use secrecy::ExposeSecret;
    Ok(new_secret("")?.expose_secret().to_owned())
}
