//! Children that never outlive this process, each with a log file of its own.

use std::{
    fs::File,
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::sync::watch;

use crate::progress::say;

/// How many lines of a log are shown when its component dies.
const TAIL_LINES: usize = 30;

/// A running child. Dropping it kills it and whatever it started.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    log: PathBuf,
    pid: libc::pid_t,
    expected: Arc<AtomicBool>,
    exit: watch::Receiver<Option<ExitStatus>>,
}

impl Process {
    /// Starts `command` in a process group of its own, so that Ctrl-C in a terminal reaches only the sandbox, which
    /// then ends its children in the right order.
    pub(crate) fn spawn(name: &'static str, mut command: Command, log: &Path) -> Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).process_group(0);
        end_with_parent(&mut command);
        let child = spawn_on_lasting_thread(command).with_context(|| format!("start {name}"))?;
        let pid = child.id().cast_signed();
        let expected = Arc::new(AtomicBool::new(false));
        let (sender, exit) = watch::channel(None);
        let reaper = Reaper { name, child, sender, expected: Arc::clone(&expected), log: log.to_owned() };
        std::thread::Builder::new().name(format!("wait-{name}")).spawn(move || reaper.wait())?;
        Ok(Self { name, log: log.to_owned(), pid, expected, exit })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn is_running(&self) -> bool {
        self.exit.borrow().is_none()
    }

    /// Waits for the end of the child.
    pub(crate) async fn exited(&self) -> Option<ExitStatus> {
        let mut exit = self.exit.clone();
        // The sender goes away only after it has sent.
        exit.wait_for(Option::is_some).await.ok().and_then(|status| *status)
    }

    /// Fails when the child has ended, with the end of its log.
    pub(crate) fn check(&self) -> Result<()> {
        match *self.exit.borrow() {
            None => Ok(()),
            Some(status) => anyhow::bail!("{} ended ({status}):\n{}", self.name, tail(&self.log)),
        }
    }

    /// Asks the child to end, and kills it after `grace`.
    pub(crate) async fn stop(&self, grace: Duration) {
        self.expected.store(true, Ordering::SeqCst);
        self.signal(libc::SIGTERM);
        if tokio::time::timeout(grace, self.exited()).await.is_err() {
            self.signal(libc::SIGKILL);
            self.exited().await;
        }
    }

    fn signal(&self, signal: libc::c_int) {
        // While nobody has reaped the child its number, which is that of its group, cannot belong to another process.
        // The borrow holds the lock that the reaper needs to announce that it is about to reap.
        let exit = self.exit.borrow();
        if exit.is_none() {
            // SAFETY: kill(2) takes plain numbers.
            unsafe { libc::kill(-self.pid, signal) };
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.expected.store(true, Ordering::SeqCst);
        self.signal(libc::SIGKILL);
        // Killed by the kernel within microseconds; a test that looks for children right after must find none.
        let deadline = std::time::Instant::now() + Duration::from_secs(5);
        while self.is_running() && std::time::Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let skipped = lines.len().saturating_sub(TAIL_LINES);
    lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
}

struct Reaper {
    name: &'static str,
    child: Child,
    sender: watch::Sender<Option<ExitStatus>>,
    expected: Arc<AtomicBool>,
    log: PathBuf,
}

impl Reaper {
    fn wait(mut self) {
        wait_without_reaping(self.child.id());
        let mut status = None;
        self.sender.send_modify(|exit| {
            // What the child had started is of its group and ends with it.
            // SAFETY: kill(2) takes plain numbers, and the group is still the child's, which is not reaped yet.
            unsafe { libc::kill(-self.child.id().cast_signed(), libc::SIGKILL) };
            status = self.child.wait().ok();
            *exit = Some(status.unwrap_or_default());
        });
        if !self.expected.load(Ordering::SeqCst) && status.is_none_or(|status| !status.success()) {
            let status = status.map_or_else(|| "unknown".to_owned(), |status| status.to_string());
            say(&format!("{} died ({status}); the end of {}:\n{}", self.name, self.log.display(), tail(&self.log)));
        }
    }
}

fn wait_without_reaping(pid: u32) {
    loop {
        // SAFETY: siginfo_t is plain data that waitid(2) fills; all zeroes is a valid value.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        // SAFETY: `info` lives through the call, the rest are plain numbers.
        let result = unsafe { libc::waitid(libc::P_PID, pid, &raw mut info, libc::WEXITED | libc::WNOWAIT) };
        if result == 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return;
        }
    }
}

/// Has the kernel kill the child when this process ends, however it ends.
fn end_with_parent(command: &mut Command) {
    let parent = std::process::id().cast_signed();
    // SAFETY: between fork and exec the closure makes two system calls and allocates nothing.
    unsafe {
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                return Err(io::Error::last_os_error());
            }
            // The parent may have ended before the call above.
            if libc::getppid() != parent {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            Ok(())
        });
    }
}

type Request = (Command, mpsc::Sender<io::Result<Child>>);

/// The parent-death signal is sent when the *thread* that made the child ends, so all children are made by one
/// thread that lasts as long as the process; a worker thread of an asynchronous runtime may end earlier.
fn spawn_on_lasting_thread(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<mpsc::Sender<Request>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, receiver) = mpsc::channel::<Request>();
        std::thread::spawn(move || {
            for (mut command, answer) in receiver {
                // Whoever asked may be gone; its child then ends unseen.
                let _ = answer.send(command.spawn());
            }
        });
        sender
    });
    let (answer, child) = mpsc::channel();
    spawner.send((command, answer)).map_err(io::Error::other)?;
    child.recv().map_err(io::Error::other)?
}
