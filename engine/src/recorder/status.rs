//! GitOps -> Status: how far cluster and repository are in step, and what to do where they are not.

use std::collections::BTreeMap;

use model::sync::{RecordInfo, RepositoryStatus, SyncChip, SyncProblem, SyncStatus, WatchState, WatchedKind};
use model::user::Scope;
use model::{ResourceRef, Timestamp};
use tokio::sync::watch;

use crate::rights::{Action, check};
use crate::{Caller, Engine, Error};

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
        let kinds = self.parts.cluster.watched_kinds();
        let status = {
            let pages = book.pages();
            let mut problems: Vec<SyncProblem> = pages.stuck.iter().chain(&pages.unlinked).cloned().collect();
            problems.extend(pages.publication.failure.map(|problem| SyncProblem {
                what: format!("Commits cannot be pushed: {}.", problem.failure.brief()),
                remedy: problem.failure.remedy().into(),
                since: problem.since,
            }));
            let away = self.parts.cluster.away();
            problems.extend(away.iter().map(|(since, reason)| {
                SyncProblem {
                    what: format!("The cluster is away: {reason}."),
                    remedy:
                        "Check that its API server runs. Denshimon tries again by itself; the records stay as they are."
                            .into(),
                    since: *since,
                }
            }));
            if away.is_none() {
                problems.extend(unfollowed(&kinds));
            }
            problems.extend(pages.obstructed.iter().filter(|(path, _)| sees(path)).map(|(path, since)| SyncProblem {
                what: format!("No record can lie at {path}: another file or folder is in the way."),
                remedy: "Move that file away in the repository. The resource is recorded when it next changes.".into(),
                since: *since,
            }));
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
                },
                kinds,
                waiting: u32::try_from(pages.waiting).unwrap_or(u32::MAX),
                lag_milliseconds: pages.lag_milliseconds,
                problems,
                held_deletions: pages.held.iter().filter(|path| sees(path)).cloned().collect(),
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

    /// Says where a resource's record stands; from memory, so cheap enough for lists.
    pub(crate) fn record_of(&self, resource: &ResourceRef) -> RecordInfo {
        self.parts.recorder.book.record_of(resource)
    }

    /// Tries again now what failed: commits and pushes.
    ///
    /// # Errors
    /// [`Error::NotAllowed`].
    pub async fn retry_sync(&self, caller: &Caller) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        self.parts.repository.retry();
        self.parts.recorder.steer(super::Steering::Retry).await
    }

    /// Commits now what waits for an actor's silence; returns once it is committed, or failed to be.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::Unavailable`] when the engine is stopping.
    pub async fn commit_now(&self, caller: &Caller) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        self.parts.recorder.steer(super::Steering::CommitNow).await
    }

    /// Deletes the held records, in one commit that names the caller.
    ///
    /// # Errors
    /// [`Error::NotAllowed`].
    pub async fn approve_deletions(&self, caller: &Caller) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        self.parts.recorder.steer(super::Steering::Approve { by: caller.actor().to_string() }).await
    }

    /// Keeps the held records although their resources are gone, until the next start asks again.
    ///
    /// # Errors
    /// [`Error::NotAllowed`].
    pub async fn refuse_deletions(&self, caller: &Caller) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        self.parts.recorder.steer(super::Steering::Refuse).await
    }
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
        what: format!("{} cannot be followed: {reason}", listed(&names)),
        remedy:
            "Check that the cluster runs and that Denshimon may list and watch what is to be recorded; a kind that \
                 nobody wants recorded can be left out below. The records stay as they are."
                .into(),
        since,
    };
    by_reason.into_iter().map(problem).collect()
}

/// `A`, `A and B`, `A, B, C and 7 more kinds`.
fn listed(names: &[String]) -> String {
    const NAMED: usize = 3;
    let (named, others) = names.split_at(names.len().min(NAMED));
    match (named, others.len()) {
        ([one], 0) => one.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (named, 1) => format!("{} and 1 more kind", named.join(", ")),
        (named, more) => format!("{} and {more} more kinds", named.join(", ")),
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
