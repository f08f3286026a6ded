//! The sync engine: what the watches see becomes commits.
//!
//! Level-triggered: each state that is seen is compared with the record at the head, and equal means nothing to do. A
//! change waits for a short silence of its actor, is committed, and only then entered in the ledger, which can be
//! made anew from the commits' trailers.

mod attribute;
mod audited;
mod book;
mod chip;
mod commits;
mod committed;
mod content;
mod counts;
mod ending;
mod figures;
mod journal;
mod late;
mod malformed;
mod missed;
mod observe;
mod obstructed;
mod origins;
mod owed;
mod page;
mod people;
mod plan;
mod plot;
mod preview;
mod recover;
mod restarts;
mod sample;
mod status;
mod sweep;
#[cfg(test)]
mod tests;
mod texts;
mod totals;
mod trailers;
mod values;
mod versions;
mod window;
mod work;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use model::user::Scope;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit::AuditEvents;
use crate::cluster::{Lister, Observed};
use crate::ignoring::Ignored;
use crate::ledger::Ledger;
use crate::repository::Repository;
use crate::sealing::Sealer;
use crate::{EngineConfig, Error, StartError, panics};

use book::Book;
pub use figures::SyncHistograms;
use journal::Journal;
use people::Known;
pub(crate) use preview::preview;
pub use totals::{KindTotals, SyncTotals};
pub(crate) use versions::recorded_versions;
use work::Work;

/// The recorder; cheap to clone.
#[derive(Clone)]
pub(crate) struct Recorder {
    book: Arc<Book>,
    orders: mpsc::Sender<Order>,
}

/// What the recorder goes by.
pub(crate) struct Sources {
    pub(crate) observed: mpsc::Receiver<Observed>,
    pub(crate) audit: AuditEvents,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) ignored: Arc<Ignored>,
    pub(crate) lister: Lister,
    /// People's files as they were read before.
    pub(crate) files: Arc<Known>,
}

/// What a person may tell the recorder.
#[derive(Clone, Debug)]
enum Steering {
    Retry,
    CommitNow,
    Approve { by: String },
    Refuse,
    RecordAgain,
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
        sources: Sources,
        stopping: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Result<Self, StartError> {
        let book = Book::new(config.cluster.name.clone(), config.repository.path.clone(), config.clock.now());
        let book = Arc::new(book);
        let (orders, taken) = mpsc::channel(16);
        let (observed, journal) = (sources.observed, Journal::new(ledger));
        let rules = (sources.sealer, sources.ignored);
        let mut work = Work::new(config, book.clone(), repository, journal, sources.audit, rules, sources.lister);
        work.files = sources.files;
        work.recover().await?;
        let (pages, clock, stopping) = (book.clone(), config.clock.clone(), stopping.clone());
        tasks.spawn(async move {
            if panics::caught("recorder", work.run(observed, taken, stopping)).await.is_none() {
                pages.give_up(clock.now());
            }
        });
        Ok(Self { book, orders })
    }

    /// Counts the resources that each rule leaves out, or parts of, in these namespaces or everywhere.
    pub(crate) fn resources_by_rule(&self, scope: &Scope) -> HashMap<Arc<str>, u32> {
        let folder = self.book.folder();
        let sees = |path: &str| match scope {
            Scope::Everywhere => true,
            Scope::Namespaces(own) => own.iter().any(|own| path.starts_with(&format!("{folder}/{own}/"))),
        };
        let mut count: HashMap<Arc<str>, u32> = HashMap::new();
        let pages = self.book.pages();
        let changed = pages.records.iter().filter(|(_, record)| !record.left_out.is_empty());
        for (_, record) in changed.filter(|(path, _)| sees(path)) {
            let rules: BTreeSet<&Arc<str>> = record.left_out.iter().map(|left_out| &left_out.rule).collect();
            rules.into_iter().for_each(|rule| *count.entry(rule.clone()).or_default() += 1);
        }
        count
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
