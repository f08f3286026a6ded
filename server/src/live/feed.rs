//! What a page hears of: changes it may see, a burst as one.

use std::pin::Pin;
use std::time::Duration;

use engine::{Caller, Engine, Error};
use futures::{Stream, StreamExt};
use model::deployment::DeploymentRef;
use model::sync::{RecordInfo, SyncChip};
use tokio::sync::watch;
use tokio::time::Instant;

/// What a page is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Notice {
    /// The sync state has changed.
    Sync,
    /// What the page shows has changed.
    Change,
}

/// What a stream is about.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    Deployment(DeploymentRef),
    Deployments,
    Sync,
}

/// Listens to the engine for one page.
pub(super) struct Feed {
    changes: Pin<Box<dyn Stream<Item = ()> + Send>>,
    sync: watch::Receiver<SyncChip>,
    records: Option<Records>,
}

/// The records that are part of a page; they change after the Deployments themselves.
struct Records {
    engine: Engine,
    caller: Caller,
    /// `None` for the list of all.
    target: Option<DeploymentRef>,
    shown: Option<RecordInfo>,
    recorded: u64,
}

impl Notice {
    /// Returns the event's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Change => "change",
        }
    }
}

impl Feed {
    /// Begins to listen.
    ///
    /// # Errors
    /// The caller may not see the subject.
    pub(super) fn new(engine: &Engine, caller: &Caller, subject: &Subject) -> Result<Self, Error> {
        let changes: Pin<Box<dyn Stream<Item = ()> + Send>> = match subject {
            Subject::Deployment(target) => Box::pin(engine.deployment_changes(caller, Some(target))?),
            Subject::Deployments => Box::pin(engine.deployment_changes(caller, None)?),
            Subject::Sync => Box::pin(engine.status_changes()),
        };
        let records = match subject {
            Subject::Deployment(target) => Some(Records::of(engine, caller, Some(target))),
            Subject::Deployments => Some(Records::of(engine, caller, None)),
            Subject::Sync => None,
        };
        Ok(Self { changes, sync: engine.sync_changes(), records })
    }

    /// Waits for something the page shows, then a moment longer, so that a burst is one notice; `None` at the end.
    pub(super) async fn next(&mut self, pace: Duration) -> Option<Notice> {
        let mut notice = self.hear().await?;
        let deadline = Instant::now() + pace;
        while let Ok(more) = tokio::time::timeout_at(deadline, self.hear()).await {
            notice = notice.max(more?);
        }
        Some(notice)
    }

    async fn hear(&mut self) -> Option<Notice> {
        tokio::select! {
            changed = self.changes.next() => changed.map(|()| Notice::Change),
            changed = self.sync.changed() => {
                let on_page = self.records.as_mut().is_some_and(Records::have_changed);
                changed.is_ok().then_some(if on_page { Notice::Change } else { Notice::Sync })
            }
        }
    }
}

impl Records {
    fn of(engine: &Engine, caller: &Caller, target: Option<&DeploymentRef>) -> Self {
        let (engine, caller, target) = (engine.clone(), caller.clone(), target.cloned());
        let mut records = Self { engine, caller, target, shown: None, recorded: 0 };
        records.have_changed();
        records
    }

    /// Looks again, and tells whether they say something new.
    fn have_changed(&mut self) -> bool {
        let Some(target) = &self.target else {
            let before = std::mem::replace(&mut self.recorded, self.engine.deployments_recorded());
            return before != self.recorded;
        };
        let now = self.engine.deployment_record(&self.caller, target).ok();
        let changed = now != self.shown;
        self.shown = now;
        changed
    }
}
