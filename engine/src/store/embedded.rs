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
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use surrealdb::Surreal;
use surrealdb::engine::local::Db;
use surrealdb_cnf::ConfigMap;
use surrealdb_core::kvs::Datastore;
use surrealdb_core::options::EngineOptions;
use tokio::sync::{RwLock, RwLockReadGuard};

use super::connect::NAME;

/// SurrealKV would take half of the machine's memory: Denshimon's own data is small.
const CACHE_BYTES: usize = 16 << 20;
/// A buffer that is full and one that fills are in memory at a time.
const BUFFER_BYTES: usize = 16 << 20;
/// A segment of this size is to be ended. What it holds takes up to 1.6 times as much room in the buffer, where a small
/// entry has some fifty bytes of its own; beside it there has to be room for what is under way.
const SEGMENT_BYTES: u64 = 8 << 20;
/// What it takes to close it: a full buffer becomes a table.
const PATIENCE: Duration = Duration::from_secs(30);

/// A database in this process.
pub(super) struct Embedded {
    /// `None` after it was closed and could not be opened again.
    opened: RwLock<Option<Opened>>,
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

pub(super) struct Opened {
    pub(super) database: Surreal<Db>,
    datastore: Arc<Datastore>,
}

impl Embedded {
    /// Opens it.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub(super) async fn open(place: Place, lock: Option<File>) -> anyhow::Result<Self> {
        let follows_a_crash = place.segment_length() > 0;
        let mut opened = place.open().await?;
        if follows_a_crash {
            opened.end().await;
            opened = place.open().await?;
        }
        Ok(Self { opened: RwLock::new(Some(opened)), place, lock, is_torn: AtomicBool::new(false) })
    }

    /// Returns it for reading.
    ///
    /// # Errors
    /// It was closed and cannot be opened.
    pub(super) async fn for_reading(self: &Arc<Self>) -> anyhow::Result<RwLockReadGuard<'_, Opened>> {
        if self.opened.read().await.is_none() {
            self.begin_renewal().await?;
        }
        self.guarded().await
    }

    /// Returns it for a write, which has to end before what is returned is dropped.
    ///
    /// # Errors
    /// Nothing can be written: a write has failed, and the disk is still full.
    pub(super) async fn for_writing(self: &Arc<Self>) -> anyhow::Result<RwLockReadGuard<'_, Opened>> {
        if self.wants_renewal() || self.opened.read().await.is_none() {
            self.begin_renewal().await?;
        }
        self.guarded().await
    }

    async fn guarded(&self) -> anyhow::Result<RwLockReadGuard<'_, Opened>> {
        let opened = RwLockReadGuard::try_map(self.opened.read().await, Option::as_ref);
        opened.map_err(|_| anyhow::anyhow!("the store is closed"))
    }

    /// Closes it and opens it again, to the end even when who needs it goes away.
    async fn begin_renewal(self: &Arc<Self>) -> anyhow::Result<()> {
        let this = self.clone();
        tokio::spawn(async move { this.renew().await }).await?
    }

    async fn renew(&self) -> anyhow::Result<()> {
        let mut opened = self.opened.write().await;
        let is_safe = opened.is_some() && !self.is_torn.load(Ordering::Acquire);
        if is_safe && !self.wants_renewal() {
            return Ok(());
        }
        if !is_safe {
            // Without room it would not come back, and while it is open it can be read.
            self.place.check_room()?;
        }
        if let Some(closing) = opened.take() {
            closing.end().await;
        }
        *opened = Some(self.place.open().await?);
        self.is_torn.store(false, Ordering::Release);
        Ok(())
    }

    /// Notes that a write has failed.
    pub(super) fn tear(&self) {
        self.is_torn.store(true, Ordering::Release);
    }

    /// Writes everything to the disk and closes; what is asked afterwards fails.
    pub(super) async fn close(&self) {
        let opened = self.opened.read().await;
        if let Some(opened) = &*opened
            && let Err(error) = opened.datastore.shutdown().await
        {
            tracing::warn!(%error, "the store did not close cleanly; nothing that was answered is lost");
        }
        if let Some(Err(error)) = self.lock.as_ref().map(File::unlock) {
            tracing::warn!(%error, "the data directory stays locked until the process ends");
        }
    }

    fn wants_renewal(&self) -> bool {
        matches!(self.place, Place::Folder(_))
            && (self.is_torn.load(Ordering::Acquire) || self.place.segment_length() >= SEGMENT_BYTES)
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
            tracing::warn!("the store is still not closed; nothing that was answered is lost");
        }
    }
}

impl Place {
    async fn open(&self) -> anyhow::Result<Opened> {
        let path = match self {
            Self::Memory => "memory".to_owned(),
            // Each commit reaches the disk before it is answered.
            Self::Folder(folder) => format!("surrealkv://{}?sync=every", folder.display()),
        };
        let memory = [("surrealkv_block_cache_capacity", CACHE_BYTES), ("surrealkv_max_memtable_size", BUFFER_BYTES)];
        let memory =
            memory.iter().fold(ConfigMap::empty(), |map, (key, value)| map.with_key_value(*key, value.to_string()));
        // Live queries are not used: looking for their news ten times a second only keeps the processor awake.
        let options = EngineOptions { live_query_router_interval: Duration::from_secs(60), ..EngineOptions::default() };
        // The version is settled before anything else is written, as `surrealdb` itself does it.
        let datastore = Datastore::builder()
            .with_config(memory)
            .with_engine_options(options)
            .without_maintenance_tasks()
            .build_with_path(&path)
            .await?;
        datastore.check_version().await?;
        datastore.bootstrap().await?;
        datastore.start_maintenance_tasks();
        let database = Surreal::unstable_from_datastore(datastore.clone(), None).await?;
        database.use_ns(NAME).use_db(NAME).await?;
        Ok(Opened { database, datastore })
    }

    /// Returns the length in bytes of the log's newest segment, which an orderly close leaves empty.
    fn segment_length(&self) -> u64 {
        let Self::Folder(folder) = self else { return 0 };
        let files = std::fs::read_dir(folder.join("wal")).into_iter().flatten().flatten();
        let segments = files.filter(|file| file.path().extension().is_some_and(|kind| kind == "wal"));
        let newest = segments.max_by_key(std::fs::DirEntry::file_name);
        newest.and_then(|newest| newest.metadata().ok()).map_or(0, |newest| newest.len())
    }

    /// Makes sure that what is only in the log can be written into tables and read again.
    fn check_room(&self) -> io::Result<()> {
        let Self::Folder(folder) = self else { return Ok(()) };
        let room = folder.join("room");
        let written = write_zeros(&room, 2 * self.segment_length());
        let _ = std::fs::remove_file(&room);
        written
    }
}

fn write_zeros(file: &Path, bytes: u64) -> io::Result<()> {
    let mut file = File::create(file)?;
    io::copy(&mut io::repeat(0).take(bytes), &mut file)?;
    file.sync_all()
}
