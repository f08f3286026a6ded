//! What an actor does through Denshimon, from the request to Kubernetes' answer.

use std::collections::HashMap;

use model::history::{Actor, HistoryEntry, OperationState, Outcome, Recorded, Verb};
use model::user::AuditEntry;
use model::{ResourceRef, Timestamp};
use serde_json::Value;
use ulid::Ulid;

use super::baseline::version as version_of;
use super::in_flight::{InFlight, lock};
use super::{Baseline, Ledger};
use crate::Error;
use crate::store::TimelineRow;

/// A write that is about to be asked of Kubernetes.
#[derive(Clone, Debug)]
pub(crate) struct NewOperation {
    pub(crate) actor: Actor,
    /// As the commit author's address.
    pub(crate) email: Option<String>,
    pub(crate) verb: Verb,
    pub(crate) resource: ResourceRef,
    /// In plain words, as a commit's subject: `Scale shop/api to 5`.
    pub(crate) summary: String,
    pub(crate) reason: String,
    /// The object before it.
    pub(crate) baseline: Baseline,
    /// It starts a rollout, whose end belongs to the timeline.
    pub(crate) rolls_out: bool,
}

/// How Kubernetes answered.
#[derive(Clone, Debug)]
pub(crate) enum OperationResult {
    /// It took the write; for a delete, the uid and version are those of the object that goes.
    Applied { uid: String, resource_version: Option<String> },
    /// It refused, with the reason for people.
    Refused(String),
    /// It changed nothing, since all was already so.
    Unchanged,
    /// Denshimon ended before the answer and the cluster shows no trace of the write.
    Interrupted,
}

/// An operation that Kubernetes took and that waits for its commit, or one that has no answer yet.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) actor: Actor,
    pub(crate) email: Option<String>,
    pub(crate) verb: Verb,
    pub(crate) resource: ResourceRef,
    pub(crate) summary: String,
    pub(crate) reason: String,
    pub(crate) started_at: Timestamp,
    pub(crate) baseline: Baseline,
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<u64>,
}

impl Ledger {
    /// Makes the operation's row. Until the returned guard is dropped the recorder waits before it attributes a change
    /// of the resource: drop it after [`Ledger::finish_operation`].
    ///
    /// # Errors
    /// The database does not answer; then nothing may be asked of Kubernetes.
    pub(crate) async fn begin_operation(&self, new: NewOperation) -> Result<(String, InFlight), Error> {
        let id = Ulid::generate().to_string();
        let entry = HistoryEntry {
            id: id.clone(),
            at: self.clock.now(),
            actor: new.actor,
            verb: new.verb,
            resource: new.resource.clone(),
            summary: new.summary,
            reason: new.reason,
            operation: Some(OperationState::Started),
            recorded: Recorded::Waiting,
            outcome: None,
        };
        let email = new.email;
        let baseline = Some(new.baseline);
        let row =
            TimelineRow { email, baseline, unfinished: true, awaits_outcome: new.rolls_out, ..TimelineRow::new(entry) };
        let guard = InFlight::new(self, id.clone(), new.resource);
        self.store.put_timeline(std::slice::from_ref(&row)).await?;
        self.open.rows.lock().await.insert(id.clone(), row);
        Ok((id, guard))
    }

    /// Notes Kubernetes' answer, in the audit, too.
    ///
    /// # Errors
    /// The database does not answer; the answer is then found again after the next start.
    pub(crate) async fn finish_operation(&self, id: &str, result: OperationResult) -> Result<(), Error> {
        let mut rows = self.open.rows.lock().await;
        // An answer speaks for itself, whatever a state seemed to show before it came.
        lock(&self.open.concluded).remove(id);
        self.enter_result(&mut rows, id, result).await
    }

    /// The same for what is found out about a write without an answer; one that came meanwhile says more and stays.
    /// Returns whether there was none.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn conclude_operation(&self, id: &str, result: OperationResult) -> Result<bool, Error> {
        let mut rows = self.open.rows.lock().await;
        let is_open = rows.get(id).is_some_and(|row| row.entry.operation == Some(OperationState::Started));
        if is_open {
            if matches!(result, OperationResult::Applied { .. }) {
                lock(&self.open.concluded).insert(id.to_owned());
            }
            self.enter_result(&mut rows, id, result).await?;
        }
        Ok(is_open)
    }

    /// Takes back that a write without an answer arrived, which a state of its object seemed to show; returns whether that
    /// was all that spoke for it.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn retract_arrival(&self, id: &str) -> Result<bool, Error> {
        let mut rows = self.open.rows.lock().await;
        let is_concluded = lock(&self.open.concluded).remove(id);
        if is_concluded {
            self.enter_result(&mut rows, id, OperationResult::Interrupted).await?;
        }
        Ok(is_concluded)
    }

    async fn enter_result(
        &self,
        rows: &mut HashMap<String, TimelineRow>,
        id: &str,
        result: OperationResult,
    ) -> Result<(), Error> {
        let Some(row) = rows.get_mut(id) else { return Ok(()) };
        tracing::debug!(operation.id = id, ?result, "what became of an operation is known");
        let was_taken = matches!(result, OperationResult::Applied { .. } | OperationResult::Unchanged);
        answer(row, result);
        let row = row.clone();
        let mut answered = vec![row.clone()];
        if was_taken {
            for other in rows.values_mut().filter(|other| self.is_overtaken(other, &row)) {
                answer(other, OperationResult::Interrupted);
                answered.push(other.clone());
            }
        }
        for row in &answered {
            lock(&self.open.unanswered).remove(&row.entry.id);
            if !row.unfinished {
                rows.remove(&row.entry.id);
            }
        }
        self.store.put_timeline(&answered).await?;
        for row in &answered {
            self.store.put_audit(&audit_entry(&row.entry)).await?;
        }
        Ok(())
    }

    /// Tells whether a write without an answer had not arrived when a later one on its resource was asked for, which
    /// Kubernetes took: what came of the two later is the later one's.
    fn is_overtaken(&self, other: &TimelineRow, later: &TimelineRow) -> bool {
        other.entry.operation == Some(OperationState::Started)
            && other.entry.resource == later.entry.resource
            && other.entry.id < later.entry.id
            && !self.is_awaited(&other.entry.id)
            && later.baseline.as_ref().is_some_and(|standing_on| {
                !other.baseline.as_ref().is_some_and(|before| before.is_followed_by(other.entry.verb, standing_on))
            })
    }

    /// Returns the operations on an object up to a version that wait for their commit, oldest first.
    pub(crate) async fn find_operations(&self, uid: &str, resource_version: u64) -> Vec<Operation> {
        let up_to = |row: &TimelineRow| row.resource_version.is_none_or(|version| version <= resource_version);
        let wrote = |row: &TimelineRow| row.entry.verb != Verb::Delete && row.uid.as_deref() == Some(uid);
        self.open_operations(|row| wrote(row) && up_to(row)).await
    }

    /// Returns the operations that wait for their commit on objects of the same name that were there before this one,
    /// oldest first.
    pub(crate) async fn find_operations_before(
        &self,
        resource: &ResourceRef,
        uid: &str,
        resource_version: u64,
    ) -> Vec<Operation> {
        let before = |row: &TimelineRow| row.resource_version.is_none_or(|version| version < resource_version);
        let on_another = |row: &TimelineRow| row.uid.as_deref().is_some_and(|other| other != uid);
        self.open_operations(|row| row.entry.resource == *resource && on_another(row) && before(row)).await
    }

    /// Returns all operations on an object that is gone which wait for their commit, the delete last.
    pub(crate) async fn find_deletes(&self, uid: &str) -> Vec<Operation> {
        self.open_operations(|row| row.uid.as_deref() == Some(uid)).await
    }

    /// Tells whether Kubernetes took another write on the resource since this one was asked for: what is seen of both may
    /// be the other's alone.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn is_explained(&self, operation: &Operation) -> Result<bool, Error> {
        let before = operation.baseline.version();
        self.store.has_operation_after(&operation.resource, before, operation.started_at).await
    }

    /// Returns the operations whose rollout has not ended, oldest first.
    pub(crate) async fn pending_outcomes(&self) -> Vec<Operation> {
        let rows = self.open.rows.lock().await;
        let pending = |row: &&TimelineRow| row.awaits_outcome && row.entry.operation == Some(OperationState::Applied);
        let mut operations: Vec<Operation> = rows.values().filter(pending).map(Operation::from).collect();
        operations.sort_by(|a, b| a.id.cmp(&b.id));
        operations
    }

    /// Says how the rollout of an operation ended.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn set_outcome(&self, id: &str, outcome: Outcome) -> Result<(), Error> {
        let mut rows = self.open.rows.lock().await;
        let Some(row) = rows.get_mut(id) else { return Ok(()) };
        row.set_outcome(outcome);
        let row = row.clone();
        if !row.unfinished {
            rows.remove(id);
        }
        self.store.put_timeline(&[row]).await
    }

    async fn open_operations(&self, matches: impl Fn(&TimelineRow) -> bool) -> Vec<Operation> {
        let rows = self.open.rows.lock().await;
        let waits = |row: &&TimelineRow| {
            row.entry.recorded == Recorded::Waiting && row.entry.operation == Some(OperationState::Applied)
        };
        let mut found: Vec<Operation> =
            rows.values().filter(waits).filter(|row| matches(row)).map(Operation::from).collect();
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found
    }

    /// Returns the operations on a resource that wait for their commit up to its last delete, oldest first; for what is gone
    /// without a word. Without a delete these are all.
    pub(crate) async fn find_operations_on(&self, resource: &ResourceRef) -> Vec<Operation> {
        let mut found = self.open_operations(|row| row.entry.resource == *resource).await;
        if let Some(last) = found.iter().rposition(|operation| operation.verb == Verb::Delete) {
            found.truncate(last + 1);
        }
        found
    }

    /// Notes that writes on a resource arrived whose answers nobody hears any more, as far as a later state of it shows
    /// that and no other operation explains it; `None`: it is gone. Those of which nothing is seen may yet arrive.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn notice_arrivals(&self, resource: &ResourceRef, object: Option<&Value>) -> Result<(), Error> {
        let now = object.and_then(version_of);
        let mut arrived: Vec<(String, OperationResult)> = {
            let rows = self.open.rows.lock().await;
            let of_resource = || rows.values().filter(|row| row.entry.resource == *resource);
            // A delete leaves nothing that a write may be taken for, nor does what came before an object was there.
            let explains = |other: &TimelineRow, row: &TimelineRow| {
                let before = row.baseline.as_ref().and_then(Baseline::version);
                other.entry.operation == Some(OperationState::Applied)
                    && other.entry.verb != Verb::Delete
                    && (before.is_some() || other.entry.id > row.entry.id)
                    && other.resource_version.is_some_and(|made| before < Some(made) && Some(made) <= now)
            };
            let has_arrived = |row: &&TimelineRow| {
                let baseline = row.baseline.as_ref();
                // What is made again after a delete shows that this came first.
                let may_be_another = row.entry.verb != Verb::Delete && of_resource().any(|other| explains(other, row));
                row.entry.operation == Some(OperationState::Started)
                    // What is gone while a delete of it is under way went by that.
                    && (row.entry.verb == Verb::Delete || !self.is_awaited(&row.entry.id))
                    && baseline.is_some_and(|baseline| baseline.shows_arrival(row.entry.verb, object))
                    && !may_be_another
            };
            let result = |row: &TimelineRow| row.baseline.clone().unwrap_or_default().result(row.entry.verb, object);
            of_resource().filter(has_arrived).map(|row| (row.entry.id.clone(), result(row))).collect()
        };
        arrived.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (id, result) in arrived {
            self.conclude_operation(&id, result).await?;
        }
        Ok(())
    }
}

/// Enters what Kubernetes answered.
fn answer(row: &mut TimelineRow, result: OperationResult) {
    match result {
        OperationResult::Applied { uid, resource_version } => {
            row.uid = Some(uid);
            row.resource_version = resource_version.and_then(|version| version.parse().ok());
            row.entry.operation = Some(OperationState::Applied);
        }
        OperationResult::Unchanged => {
            row.awaits_outcome = false;
            row.entry.operation = Some(OperationState::Applied);
            // Its change may have been seen, and committed, before the answer came.
            if row.entry.recorded == Recorded::Waiting {
                row.set_recorded(Recorded::Unchanged);
            }
        }
        OperationResult::Refused(reason) => {
            row.awaits_outcome = false;
            row.entry.operation = Some(OperationState::Refused(reason));
            row.set_recorded(Recorded::Never);
        }
        OperationResult::Interrupted => {
            row.awaits_outcome = false;
            row.entry.operation = Some(OperationState::Interrupted);
            row.set_recorded(Recorded::Never);
        }
    }
}

impl From<&TimelineRow> for Operation {
    fn from(row: &TimelineRow) -> Self {
        let entry = row.entry.clone();
        Self {
            id: entry.id,
            actor: entry.actor,
            email: row.email.clone(),
            verb: entry.verb,
            resource: entry.resource,
            summary: entry.summary,
            reason: entry.reason,
            started_at: entry.at,
            baseline: row.baseline.clone().unwrap_or_default(),
            uid: row.uid.clone(),
            resource_version: row.resource_version,
        }
    }
}

/// Words an operation that was answered as a line of the audit; it has the operation's id, so it stands there once.
fn audit_entry(entry: &HistoryEntry) -> AuditEntry {
    let why = match &entry.operation {
        Some(OperationState::Refused(reason)) => format!(": {reason}"),
        Some(OperationState::Interrupted) => ": it never arrived".to_owned(),
        _ => String::new(),
    };
    AuditEntry {
        id: entry.id.clone(),
        at: entry.at,
        actor: entry.actor.to_string(),
        action: format!("{}{why}", entry.summary),
        address: None,
        succeeded: entry.operation == Some(OperationState::Applied),
    }
}
