//! The sync engine: what the watches see becomes commits.
//!
//! Level-triggered: each state that is seen is compared with the record at the head, and equal means nothing to do. A
//! change waits for a short silence of its actor, is committed, and only then entered in the ledger, which can be
//! made anew from the commits' trailers.

mod attribute;
mod book;
mod commits;
mod journal;
mod observe;
mod owed;
mod plan;
mod recover;
mod status;
mod sweep;
#[cfg(test)]
mod tests;
mod totals;
mod trailers;
mod window;
mod work;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cluster::Observed;
use crate::ledger::Ledger;
use crate::repository::Repository;
use crate::{EngineConfig, Error, StartError, panics};

use book::Book;
pub(crate) use book::folder_of;
use journal::Journal;
pub use totals::SyncTotals;
use work::Work;

/// The recorder; cheap to clone.
#[derive(Clone)]
pub(crate) struct Recorder {
    book: Arc<Book>,
    orders: mpsc::Sender<Order>,
}

/// What a person may tell the recorder.
#[derive(Clone, Debug)]
enum Steering {
    Retry,
    CommitNow,
    Approve { by: String },
    Refuse,
}

/// A word of a person, and where to say that it is done.
struct Order {
    steering: Steering,
    done: oneshot::Sender<()>,
}

impl Recorder {
    pub(crate) async fn start(
        config: &EngineConfig,
        repository: Repository,
        ledger: Ledger,
        observed: mpsc::Receiver<Observed>,
        stopping: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Result<Self, StartError> {
        let book = Book::new(config.cluster.name.clone(), config.repository.path.clone(), config.clock.now());
        let book = Arc::new(book);
        let (orders, taken) = mpsc::channel(16);
        let mut work = Work::new(config, book.clone(), repository, Journal::new(ledger));
        work.recover().await?;
        let (pages, clock, stopping) = (book.clone(), config.clock.clone(), stopping.clone());
        tasks.spawn(async move {
            if panics::caught("recorder", work.run(observed, taken, stopping)).await.is_none() {
                pages.give_up(clock.now());
            }
        });
        Ok(Self { book, orders })
    }

    /// Hands a word over and waits until it is done.
    async fn steer(&self, steering: Steering) -> Result<(), Error> {
        let (done, finished) = oneshot::channel();
        let away = |_| Error::unavailable("the sync engine", "it is stopping");
        self.orders
            .send(Order { steering, done })
            .await
            .map_err(|_| Error::unavailable("the sync engine", "it is stopping"))?;
        finished.await.map_err(away)
    }
}
