//! What goes wrong, and how it is put right again.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use rand::Rng;

use crate::stage::{Stage, set_clock};

/// How many seconds the clock is ahead in turn; the program's token lives for days.
const JUMPS: [i64; 4] = [7_200, -600, 86_000, -7_200];
/// Once a second, as the busiest of colleagues.
const MOVES: Duration = Duration::from_secs(1);
/// What fills a disk comes in pieces of so many bytes.
const BALLAST: usize = 1 << 20;

/// Something that goes wrong for a while. The program is killed all the while, whatever else happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing but the kills.
    KillsAlone,
    RemoteCut,
    RemoteMoved,
    RemoteRefusesPassword,
    RemoteReadOnly,
    RemoteHidden,
    BranchProtected,
    HookRefuses,
    RemoteDiskFull,
    DiskFull,
    ApiServerRestarted,
    EtcdCompacted,
    EtcdStopped,
    WatchesBroken,
    AllSlow,
    ClockJumps,
}

impl Fault {
    pub const ALL: [Self; 16] = [
        Self::KillsAlone,
        Self::RemoteCut,
        Self::RemoteMoved,
        Self::RemoteRefusesPassword,
        Self::RemoteReadOnly,
        Self::RemoteHidden,
        Self::BranchProtected,
        Self::HookRefuses,
        Self::RemoteDiskFull,
        Self::DiskFull,
        Self::ApiServerRestarted,
        Self::EtcdCompacted,
        Self::EtcdStopped,
        Self::WatchesBroken,
        Self::AllSlow,
        Self::ClockJumps,
    ];

    /// Lets it go wrong for about so long, and puts it right.
    pub async fn inflict(self, stage: &Stage, lasting: Duration) -> Result<()> {
        let pause = || tokio::time::sleep(lasting);
        let remote = &stage.remote;
        match self {
            Self::KillsAlone => pause().await,
            Self::RemoteCut => {
                stage.to_remote.cut();
                pause().await;
                stage.to_remote.mend();
            }
            Self::RemoteMoved => move_the_remote(stage, lasting).await?,
            Self::RemoteRefusesPassword => {
                remote.set_password("something-else-1").await?;
                pause().await;
                remote.set_password(crate::remote::PASSWORD).await?;
            }
            Self::RemoteReadOnly => {
                remote.permit(Some("read")).await?;
                pause().await;
                remote.permit(Some("write")).await?;
            }
            Self::RemoteHidden => {
                remote.permit(None).await?;
                pause().await;
                remote.permit(Some("write")).await?;
            }
            Self::BranchProtected => {
                remote.protect(true).await?;
                pause().await;
                remote.protect(false).await?;
            }
            Self::HookRefuses => {
                remote.set_hook(true)?;
                pause().await;
                remote.set_hook(false)?;
            }
            Self::RemoteDiskFull => fill_for(&remote.folder.join("ballast"), lasting).await?,
            Self::DiskFull => fill_for(&stage.data.join("ballast"), lasting).await?,
            Self::ApiServerRestarted => stage.sandbox.lock().await.restart_api_server().await?,
            Self::EtcdCompacted => {
                stage.to_cluster.cut();
                let mut sandbox = stage.sandbox.lock().await;
                tokio::time::sleep(lasting / 4).await;
                sandbox.compact_etcd().await?;
                sandbox.restart_api_server().await?;
                stage.to_cluster.mend();
            }
            Self::EtcdStopped => {
                let mut sandbox = stage.sandbox.lock().await;
                sandbox.stop_etcd().await;
                pause().await;
                sandbox.start_etcd()?;
            }
            Self::WatchesBroken => {
                let end = Instant::now() + lasting;
                while Instant::now() < end {
                    stage.to_cluster.break_off();
                    let wait = rand::rng().random_range(100..700);
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
            }
            Self::AllSlow => {
                stage.to_cluster.slow_down();
                stage.to_remote.slow_down();
                pause().await;
                stage.to_cluster.mend();
                stage.to_remote.mend();
            }
            Self::ClockJumps => {
                for jump in JUMPS {
                    set_clock(&stage.clock, jump)?;
                    tokio::time::sleep(lasting / 4).await;
                }
                set_clock(&stage.clock, 0)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::KillsAlone => "kills alone",
            Self::RemoteCut => "remote cut off",
            Self::RemoteMoved => "remote moved by another each second",
            Self::RemoteRefusesPassword => "remote refuses the password",
            Self::RemoteReadOnly => "remote may only be read",
            Self::RemoteHidden => "remote may not be seen",
            Self::BranchProtected => "branch protected",
            Self::HookRefuses => "hook refuses",
            Self::RemoteDiskFull => "remote's disk full",
            Self::DiskFull => "own disk full",
            Self::ApiServerRestarted => "API server restarted",
            Self::EtcdCompacted => "etcd compacted (410)",
            Self::EtcdStopped => "etcd stopped",
            Self::WatchesBroken => "watches broken in mid-event",
            Self::AllSlow => "all slow",
            Self::ClockJumps => "clock jumps",
        })
    }
}

/// What others have pushed so far.
pub static NOTES: AtomicU32 = AtomicU32::new(0);

async fn move_the_remote(stage: &Stage, lasting: Duration) -> Result<()> {
    let end = Instant::now() + lasting;
    let mut ticks = tokio::time::interval(MOVES);
    while Instant::now() < end {
        ticks.tick().await;
        stage.remote.move_on(NOTES.load(Ordering::Relaxed) + 1).await?;
        NOTES.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Fills the disk that a file is on, and keeps it full for a while.
async fn fill_for(ballast: &Path, lasting: Duration) -> Result<()> {
    let end = Instant::now() + lasting;
    let mut file = File::create(ballast)?;
    let piece = vec![0; BALLAST];
    while Instant::now() < end {
        // What others free is filled again; the last bytes go one by one.
        let mut size = BALLAST;
        while size > 0 {
            match file.write(piece.get(..size).unwrap_or_default()) {
                Ok(1..) => {}
                _ => size /= 2,
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(file);
    Ok(std::fs::remove_file(ballast)?)
}
