//! The one writer of the `base_infrastructure` repository.
//!
//! A bare repository in the data directory, without a work tree. One thread commits, another talks to the remote, a third
//! tidies up, so that neither holds up a commit; whoever reads opens a handle of their own.

mod beside;
mod commit;
mod credentials;
mod decide;
mod failure;
mod folder;
mod foreign;
mod identity;
mod join;
mod lacking;
mod limits;
mod log;
mod lookup;
mod maintain;
mod objects;
mod pack;
mod prepare;
mod prune;
mod publish;
mod push;
mod replay;
mod rewrites;
mod search;
mod sign;
#[cfg(test)]
mod tests;
mod transport;
mod tree;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use git2::Repository as Git;
use model::Timestamp;
use model::git::CommitId;
use model::sync::{PushReport, RemoteChoice};
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use commit::{Before, FileEdit, NewCommit, blob_id};
pub(crate) use failure::{PushFailure, RepositoryError};
pub(crate) use identity::{Identity, one_line};
pub(crate) use log::{LogFilter, LogLine, RecordedFile, split_message};
pub(crate) use lookup::{Files, NoFile};
pub(crate) use rewrites::Rewrites;

use credentials::Remote;
use publish::{Errand, Publisher};
use sign::Signer;
use writer::Order;

use crate::{EngineConfig, StartError};

/// So long a first start waits for a remote whose content it should build on.
const FIRST_FETCH: Duration = Duration::from_secs(15);

/// The file with what the recorder knows.
const ORIGINS: &str = "origins";

/// The repository; cheap to clone.
#[derive(Clone)]
pub(crate) struct Repository {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    names: Arc<Names>,
    remote: Option<Remote>,
    orders: mpsc::UnboundedSender<Order>,
    errands: Option<std::sync::mpsc::Sender<Errand>>,
    publication: watch::Receiver<Publication>,
    happened: std::sync::Mutex<Option<mpsc::UnboundedReceiver<Happened>>>,
    cache: Arc<log::LogCache>,
}

/// The references that Denshimon keeps.
#[derive(Debug)]
struct Names {
    branch: String,
    /// What the remote is known to have.
    tracking: String,
    /// What the last fetch brought.
    fetched: String,
    /// There was a push to some remote.
    published: String,
    /// What the ledger knows.
    linked: String,
}

/// How far the remote is behind, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Publication {
    pub(crate) remote_head: Option<CommitId>,
    /// Commits that the remote lacks.
    pub(crate) ahead: u32,
    pub(crate) last_push: Option<PushReport>,
    pub(crate) failure: Option<Problem>,
}

/// Why pushing fails, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) failure: PushFailure,
    pub(crate) since: Timestamp,
}

/// What the recorder has to learn from the publisher, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    /// The branch moved to commits of others, and our own were made again on top.
    Moved(Rewrites),
    /// What a replay could not write, since something else is in its place.
    Obstructed(Vec<String>),
    /// The remote has these.
    Pushed(Vec<CommitId>),
}

impl Publication {
    /// Lists what a person may decide about the remote.
    pub(crate) fn choices(&self) -> &'static [RemoteChoice] {
        self.failure.map_or(&[], |problem| problem.failure.choices())
    }
}

impl Repository {
    /// Opens the repository, or makes it, and starts its three threads; [`Repository::close`] ends them.
    ///
    /// # Errors
    /// It cannot be opened, or the remote's address or the signing key cannot be used. A remote that does not answer is no
    /// error.
    pub(crate) async fn open(config: &EngineConfig) -> Result<Self, StartError> {
        let path = config.data_dir.join("repository.git");
        let branch = config.repository.branch.as_str().to_owned();
        let url = config.repository.remote.clone();
        let remote = url.as_ref().map(|url| Remote::new(url, &config.repository.credentials)).transpose()?;
        let signer = config.repository.signing_key_file.as_deref().map(Signer::read).transpose()?;
        let names = Arc::new(Names {
            tracking: format!("refs/remotes/origin/{branch}"),
            fetched: "refs/denshimon/fetched".into(),
            published: "refs/denshimon/published".into(),
            linked: format!("refs/denshimon/linked/{branch}"),
            branch: format!("refs/heads/{branch}"),
        });
        let place = path.clone();
        let known = names.clone();
        let handles = tokio::task::spawn_blocking(move || {
            let git = prepare::open(&place, &known, url.as_ref())?;
            Ok::<_, git2::Error>((git, Git::open_bare(&place)?))
        });
        let (writing, publishing) = handles
            .await
            .map_err(|_| StartError::Repository("The repository could not be opened.".into()))?
            .map_err(|error| prepare::cannot_open(&path, &error))?;

        let (orders, taken) = mpsc::unbounded_channel();
        let (state, publication) = watch::channel(Publication::default());
        let (tell, happened) = mpsc::unbounded_channel();
        let writer_names = names.clone();
        let (tidy, looks) = std::sync::mpsc::sync_channel(1);
        spawn("denshimon-commit", move || writer::run(writing, &writer_names, signer.as_ref(), taken, &tidy))?;
        let tidied = path.clone();
        spawn("denshimon-tidy", move || maintain::run(&tidied, &looks))?;
        let errands = match remote.clone() {
            None => None,
            Some(remote) => {
                let publisher = Publisher {
                    git: publishing,
                    names: names.clone(),
                    remote,
                    clock: config.clock.clone(),
                    writer: orders.clone(),
                    state,
                    happened: tell,
                    counted: None,
                    left_at: None,
                };
                Some(begin_publishing(publisher).await?)
            }
        };
        let happened = std::sync::Mutex::new(Some(happened));
        Ok(Self {
            inner: Arc::new(Inner {
                path,
                names,
                remote,
                orders,
                errands,
                publication,
                happened,
                cache: Arc::default(),
            }),
        })
    }

    /// Makes commits in one step; each gives its id, or `None` when it would change nothing.
    ///
    /// # Errors
    /// [`RepositoryError`]; then nothing was committed.
    pub(crate) async fn commit(&self, commits: Vec<NewCommit>) -> Result<Vec<Option<CommitId>>, RepositoryError> {
        let made = self.order(|reply| Order::Commit { commits, reply }).await?;
        self.send(Errand::Nudge);
        Ok(made)
    }

    /// Notes that the ledger knows everything up to a commit.
    pub(crate) async fn mark_linked(&self, commit: CommitId) -> Result<(), RepositoryError> {
        self.order(|reply| Order::MarkLinked { commit, reply }).await
    }

    /// Forgets rewritten commits, once the ledger has them.
    pub(crate) async fn forget_rewrites(&self, told: Rewrites) -> Result<(), RepositoryError> {
        self.order(|reply| Order::ForgetRewrites { told, reply }).await
    }

    /// Keeps what the recorder knows, for the next start.
    pub(crate) async fn keep_origins(&self, text: String) -> Result<(), RepositoryError> {
        let path = self.inner.path.clone();
        let written = tokio::task::spawn_blocking(move || beside::write(&path, ORIGINS, &text));
        Ok(written.await.map_err(|_| RepositoryError::Closed)??)
    }

    /// Tells how far the remote is behind; changes with it.
    pub(crate) fn publication(&self) -> watch::Receiver<Publication> {
        self.inner.publication.clone()
    }

    /// Takes the one stream of what the publisher did; `None` the second time.
    pub(crate) fn take_happened(&self) -> Option<mpsc::UnboundedReceiver<Happened>> {
        self.inner.happened.lock().ok().and_then(|mut slot| slot.take())
    }

    /// Tries to push at once.
    pub(crate) fn retry(&self) {
        self.send(Errand::Retry);
    }

    /// Does what a person decided about a remote with another history.
    pub(crate) fn decide(&self, choice: RemoteChoice) {
        self.send(Errand::Decide(choice));
    }

    /// Pushes what waits, within the time, and ends both threads.
    pub(crate) async fn close(&self, grace: Duration) {
        let (done, pushed) = oneshot::channel();
        self.send(Errand::Flush(done));
        if self.inner.errands.is_some() && tokio::time::timeout(grace, pushed).await.is_err() {
            tracing::warn!("the remote did not take the last commits in time; they are pushed after the next start");
        }
        if let Some(remote) = &self.inner.remote {
            remote.close();
        }
        self.send(Errand::Close);
        let _ = self.inner.orders.send(Order::Close);
    }

    /// Runs something that reads, with a handle of its own and off the runtime's threads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Git, &Reading) -> Result<T, RepositoryError> + Send + 'static,
    ) -> Result<T, RepositoryError> {
        let reading =
            Reading { path: self.inner.path.clone(), names: self.inner.names.clone(), cache: self.inner.cache.clone() };
        let task = tokio::task::spawn_blocking(move || {
            let git = Git::open_bare(&reading.path)?;
            read(&git, &reading)
        });
        task.await.map_err(|_| RepositoryError::Closed)?
    }

    async fn order<T>(
        &self,
        make: impl FnOnce(oneshot::Sender<Result<T, RepositoryError>>) -> Order,
    ) -> Result<T, RepositoryError> {
        let (reply, answer) = oneshot::channel();
        self.inner.orders.send(make(reply)).map_err(|_| RepositoryError::Closed)?;
        answer.await.map_err(|_| RepositoryError::Closed)?
    }

    fn send(&self, errand: Errand) {
        if let Some(errands) = &self.inner.errands {
            let _ = errands.send(errand);
        }
    }
}

/// What a reader needs to know.
pub(crate) struct Reading {
    path: PathBuf,
    names: Arc<Names>,
    cache: Arc<log::LogCache>,
}

impl Reading {
    /// Returns the head, `None` before the first commit.
    pub(crate) fn head(&self, git: &Git) -> Result<Option<git2::Oid>, RepositoryError> {
        commit::head_of(git, &self.names.branch)
    }

    /// Returns the newest commit that the ledger knows.
    pub(crate) fn linked(&self, git: &Git) -> Result<Option<git2::Oid>, RepositoryError> {
        commit::head_of(git, &self.names.linked)
    }

    /// Returns what the remote is known to have.
    pub(crate) fn remote_head(&self, git: &Git) -> Result<Option<git2::Oid>, RepositoryError> {
        commit::head_of(git, &self.names.tracking)
    }

    /// Lists the files under a folder at the head.
    pub(crate) fn files_under(&self, git: &Git, folder: &str) -> Result<Files, RepositoryError> {
        lookup::files_under(git, &self.names.branch, folder)
    }

    /// Reads a blob; `None` when it is not a text of a record's size.
    pub(crate) fn text_of(&self, git: &Git, blob: git2::Oid) -> Result<Option<String>, RepositoryError> {
        lookup::text_of(git, blob, manifest::MAX_BYTES)
    }

    /// Returns a file's blob at the head.
    pub(crate) fn blob_at(&self, git: &Git, path: &str) -> Result<Option<git2::Oid>, RepositoryError> {
        lookup::blob_at(git, &self.names.branch, path)
    }

    /// Reads a file at the head; `None` when it is not there or not a text of a record's size.
    pub(crate) fn record_text(&self, git: &Git, path: &str) -> Result<Option<String>, RepositoryError> {
        lookup::text_at(git, &self.names.branch, path)
    }

    /// Reads what was kept of what the recorder knows.
    pub(crate) fn kept_origins(&self) -> Result<Option<String>, RepositoryError> {
        Ok(beside::read(&self.path, ORIGINS)?)
    }

    /// Reads the rewritten commits that the ledger may not know.
    pub(crate) fn rewrites(&self) -> Result<Rewrites, RepositoryError> {
        Rewrites::waiting(&self.path)
    }
}

/// Starts the publisher, which first looks at what the remote holds; an answer is awaited only for a while.
async fn begin_publishing(mut publisher: Publisher) -> Result<std::sync::mpsc::Sender<Errand>, StartError> {
    let (errands, taken) = std::sync::mpsc::channel();
    let (begun, ready) = oneshot::channel();
    spawn("denshimon-push", move || {
        if let Err(failure) = publisher.begin() {
            tracing::warn!(reason = failure.brief(), "the remote could not be read at the start");
        }
        let _ = begun.send(());
        publisher.run(&taken);
    })?;
    let _ = tokio::time::timeout(FIRST_FETCH, ready).await;
    let _ = errands.send(Errand::Nudge);
    Ok(errands)
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StartError> {
    let started = std::thread::Builder::new().name(name.into()).spawn(work);
    started.map(drop).map_err(|_| StartError::Repository("The system gives no thread for the repository.".into()))
}
