//! The audit of what is done to accounts; the ledger adds what is done to resources.

use std::net::IpAddr;

use model::user::AuditEntry;
use model::{Page, PageRequest};
use ulid::Ulid;

use super::Accounts;
use crate::rights::{Action, check};
use crate::{Caller, Engine, Error};

impl Accounts {
    /// Writes one line of the audit.
    pub(crate) async fn audit(
        &self,
        actor: &str,
        action: impl Into<String>,
        address: Option<IpAddr>,
        succeeded: bool,
    ) -> Result<(), Error> {
        let entry = AuditEntry {
            id: Ulid::generate().to_string(),
            at: self.clock.now(),
            actor: actor.chars().filter(|c| !c.is_control()).take(64).collect(),
            action: action.into(),
            address: address.map(|address| address.to_string()),
            succeeded,
        };
        self.store.put_audit(&entry).await
    }
}

impl Engine {
    /// Reads the audit, newest first.
    ///
    /// # Errors
    /// The caller is no administrator, or the database does not answer.
    pub async fn list_audit(&self, caller: &Caller, page: PageRequest) -> Result<Page<AuditEntry>, Error> {
        check(caller, Action::SeeAudit)?;
        self.parts.store.audit(page).await
    }
}
