//! Takes commits to the remote: one push at a time, what waits goes with the next, nothing is ever forced.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use git2::{AutotagOption, FetchOptions, Oid, Repository as Git, Sort};
use model::git::CommitId;
use model::sync::{PushReport, RemoteChoice};
use tokio::sync::{mpsc, oneshot, watch};

use super::commit::head_of;
use super::credentials::Remote;
use super::failure::{PushFailure, RepositoryError};
use super::lookup::commit_id;
use super::replay::{Replayed, Which};
use super::transport::with_access;
use super::writer::Order;
use super::{Happened, Names, Problem, Publication};
use crate::{Clock, panics};

/// So often is a branch that others move fetched and replayed before Denshimon pauses.
const ROUNDS: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What the publisher is asked for.
pub(super) enum Errand {
    /// There may be something to push.
    Nudge,
    /// A person says that the cause is gone.
    Retry,
    /// A person says what to do about a remote with another history.
    Decide(RemoteChoice),
    /// Push now and say when it is done, whatever came of it.
    Flush(oneshot::Sender<()>),
    Close,
}

/// The thread that talks to the remote.
pub(super) struct Publisher {
    pub(super) git: Git,
    pub(super) names: Arc<Names>,
    pub(super) remote: Remote,
    pub(super) clock: Clock,
    pub(super) writer: mpsc::UnboundedSender<Order>,
    pub(super) state: watch::Sender<Publication>,
    pub(super) happened: mpsc::UnboundedSender<Happened>,
    /// Where the last push left the remote's branch; `None` when that is to be asked.
    pub(super) left_at: Option<Oid>,
    /// How many commits lay between what the remote had and the head, when they were last counted.
    pub(super) counted: Option<(Option<Oid>, Oid, usize)>,
}

/// Why one attempt ended without success.
pub(super) enum Stop {
    Failed(PushFailure),
    /// The remote is elsewhere than was thought: fetch, replay, try again.
    Moved,
}

impl Publisher {
    /// Works until it is told to close.
    pub(super) fn run(mut self, errands: &Receiver<Errand>) {
        let mut pause = FIRST_PAUSE;
        let mut retry_at = None::<Instant>;
        loop {
            let errand = match retry_at {
                Some(at) => errands.recv_timeout(at.saturating_duration_since(Instant::now())),
                None => errands.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let mut chosen = None;
            let waiting = match errand {
                Ok(Errand::Close) | Err(RecvTimeoutError::Disconnected) => return,
                // A remote that is away is not asked for each commit; the pause decides.
                Ok(Errand::Nudge) if retry_at.is_some_and(|at| at > Instant::now()) => {
                    self.count_ahead();
                    continue;
                }
                Ok(Errand::Flush(done)) => Some(done),
                Ok(Errand::Retry) => {
                    let _ = self.keep_here(false);
                    None
                }
                Ok(Errand::Decide(choice)) => {
                    chosen = Some(choice);
                    None
                }
                Ok(Errand::Nudge) | Err(RecvTimeoutError::Timeout) => None,
            };
            let published = panics::caught_here("push", || {
                self.reopen();
                chosen.map_or(Ok(()), |choice| self.decide(choice))?;
                self.publish()
            });
            match published.unwrap_or(Err(PushFailure::Storage)) {
                Ok(()) => (pause, retry_at) = (FIRST_PAUSE, None),
                Err(failure) => {
                    self.report(failure);
                    // A push without an end in sight still tries now and then: people forget to press Retry.
                    let length = if failure.may_pass() { pause } else { LONGEST_PAUSE };
                    retry_at = Some(Instant::now() + length);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
            if let Some(done) = waiting {
                let _ = done.send(());
            }
        }
    }

    /// Takes a new handle: the old one keeps packs open that were joined since.
    fn reopen(&mut self) {
        if let Ok(git) = Git::open_bare(self.git.path()) {
            self.git = git;
        }
    }

    /// Fetches the remote's branch and builds on it; used before the first commit.
    pub(super) fn begin(&mut self) -> Result<(), PushFailure> {
        match self.fetch()? {
            Some(_) if !self.is_kept_here() => self.catch_up(),
            _ => Ok(()),
        }
    }

    fn publish(&mut self) -> Result<(), PushFailure> {
        if self.is_kept_here() {
            return Err(PushFailure::KeptHere);
        }
        for round in 0..ROUNDS {
            match self.push_all() {
                Ok(()) => return Ok(()),
                Err(Stop::Failed(failure)) => return Err(failure),
                Err(Stop::Moved) => {
                    if round > 1 {
                        std::thread::sleep(Duration::from_millis(20 << round));
                    }
                    self.catch_up()?;
                }
            }
        }
        Err(PushFailure::Outrun)
    }

    fn push_all(&mut self) -> Result<(), Stop> {
        while !self.push()? {}
        Ok(())
    }

    /// Pushes once, if the remote lacks something; tells whether it has all then.
    fn push(&mut self) -> Result<bool, Stop> {
        let known = self.known_remote_head()?;
        let Some(head) = head_of(&self.git, &self.names.branch).map_err(storage)? else { return Ok(true) };
        if known == Some(head) && self.state.borrow().failure.is_none() {
            self.count_ahead();
            return Ok(true);
        }
        // A push takes a while, and until it has ended the remote lacks the commits.
        self.count_ahead();
        let begun = Instant::now();
        let left = self.left_at.take();
        let reached = match &self.remote {
            Remote::Folder(_) => self.push_to_folder(known, head)?,
            Remote::Http(access) => self.push_over_http(access, known, left, head)?,
        };
        self.left_at = Some(reached);
        let commits = self.between(known, reached).map_err(storage)?;
        let commits: Vec<CommitId> = commits.into_iter().map(commit_id).collect::<Result<_, _>>().map_err(storage)?;
        self.git.reference(&self.names.tracking, reached, true, "denshimon: pushed").map_err(failed)?;
        self.git.reference(&self.names.published, reached, true, "denshimon: pushed").map_err(failed)?;
        let report = PushReport {
            at: self.clock.now(),
            milliseconds: u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX),
            commits: u32::try_from(commits.len()).unwrap_or(u32::MAX),
        };
        self.state.send_modify(|state| {
            state.failure = None;
            if report.commits > 0 {
                state.last_push = Some(report);
            }
        });
        if !commits.is_empty() {
            let _ = self.happened.send(Happened::Pushed(commits));
        }
        self.count_ahead();
        Ok(reached == head)
    }

    /// Fetches, and lets the writer replay what the remote lacks.
    fn catch_up(&mut self) -> Result<(), PushFailure> {
        let Some(there) = self.fetch()? else { return Ok(()) };
        let known = match self.known_remote_head() {
            Ok(known) => known,
            Err(Stop::Failed(failure)) => return Err(failure),
            Err(Stop::Moved) => None,
        };
        if let Some(known) = known
            && known != there
            && !self.git.graph_descendant_of(there, known).unwrap_or(false)
        {
            return Err(PushFailure::Rewritten);
        }
        self.replay(there, Which::Related)
    }

    /// Lets the writer make commits again on a head of the remote's.
    pub(super) fn replay(&mut self, there: Oid, which: Which) -> Result<(), PushFailure> {
        let arrived = self.arrived(there).map_err(|_| PushFailure::Storage)?;
        let (reply, answer) = oneshot::channel();
        self.writer.send(Order::Replay { onto: there, which, reply }).map_err(|_| PushFailure::Storage)?;
        let Replayed { rewritten, moved, obstructed } = match answer.blocking_recv() {
            Ok(Ok(replayed)) => replayed,
            Ok(Err(RepositoryError::Unrelated)) => return Err(PushFailure::Unrelated),
            Ok(Err(RepositoryError::Moved)) => return Ok(()),
            Ok(Err(error)) => {
                tracing::error!(error = %error, "commits cannot be replayed on the remote's head");
                return Err(PushFailure::Storage);
            }
            Err(_) => return Err(PushFailure::Storage),
        };
        let tracked = self.git.reference(&self.names.tracking, there, true, "denshimon: fetched");
        tracked.map_err(|_| PushFailure::Storage)?;
        if !arrived.is_empty() {
            let _ = self.happened.send(Happened::Pushed(arrived));
        }
        if moved {
            let _ = self.happened.send(Happened::Moved(rewritten));
        }
        if !obstructed.is_empty() {
            let _ = self.happened.send(Happened::Obstructed(obstructed));
        }
        self.count_ahead();
        Ok(())
    }

    /// Lists our commits below what others have put on top of them: the remote took a push whose answer was lost.
    fn arrived(&self, there: Oid) -> Result<Vec<CommitId>, RepositoryError> {
        let (Some(known), Some(head)) =
            (head_of(&self.git, &self.names.tracking)?, head_of(&self.git, &self.names.branch)?)
        else {
            return Ok(Vec::new());
        };
        match self.git.merge_base(head, there) {
            Ok(base) => self.between(Some(known), base)?.into_iter().map(commit_id).collect(),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Fetches the branch beside what is known of it; `None` when the remote has no such branch.
    pub(super) fn fetch(&self) -> Result<Option<Oid>, PushFailure> {
        let spec = format!("+{}:{}", self.names.branch, self.names.fetched);
        if let Ok(mut old) = self.git.find_reference(&self.names.fetched) {
            old.delete().map_err(|_| PushFailure::Storage)?;
        }
        let get = |address: &str| {
            let mut options = FetchOptions::new();
            options.download_tags(AutotagOption::None).update_fetchhead(false);
            self.git.remote_anonymous(address)?.fetch(&[spec.as_str()], Some(&mut options), None)
        };
        match &self.remote {
            Remote::Folder(path) => {
                self.open_folder().map_err(|stop| match stop {
                    Stop::Failed(failure) => failure,
                    Stop::Moved => PushFailure::Missing,
                })?;
                get(&path.to_string_lossy()).map_err(|_| PushFailure::Broken)?;
            }
            Remote::Http(access) => {
                with_access(access, || get(access.address.as_str()))
                    .map_err(|(failure, _)| failure.unwrap_or(PushFailure::Broken))?;
            }
        }
        head_of(&self.git, &self.names.fetched).map_err(|_| PushFailure::Storage)
    }

    pub(super) fn check_contains(&self, head: Oid, there: Oid) -> Result<(), Stop> {
        match self.git.graph_descendant_of(head, there) {
            Ok(true) => Ok(()),
            // Also when the remote's commit is not here at all.
            Ok(false) | Err(_) => Err(Stop::Moved),
        }
    }

    fn known_remote_head(&self) -> Result<Option<Oid>, Stop> {
        head_of(&self.git, &self.names.tracking).map_err(storage)
    }

    /// Lists the commits that the remote gains, oldest first.
    pub(super) fn between(&self, known: Option<Oid>, head: Oid) -> Result<Vec<Oid>, RepositoryError> {
        let mut walk = self.git.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
        walk.push(head)?;
        if let Some(known) = known {
            walk.hide(known)?;
        }
        Ok(walk.collect::<Result<_, _>>()?)
    }

    fn report(&mut self, failure: PushFailure) {
        let since = self.clock.now();
        tracing::warn!(reason = failure.brief(), "the commits could not be pushed");
        self.count_ahead();
        self.state.send_modify(|state| match &mut state.failure {
            Some(problem) if problem.failure == failure => {}
            slot => *slot = Some(Problem { failure, since }),
        });
    }

    /// Counts what the remote lacks; what was counted already is not walked through again.
    fn count_ahead(&mut self) {
        let head = head_of(&self.git, &self.names.branch).ok().flatten();
        let known = head_of(&self.git, &self.names.tracking).ok().flatten();
        let before = self.counted.filter(|(since, _, _)| *since == known);
        let count = |head| match before {
            Some((_, last, count)) if self.git.graph_descendant_of(head, last).is_ok_and(|it| it) || head == last => {
                self.between(Some(last), head).map(|new| count + new.len())
            }
            _ => self.between(known, head).map(|all| all.len()),
        };
        let ahead = head.and_then(|head| count(head).ok()).unwrap_or(0);
        self.counted = head.map(|head| (known, head, ahead));
        self.state.send_if_modified(|state| {
            let (remote_head, ahead) =
                (known.and_then(|id| commit_id(id).ok()), u32::try_from(ahead).unwrap_or(u32::MAX));
            let changed = state.ahead != ahead || state.remote_head != remote_head;
            (state.remote_head, state.ahead) = (remote_head, ahead);
            changed
        });
    }
}

impl From<PushFailure> for Stop {
    fn from(failure: PushFailure) -> Self {
        Self::Failed(failure)
    }
}

pub(super) fn storage(error: RepositoryError) -> Stop {
    tracing::error!(error = %error, "the repository in the data directory cannot be read");
    Stop::Failed(PushFailure::Storage)
}

pub(super) fn failed(error: git2::Error) -> Stop {
    storage(error.into())
}
