//! GitOps -> Status: how far cluster and repository are in step, and what to do where they are not.

use model::ResourceRef;
use model::sync::{RecordInfo, RepositoryStatus, SyncChip, SyncProblem, SyncStatus, WatchState, WatchedKind};
use model::user::Scope;
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
            problems.extend(kinds.iter().filter_map(|WatchedKind { kind, state, .. }| {
                match state {
                    WatchState::Away { since, reason } if away.is_none() => Some(SyncProblem {
                        what: format!("{kind} cannot be followed: {reason}"),
                        remedy:
                            "Check that the cluster runs and that Denshimon may list and watch this kind. Its records \
                             stay as they are."
                                .into(),
                        since: *since,
                    }),
                    _ => None,
                }
            }));
            problems.extend(pages.obstructed.iter().filter(|(path, _)| sees(path)).map(|(path, since)| SyncProblem {
                what: format!("No record can lie at {path}: another file or folder is in the way."),
                remedy: "Move that file away in the repository. The resource is recorded when it next changes.".into(),
                since: *since,
            }));
            SyncStatus {
                chip: pages.chip(),
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
