//! GitOps -> Status: how far cluster and repository are in step, and what to do where they are not.

use std::collections::BTreeMap;

use manifest::{CREDENTIAL_RULES, CredentialRule};
use model::deployment::DeploymentRef;
use model::sync::{
    HeldRecords, MaskRule, RecordInfo, RemoteChoice, RepositoryStatus, SyncChip, SyncProblem, SyncStatus,
    WaitingChanges, WatchState, WatchedKind, WayOut,
};
use model::user::Scope;
use model::{ResourceRef, Timestamp};
use tokio::sync::watch;

use super::book::{Pages, Written};
use super::counts::kind_part;
use crate::rights::{Action, check, check_in};
use crate::sealing::Sealer;
use crate::{Caller, Engine, Error};

/// So many of a kind's held records are named.
const NAMED: usize = 20;

impl Engine {
    /// Says all about the sync engine.
    ///
    /// # Errors
    /// [`Error::NotAllowed`].
    pub async fn sync_status(&self, caller: &Caller) -> Result<SyncStatus, Error> {
        check(caller, Action::SeeSync)?;
        let config = &self.parts.config.repository;
        let book = &self.parts.recorder.book;
        let own: Option<Vec<String>> = match &caller.scope {
            Scope::Everywhere => None,
            Scope::Namespaces(namespaces) => {
                Some(namespaces.iter().map(|namespace| format!("{}/{namespace}/", book.folder())).collect())
            }
        };
        let sees = |path: &str| own.as_ref().is_none_or(|own| own.iter().any(|folder| path.starts_with(folder)));
        let mut kinds = self.parts.cluster.watched_kinds();
        let folders: Vec<String> =
            kinds.iter().map(|kind| book.folder_of_kind(&kind.kind).unwrap_or_default()).collect();
        let plots = book.figures().plots();
        let status = {
            let pages = book.pages();
            for (kind, folder) in kinds.iter_mut().zip(&folders) {
                kind.records = u32::try_from(pages.counts.of_kind(folder)).unwrap_or(u32::MAX);
            }
            let mut problems: Vec<SyncProblem> = pages.stuck.iter().chain(&pages.unlinked).cloned().collect();
            problems.extend(pages.publication.failure.map(|problem| SyncProblem {
                what: format!("Commits cannot be pushed: {}.", problem.failure.brief()),
                remedy: problem.failure.remedy().into(),
                way_out: Some(WayOut::Retry),
                since: problem.since,
            }));
            let away = self.parts.cluster.away();
            problems.extend(away.iter().map(|(since, reason)| {
                SyncProblem {
                    what: format!("The cluster is away: {reason}."),
                    remedy:
                        "Check that its API server runs. Denshimon tries again by itself; the records stay as they are."
                            .into(),
                    way_out: Some(WayOut::Retry),
                    since: *since,
                }
            }));
            if away.is_none() {
                problems.extend(unfollowed(&kinds));
            }
            problems.extend(pages.obstructed.iter().filter(|(path, _)| sees(path)).map(|(_, obstacle)| SyncProblem {
                what: obstacle.what.clone(),
                remedy: obstacle.remedy.into(),
                way_out: Some(WayOut::Retry),
                since: obstacle.since,
            }));
            problems.extend(drift(&pages, sees));
            SyncStatus {
                chip: pages.chip(),
                may_steer: check(caller, Action::SteerSync).is_ok(),
                repository: RepositoryStatus {
                    remote: config.remote.as_ref().map(ToString::to_string),
                    branch: config.branch.clone(),
                    path: config.path.clone(),
                    head: pages.head.clone(),
                    remote_head: pages.publication.remote_head.clone(),
                    ahead: pages.publication.ahead,
                    last_push: pages.publication.last_push.clone(),
                    choices: pages.publication.choices().to_vec(),
                },
                held_deletions: held(&pages, &book.folder(), &kinds, &folders, sees),
                kinds,
                waiting: u32::try_from(pages.waiting).unwrap_or(u32::MAX),
                waiting_for: waiting_for(&pages, sees),
                lag_milliseconds: pages.lag_milliseconds,
                problems,
                plots,
                mask_rules: mask_rules(&pages, &self.parts.sealer),
                left_alone: if own.is_none() { pages.files_left_alone() } else { Vec::new() },
                audit: self.parts.audit.status(),
            }
        };
        Ok(status)
    }

    /// Says in a few words how things stand.
    pub fn sync_chip(&self) -> SyncChip {
        self.parts.recorder.book.chip().borrow().clone()
    }

    /// Follows the chip; wakes only when it says something new.
    pub fn sync_changes(&self) -> watch::Receiver<SyncChip> {
        self.parts.recorder.book.chip()
    }

    /// Says where a Deployment's record stands.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::NotFound`] for one that the caller may not see.
    pub fn deployment_record(&self, caller: &Caller, target: &DeploymentRef) -> Result<RecordInfo, Error> {
        check_in(caller, Action::SeeResources, Some(&target.namespace), &format!("deployment {target}"))?;
        let row = self.parts.cluster.inventory().deployment(target);
        Ok(self.record_of(&self.deployment_resource(target), row.and_then(|row| row.left_out)))
    }

    /// Returns a number that goes up when the record of any Deployment has been written.
    #[must_use]
    pub fn deployments_recorded(&self) -> u64 {
        self.parts.recorder.book.pages().deployments_recorded
    }

    /// Says where a resource's record stands; from memory, so cheap enough for lists. `left_out` is why the object
    /// itself is nobody's wish; its kind may be left out as well.
    pub(crate) fn record_of(&self, resource: &ResourceRef, left_out: Option<&'static str>) -> RecordInfo {
        let rule = self.parts.cluster.left_out(&resource.kind).or(left_out);
        self.parts.recorder.book.record_of(resource, rule)
    }

    /// Tries again now what failed: commits and pushes.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; the database does not answer.
    pub async fn retry_sync(&self, caller: &Caller) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        self.audit_steering(caller, "tries again what failed").await?;
        self.parts.repository.retry();
        self.parts.cluster.retry();
        self.parts.recorder.steer(super::Steering::Retry).await
    }

    /// Records the cluster's state over the records of which somebody else's commits say otherwise.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; the database does not answer.
    pub async fn record_again(&self, caller: &Caller) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        self.audit_steering(caller, "records the cluster's state over the commits of others").await?;
        self.parts.recorder.steer(super::Steering::RecordAgain).await
    }

    /// Decides about a remote whose history is not the one that was pushed; nothing there is overwritten.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::Conflict`] when there is no such choice; the database does not answer.
    pub async fn decide_remote(&self, caller: &Caller, choice: RemoteChoice) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        if !self.parts.repository.publication().borrow().choices().contains(&choice) {
            return Err(Error::Conflict {
                message: "The remote does not ask for this decision, or does not any more.".into(),
                hint: "Read the status again.".into(),
                fields: Vec::new(),
            });
        }
        let words = match choice {
            RemoteChoice::BuildOn => "builds on what the remote's branch holds now",
            RemoteChoice::PushAgain => "pushes all of the history to the remote again",
            RemoteChoice::KeepHere => "keeps commits here only",
        };
        self.audit_steering(caller, words).await?;
        self.parts.repository.decide(choice);
        Ok(())
    }

    /// Commits now what waits for an actor's silence; returns once it is committed, or failed to be.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::Unavailable`] when the engine is stopping or the database does not answer.
    pub async fn commit_now(&self, caller: &Caller) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        self.audit_steering(caller, "commits what waits").await?;
        self.parts.recorder.steer(super::Steering::CommitNow).await
    }

    /// Deletes the held records, in one commit that names the caller.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; the database does not answer.
    pub async fn approve_deletions(&self, caller: &Caller) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        self.audit_steering(caller, "deletes the held records").await?;
        self.parts.recorder.steer(super::Steering::Approve { by: caller.actor().to_string() }).await
    }

    /// Keeps the held records although their resources are gone, until the next start asks again.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; the database does not answer.
    pub async fn refuse_deletions(&self, caller: &Caller) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        self.audit_steering(caller, "keeps the held records").await?;
        self.parts.recorder.steer(super::Steering::Refuse).await
    }

    async fn audit_steering(&self, caller: &Caller, words: &str) -> Result<(), Error> {
        self.parts.accounts.audit(&caller.actor().to_string(), words, None, true).await
    }
}

/// Counts what each rule keeps out of records.
fn mask_rules(pages: &Pages, sealer: &Sealer) -> Vec<MaskRule> {
    let rule = |rule: &CredentialRule| MaskRule {
        name: rule.name.into(),
        finds: rule.finds.into(),
        on: sealer.is_on(rule.name),
        values: u32::try_from(pages.counts.masked_by(rule.name)).unwrap_or(u32::MAX),
    };
    CREDENTIAL_RULES.iter().map(rule).collect()
}

/// What waits, without the names of what a caller may not see.
fn waiting_for(pages: &Pages, sees: impl Fn(&str) -> bool) -> Vec<WaitingChanges> {
    let mut waiting = pages.waiting_for.clone();
    waiting.iter_mut().for_each(|part| part.paths.retain(|path| sees(path)));
    waiting
}

/// Groups the held records that a caller sees by their kinds.
pub(super) fn held(
    pages: &Pages,
    root: &str,
    kinds: &[WatchedKind],
    folders: &[String],
    sees: impl Fn(&str) -> bool,
) -> Vec<HeldRecords> {
    let mut by_folder: BTreeMap<&str, HeldRecords> = BTreeMap::new();
    for path in pages.held.iter().filter(|path| sees(path)) {
        let folder = kind_part(path, root).unwrap_or_default();
        let of_kind = by_folder.entry(folder).or_insert_with(|| {
            let known = kinds.iter().zip(folders).find(|(_, known)| *known == folder);
            let kind = known.map_or_else(|| folder.to_owned(), |(kind, _)| kind.kind.to_string());
            HeldRecords { kind, records: 0, paths: Vec::new() }
        });
        of_kind.records = of_kind.records.saturating_add(1);
        if of_kind.paths.len() < NAMED {
            of_kind.paths.push(path.clone());
        }
    }
    by_folder.into_values().collect()
}

/// One problem for all kinds that are away for the same reason.
fn unfollowed(kinds: &[WatchedKind]) -> Vec<SyncProblem> {
    let mut by_reason: BTreeMap<&str, (Timestamp, Vec<String>)> = BTreeMap::new();
    for kind in kinds {
        if let WatchState::Away { since, reason } = &kind.state {
            let (first, names) = by_reason.entry(reason).or_insert((*since, Vec::new()));
            *first = (*first).min(*since);
            names.push(kind.kind.to_string());
        }
    }
    let problem = |(reason, (since, names)): (&str, (Timestamp, Vec<String>))| SyncProblem {
        what: format!("{} cannot be followed: {reason}", listed(&names, "kind")),
        remedy: "Check that the cluster runs and that Denshimon may list and watch what is to be recorded, \
                 then choose Retry; a kind that nobody wants recorded can be left out below. The records stay as \
                 they are."
            .into(),
        way_out: Some(WayOut::Retry),
        since,
    };
    by_reason.into_iter().map(problem).collect()
}

/// One problem for all records that say otherwise than the cluster.
pub(super) fn drift(pages: &Pages, sees: impl Fn(&str) -> bool) -> Option<SyncProblem> {
    if pages.drifted == 0 {
        return None;
    }
    let records = pages.records.iter().filter(|(path, record)| record.drifted && sees(path));
    let mut drifted: Vec<(&str, Option<&Written>)> = records
        .map(|(path, record)| {
            (record.place.as_ref().map_or(path.as_str(), |place| &place.file), record.written.as_ref())
        })
        .collect();
    drifted.sort_by_key(|(file, _)| *file);
    let since = drifted.iter().filter_map(|(_, written)| Some(written.as_ref()?.at)).min();
    let names: Vec<String> = drifted
        .iter()
        .map(|(file, written)| match written {
            Some(written) => format!("{file} (by {})", written.by),
            None => (*file).to_owned(),
        })
        .collect();
    (!names.is_empty()).then(|| SyncProblem {
        what: format!("Somebody else's commits say otherwise than the cluster: {}.", listed(&names, "record")),
        remedy: "Apply these files to the cluster, take the commits back, or record the cluster's state over them. \
                 That happens by itself when such a resource changes in the cluster."
            .into(),
        way_out: Some(WayOut::RecordAgain),
        since: since.unwrap_or(pages.in_step_since),
    })
}

/// `A`, `A and B`, `A, B, C and 7 more kinds`.
fn listed(names: &[String], what: &str) -> String {
    const NAMED: usize = 3;
    let (named, others) = names.split_at(names.len().min(NAMED));
    match (named, others.len()) {
        ([one], 0) => one.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (named, 1) => format!("{} and 1 more {what}", named.join(", ")),
        (named, more) => format!("{} and {more} more {what}s", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use model::Kind;

    use super::*;

    #[test]
    fn kinds_that_are_away_for_one_reason_are_one_problem() {
        let since = Timestamp::UNIX_EPOCH;
        let kind = |name: &str, reason: &str| WatchedKind {
            kind: Kind::new("", name),
            objects: 0,
            records: 0,
            last_event: None,
            state: WatchState::Away { since, reason: reason.into() },
            left_out: None,
        };
        let kinds = ["A", "B", "C", "D", "E"].map(|name| kind(name, "it may not."));
        let words =
            |kinds: &[WatchedKind]| unfollowed(kinds).into_iter().map(|problem| problem.what).collect::<Vec<_>>();
        assert_eq!(words(&kinds), ["A, B, C and 2 more kinds cannot be followed: it may not."]);
        assert_eq!(words(&kinds[..4]), ["A, B, C and 1 more kind cannot be followed: it may not."]);
        assert_eq!(words(&kinds[..2]), ["A and B cannot be followed: it may not."]);
        let other = kind("F", "it is gone.");
        assert_eq!(words(&[kinds[0].clone(), other]).len(), 2);
    }
}
