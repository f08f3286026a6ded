//! The store in this process, kept so that a crash loses nothing of what was answered.
//!
//! SurrealKV 0.21 promises that of what its write-ahead log has, and breaks it in three places of its `lsm.rs` and `wal/`:
//! a transaction that meets a full buffer goes into the next one, while the log has it in a segment that is not read any
//! more once the full buffer is a table (`LsmCommitEnv::apply`); what follows a record that a full disk or a kill cut off
//! is thrown away when the log is mended (`repair_corrupted_wal_segment`); and a log that was mended at the start goes on
//! being written under its old, deleted file (`Core::new`). An orderly close writes all that there is into tables and
//! begins a new segment. So the store is closed and opened again before its buffer is full, after a write that failed, and
//! at a start that follows a crash.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use serde_json::Value;
use surrealdb::engine::local::Db;
use surrealdb::{IndexedResults, Surreal};
use surrealdb_cnf::ConfigMap;
use surrealdb_core::kvs::Datastore;
use tokio::sync::{RwLock, RwLockReadGuard};

use super::connect::NAME;
use super::{Access, first_cause, is_unwritten};

/// SurrealKV would take half of the machine's memory: Denshimon's own data is small.
const CACHE_BYTES: usize = 16 << 20;
/// Only what is used of it takes memory.
const BUFFER_BYTES: usize = 32 << 20;
/// A log of this size is to be ended. What it holds takes up to 1.6 times as much room in the buffer, where a small entry
/// has some fifty bytes of its own; beside it there has to be room for what is under way.
const LOG_BYTES: u64 = 8 << 20;
/// Beside what its log holds, this is written to close it and to open it again, and some more.
const ROOM_BYTES: u64 = 4 << 20;
/// It is waited for so long to be closed.
const PATIENCE: Duration = Duration::from_secs(30);
/// At the end, queries under way are waited for so long.
const QUERIES_END: Duration = Duration::from_secs(5);

/// A file that only reserves room, to see whether there is some.
const ROOM: &str = "room";

/// A database in this process.
pub(super) struct Embedded {
    state: RwLock<State>,
    place: Place,
    /// Keeps other processes out for as long as it is open.
    lock: Option<File>,
    /// A write has failed, and may have left half of itself in the log.
    is_torn: AtomicBool,
}

/// Where it lies.
pub(super) enum Place {
    Memory,
    Folder(PathBuf),
}

enum State {
    Open(Opened),
    /// It was closed to be opened again, which failed.
    Away,
    /// For good.
    Closed,
}

/// A handle, and what it stands on.
struct Opened {
    database: Surreal<Db>,
    datastore: Arc<Datastore>,
}

impl Embedded {
    /// Opens it.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub(super) async fn open(place: Place, lock: Option<File>) -> anyhow::Result<Self> {
        place.give_room_back();
        let state = State::Open(place.open_whole().await?);
        Ok(Self { state: RwLock::new(state), place, lock, is_torn: AtomicBool::new(false) })
    }

    /// Runs statements with variables and returns their answers, or the first error among them.
    ///
    /// # Errors
    /// It is closed, or nothing can be written: a write has failed, and the disk is still full.
    pub(super) async fn query(
        self: &Arc<Self>,
        access: Access,
        statements: &str,
        variables: Value,
    ) -> anyhow::Result<Result<IndexedResults, surrealdb::Error>> {
        match access {
            Access::Read => {
                let opened = self.opened().await?;
                Ok(opened.database.query(statements).bind(variables).await.and_then(first_cause))
            }
            // To the end, even when who asked goes away: a write that fails has to be noticed.
            Access::Write => {
                let (this, statements) = (self.clone(), statements.to_owned());
                tokio::spawn(async move { this.write(&statements, variables).await }).await?
            }
        }
    }

    async fn write(
        self: &Arc<Self>,
        statements: &str,
        variables: Value,
    ) -> anyhow::Result<Result<IndexedResults, surrealdb::Error>> {
        if self.wants_renewal() {
            self.renew().await?;
        }
        let opened = self.opened().await?;
        let answer = opened.database.query(statements).bind(variables).await.and_then(first_cause);
        let is_unwritten = answer.as_ref().err().is_some_and(is_unwritten);
        if is_unwritten {
            self.is_torn.store(true, Ordering::Release);
        }
        drop(opened);
        if self.is_torn.load(Ordering::Acquire) {
            // What was written behind a write that failed, at the same time, is safe only after it.
            let renewed = self.renew().await;
            if !is_unwritten {
                renewed?;
            }
        }
        Ok(answer)
    }

    /// Returns it open until what is returned is dropped.
    async fn opened(self: &Arc<Self>) -> anyhow::Result<RwLockReadGuard<'_, Opened>> {
        let is_away = matches!(*self.state.read().await, State::Away);
        if is_away {
            let this = self.clone();
            tokio::spawn(async move { this.renew().await }).await??;
        }
        let opened = RwLockReadGuard::try_map(self.state.read().await, |state| match state {
            State::Open(opened) => Some(opened),
            State::Away | State::Closed => None,
        });
        opened.ok().context("the store is closed")
    }

    /// Closes it and opens it again, if it is to be.
    async fn renew(&self) -> anyhow::Result<()> {
        let mut state = self.state.write().await;
        match &*state {
            State::Closed => bail!("the store is closed"),
            State::Open(_) if !self.wants_renewal() => return Ok(()),
            State::Open(_) | State::Away => {}
        }
        if let Err(error) = self.place.check_room() {
            // Without room it would not come back, and while it is open it can be read. Its buffer takes as much again.
            let can_wait = matches!(*state, State::Open(_)) && !self.is_torn.load(Ordering::Acquire);
            return if can_wait && self.place.log_bytes() < 2 * LOG_BYTES { Ok(()) } else { Err(error) };
        }
        if let State::Open(closing) = std::mem::replace(&mut *state, State::Away) {
            closing.end().await;
        }
        *state = State::Open(self.place.open_whole().await?);
        self.is_torn.store(false, Ordering::Release);
        Ok(())
    }

    /// Writes everything to the disk and closes; what is asked afterwards fails.
    pub(super) async fn close(&self) {
        let Ok(mut state) = tokio::time::timeout(QUERIES_END, self.state.write()).await else {
            tracing::warn!(
                "the store is still asked and is not closed in order; the next start reads what its log has"
            );
            return;
        };
        if let State::Open(closing) = std::mem::replace(&mut *state, State::Closed) {
            closing.end().await;
        }
        if self.place.log_bytes() > 0 {
            tracing::warn!("the store was not closed in order; the next start reads what its log has");
            return;
        }
        if let Some(Err(error)) = self.lock.as_ref().map(File::unlock) {
            tracing::warn!(%error, "the data directory stays locked until the process ends");
        }
    }

    /// Has it as after a write that failed.
    #[cfg(test)]
    pub(super) fn tear(&self) {
        self.is_torn.store(true, Ordering::Release);
    }

    fn wants_renewal(&self) -> bool {
        let is_kept = matches!(self.place, Place::Folder(_));
        is_kept && (self.is_torn.load(Ordering::Acquire) || self.place.log_bytes() >= LOG_BYTES)
    }
}

impl Opened {
    /// Closes it: the engine's own task does so when nobody can ask any more, and gives it up when that is done.
    async fn end(self) {
        let Self { database, datastore } = self;
        let left = Arc::downgrade(&datastore);
        drop((database, datastore));
        let begun = Instant::now();
        while left.strong_count() > 0 && begun.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        if left.strong_count() > 0 {
            tracing::warn!("the store is still not closed");
        }
    }
}

impl Place {
    /// Opens it so that what is written from here on stands in a log of its own: one that has to be mended is ended first.
    async fn open_whole(&self) -> anyhow::Result<Opened> {
        let follows_a_crash = self.log_bytes() > 0;
        let opened = self.open().await?;
        if !follows_a_crash {
            return Ok(opened);
        }
        opened.end().await;
        ensure!(self.log_bytes() == 0, "what its log has cannot be written into tables; is the disk full?");
        self.open().await
    }

    async fn open(&self) -> anyhow::Result<Opened> {
        let path = match self {
            Self::Memory => "memory".to_owned(),
            // Each commit reaches the disk before it is answered.
            Self::Folder(folder) => format!("surrealkv://{}?sync=every", folder.display()),
        };
        let memory = [("surrealkv_block_cache_capacity", CACHE_BYTES), ("surrealkv_max_memtable_size", BUFFER_BYTES)];
        let memory =
            memory.iter().fold(ConfigMap::empty(), |map, (key, value)| map.with_key_value(*key, value.to_string()));
        // Nothing is used that its maintenance is for (live queries, feeds, indexes of counts and of words), and its writes
        // would go past the guard.
        let datastore =
            Datastore::builder().with_config(memory).without_maintenance_tasks().build_with_path(&path).await?;
        match Self::begin(datastore.clone()).await {
            Ok(database) => Ok(Opened { database, datastore }),
            Err(error) => {
                // A thread of its own would keep it locked.
                if let Err(error) = datastore.shutdown().await {
                    tracing::debug!(%error, "the store that could not be used was not closed in order");
                }
                Err(error)
            }
        }
    }

    /// The version is settled before anything else is written, as `surrealdb` itself does it.
    async fn begin(datastore: Arc<Datastore>) -> anyhow::Result<Surreal<Db>> {
        datastore.check_version().await?;
        datastore.bootstrap().await?;
        let database = Surreal::unstable_from_datastore(datastore, None).await?;
        database.use_ns(NAME).use_db(NAME).await?;
        Ok(database)
    }

    /// Returns how many bytes are in the log, which an orderly close leaves empty.
    fn log_bytes(&self) -> u64 {
        let Self::Folder(folder) = self else { return 0 };
        let files = std::fs::read_dir(folder.join("wal")).into_iter().flatten().flatten();
        let segments = files.filter(|file| file.path().extension().is_some_and(|kind| kind == "wal"));
        segments.filter_map(|segment| segment.metadata().ok()).map(|segment| segment.len()).sum()
    }

    /// Makes sure that what is only in the log can be written into tables and read again.
    fn check_room(&self) -> anyhow::Result<()> {
        let Self::Folder(folder) = self else { return Ok(()) };
        let bytes = 2 * self.log_bytes() + ROOM_BYTES;
        let room = File::create(folder.join(ROOM))?;
        let reserved = rustix::fs::fallocate(&room, FallocateFlags::empty(), 0, bytes);
        self.give_room_back();
        // Not every file system can reserve, and a file was made on it.
        if reserved != Err(Errno::OPNOTSUPP) {
            reserved.context("the disk is full, or cannot be written")?;
        }
        Ok(())
    }

    /// Removes the file that reserves room.
    fn give_room_back(&self) {
        if let Self::Folder(folder) = self {
            // It takes room only until the next time.
            let _ = std::fs::remove_file(folder.join(ROOM));
        }
    }
}
