//! One sandbox for all test processes of the machine's user.
//!
//! It is a process of its own, `sandbox run-shared`, in `<cache>/sandbox`:
//!
//! - `lock` is held by whoever starts, joins or ends it;
//! - `alive` is held by the process for as long as it lives;
//! - `leases/*` are held by those who use it, one file each: the kernel lets go of them however a user ends;
//! - `state.json` says how to reach it, and exists while it can be joined.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    cache::{cache_dir, open_lock},
    certificates::write_secret,
    components::{self, kubectl_path},
    data_dir::DataDir,
    gitea::Gitea,
    process::tail,
    progress::say,
    sandbox::{Options, Sandbox},
    wait::wait_for,
};

const START: Duration = Duration::from_secs(120);
const END: Duration = Duration::from_secs(40);

/// A use of the shared sandbox, which stays for at least as long as this lives.
#[derive(Debug)]
pub struct SharedSandbox {
    state: State,
    _lease: Lease,
}

impl SharedSandbox {
    /// A kubeconfig file with every right, context `sandbox`.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.state.kubeconfig
    }

    /// The Gitea beside the cluster.
    #[must_use]
    pub fn gitea(&self) -> &Gitea {
        &self.state.gitea
    }

    /// The kubectl of the cluster's version.
    #[must_use]
    pub fn kubectl_path(&self) -> PathBuf {
        kubectl_path()
    }
}

/// Joins the shared sandbox, and starts it (with metrics-server, Gitea and three nodes) when none runs. It ends by
/// itself ten minutes after its last user.
///
/// # Errors
///
/// When the components cannot be built, the program `sandbox` is not built, or the sandbox does not come up.
pub async fn shared() -> Result<SharedSandbox> {
    components::build().await?;
    let dir = shared_dir()?;
    let _lock = lock(&dir).await?;
    let lease = Lease::take(&dir)?;
    if let Some(state) = State::of_running(&dir)? {
        return Ok(SharedSandbox { state, _lease: lease });
    }
    // One that is about to end cannot be joined any more.
    wait_until_gone(&dir).await?;
    say("starting the shared sandbox");
    let log = dir.join("shared.log");
    let mut child = spawn_detached(&log)?;
    // Nobody else would reap it, should it end before this process.
    let reaper = std::thread::spawn(move || child.wait());
    let started = wait_for("the shared sandbox is up", START, || async {
        Ok(State::of_running(&dir)?.is_some() || reaper.is_finished())
    })
    .await;
    let state = State::of_running(&dir)?;
    match (started, state) {
        (Ok(()), Some(state)) => Ok(SharedSandbox { state, _lease: lease }),
        _ => bail!("the shared sandbox did not start; the end of {}:\n{}", log.display(), tail(&log)),
    }
}

/// Ends the shared sandbox, if one runs.
///
/// # Errors
///
/// When it does not end within 40 s.
pub async fn stop_shared() -> Result<()> {
    let dir = shared_dir()?;
    let _lock = lock(&dir).await?;
    if let Some(state) = State::of_running(&dir)? {
        // SAFETY: kill(2) takes plain numbers. The process holds `alive`, so the number is still its own.
        unsafe { libc::kill(state.pid.cast_signed(), libc::SIGTERM) };
    }
    wait_until_gone(&dir).await
}

/// Runs the shared sandbox in this process until nobody has used it for `idle`.
///
/// # Errors
///
/// When it runs already, does not come up, or one of its components ends by itself.
pub async fn run_shared(idle: Duration) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let dir = shared_dir()?;
    let alive = open_lock(dir.join("alive"))?;
    if alive.try_lock().is_err() {
        bail!("the shared sandbox runs already");
    }
    let data = DataDir::open_emptied(&dir.join("data"))?;
    let options = Options { gitea: true, metrics: true, nodes: 3, data_dir: None, ..Options::default() };
    let sandbox = tokio::select! {
        sandbox = Sandbox::start_in(data, &options) => sandbox?,
        _ = terminate.recv() => return Ok(()),
    };
    let gitea = sandbox.gitea().context("the shared sandbox has a Gitea")?.clone();
    State { pid: std::process::id(), kubeconfig: sandbox.kubeconfig().to_owned(), gitea }.write(&dir)?;
    let end = tokio::select! {
        _ = terminate.recv() => Ok(()),
        result = wait_until_unused(&dir, idle) => result,
        name = sandbox.wait_for_death() => Err(anyhow::anyhow!("{name} ended by itself")),
    };
    // Where it ends for lack of users this is done already, under the lock.
    let _ = fs::remove_file(State::path(&dir));
    sandbox.stop().await?;
    end
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    pid: u32,
    kubeconfig: PathBuf,
    gitea: Gitea,
}

impl State {
    fn path(dir: &Path) -> PathBuf {
        dir.join("state.json")
    }

    /// That of the process that holds `alive`; nothing when there is none, or when it cannot be joined.
    fn of_running(dir: &Path) -> Result<Option<Self>> {
        if is_gone(dir)? {
            return Ok(None);
        }
        Ok(fs::read(Self::path(dir)).ok().and_then(|text| serde_json::from_slice(&text).ok()))
    }

    fn write(&self, dir: &Path) -> Result<()> {
        let incomplete = dir.join("state.json.incomplete");
        write_secret(&incomplete, &serde_json::to_string(self)?)?;
        Ok(fs::rename(incomplete, Self::path(dir))?)
    }
}

/// A file that is locked for as long as its maker lives.
#[derive(Debug)]
struct Lease {
    path: PathBuf,
    _file: File,
}

impl Lease {
    fn take(dir: &Path) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = dir.join("leases").join(format!("{}-{number}", std::process::id()));
        let file = open_lock(path.clone())?;
        file.try_lock().with_context(|| format!("lock {}", path.display()))?;
        Ok(Self { path, _file: file })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The process removes what is left of leases anyway.
        let _ = fs::remove_file(&self.path);
    }
}

fn shared_dir() -> Result<PathBuf> {
    Ok(cache_dir()?.join("sandbox"))
}

async fn lock(dir: &Path) -> Result<File> {
    let lock = open_lock(dir.join("lock"))?;
    tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await?.context("lock the shared sandbox")
}

/// Whether no process holds `alive`. What a killed one has left is removed.
fn is_gone(dir: &Path) -> Result<bool> {
    // A shared lock, so that two who look at once do not take one another for the process.
    Ok(open_lock(dir.join("alive"))?.try_lock_shared().is_ok())
}

async fn wait_until_gone(dir: &Path) -> Result<()> {
    wait_for("the shared sandbox has ended", END, || async { is_gone(dir) }).await?;
    let _ = fs::remove_file(State::path(dir));
    Ok(())
}

/// Returns when nobody has held a lease for `idle`; from then on nobody can join.
async fn wait_until_unused(dir: &Path, idle: Duration) -> Result<()> {
    let lock = open_lock(dir.join("lock"))?;
    let mut last_use = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        if lock.try_lock().is_err() {
            // Somebody joins.
            last_use = Instant::now();
            continue;
        }
        if is_leased(dir)? {
            last_use = Instant::now();
        } else if last_use.elapsed() > idle && since_lease(dir)? > idle {
            fs::remove_file(State::path(dir))?;
            return Ok(());
        }
        lock.unlock()?;
    }
}

/// How long ago a lease came or went: one that was held for a moment between two looks counts, too.
fn since_lease(dir: &Path) -> Result<Duration> {
    // A clock that was put back makes it no older.
    Ok(fs::metadata(dir.join("leases"))?.modified()?.elapsed().unwrap_or_default())
}

fn is_leased(dir: &Path) -> Result<bool> {
    let mut leased = false;
    for entry in fs::read_dir(dir.join("leases"))? {
        let path = entry?.path();
        // Its holder may have removed it since.
        let Ok(file) = File::open(&path) else { continue };
        if file.try_lock().is_err() {
            leased = true;
        } else {
            let _ = fs::remove_file(path);
        }
    }
    Ok(leased)
}

/// Starts `sandbox run-shared` in a session of its own, so that it outlives whoever starts it.
fn spawn_detached(log: &Path) -> Result<std::process::Child> {
    let output = File::create(log)?;
    let mut command = Command::new(sandbox_program()?);
    command.arg("run-shared").current_dir("/").stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    // SAFETY: between fork and exec the closure makes one system call and allocates nothing.
    unsafe {
        command.pre_exec(|| if libc::setsid() == -1 { Err(std::io::Error::last_os_error()) } else { Ok(()) });
    }
    command.spawn().context("start the shared sandbox")
}

/// The program `sandbox`, which lies beside this one or, for a test, one folder up.
fn sandbox_program() -> Result<PathBuf> {
    let current = std::env::current_exe()?;
    let folders = current.ancestors().skip(1).take(2);
    folders
        .map(|folder| folder.join("sandbox"))
        .find(|program| program.is_file())
        .with_context(|| format!("no program `sandbox` beside {}: run `cargo build` first", current.display()))
}
