//! The program under test, kept running as a service manager would.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::{mpsc, oneshot};

const PASSWORD: &str = "correct horse battery";
/// How long the program may take to serve its first page.
const START: Duration = Duration::from_secs(60);
/// A service manager waits before it starts again what ended by itself.
const PAUSE: Duration = Duration::from_millis(500);
const ANSWER: Duration = Duration::from_secs(30);

/// What the program is started with, each time the same but for what is set meanwhile.
#[derive(Clone, Debug)]
pub struct Settings {
    pub binary: PathBuf,
    pub variables: Vec<(String, String)>,
    pub log: PathBuf,
    pub set: Arc<Mutex<BTreeMap<&'static str, &'static str>>>,
}

/// A running program; killed when it is dropped.
#[derive(Debug)]
pub struct Program {
    url: String,
    http: reqwest::Client,
    token: String,
    orders: mpsc::Sender<Order>,
    set: Arc<Mutex<BTreeMap<&'static str, &'static str>>>,
    ended: Arc<AtomicU32>,
}

enum Order {
    /// Kill it, and start it again when the second is sent or dropped.
    Kill(oneshot::Sender<()>, oneshot::Receiver<()>),
    Stop(oneshot::Sender<()>),
}

impl Program {
    /// Starts it and makes a token of the administrator's.
    pub async fn start(mut settings: Settings) -> Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let url = format!("http://127.0.0.1:{port}");
        settings.variables.push(("DENSHIMON_LISTEN".into(), format!("127.0.0.1:{port}")));
        settings.variables.push(("DENSHIMON_ADMIN_PASSWORD".into(), PASSWORD.into()));
        let (orders, taken) = mpsc::channel(1);
        let (ended, set) = (Arc::new(AtomicU32::new(0)), settings.set.clone());
        tokio::spawn(supervise(settings, taken, ended.clone()));
        let http = reqwest::Client::builder().timeout(ANSWER).build()?;
        let mut program = Self { url, http, token: String::new(), orders, set, ended };
        program.until_served().await?;
        program.token = program.make_token().await?;
        Ok(program)
    }

    /// Sets a variable from the next start on.
    pub fn set(&self, name: &'static str, value: &'static str) {
        self.set.lock().unwrap_or_else(PoisonError::into_inner).insert(name, value);
    }

    /// Kills it as the kernel does when memory is short; it is started again at once.
    pub async fn kill(&self) -> Result<()> {
        drop(self.kill_and_hold().await?);
        Ok(())
    }

    /// Kills it; it is started again when what is returned is dropped.
    pub async fn kill_and_hold(&self) -> Result<oneshot::Sender<()>> {
        let (killed, is_killed) = oneshot::channel();
        let (hold, held) = oneshot::channel();
        self.orders.send(Order::Kill(killed, held)).await?;
        is_killed.await?;
        Ok(hold)
    }

    /// Ends it as a service manager would.
    pub async fn stop(&self) -> Result<()> {
        let (stopped, is_stopped) = oneshot::channel();
        self.orders.send(Order::Stop(stopped)).await?;
        Ok(is_stopped.await?)
    }

    /// Counts how often it has ended by itself.
    pub fn ended(&self) -> u32 {
        self.ended.load(Ordering::Relaxed)
    }

    /// Waits until it serves.
    pub async fn until_served(&self) -> Result<()> {
        let deadline = Instant::now() + START;
        loop {
            let live = self.http.get(format!("{}/health/live", self.url)).send().await;
            if live.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("the program does not serve after {START:?}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sends a request and returns the answer.
    ///
    /// # Errors
    /// No answer, or one that is not JSON.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(StatusCode, Value)> {
        let request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        Ok((status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? }))
    }

    async fn make_token(&self) -> Result<String> {
        let session = json!({"username": "admin", "password": PASSWORD});
        let answer = self.post("/api/session", None, &session).await?;
        let cookie = answer.headers().get("set-cookie").context("a session's cookie")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let new = json!({"name": "chaos", "role": "admin", "expires_in_days": 7});
        let made: Value = self.post("/api/tokens", Some(&cookie), &new).await?.json().await?;
        Ok(made.get("token").and_then(Value::as_str).context("a token")?.to_owned())
    }

    async fn post(&self, path: &str, cookie: Option<&str>, body: &Value) -> Result<reqwest::Response> {
        let request = self.http.post(format!("{}{path}", self.url)).header("origin", &self.url).json(body);
        let request = match cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        };
        Ok(request.send().await?.error_for_status()?)
    }
}

/// Starts the program whenever it is not running.
async fn supervise(settings: Settings, mut orders: mpsc::Receiver<Order>, ended: Arc<AtomicU32>) -> Result<()> {
    loop {
        let mut child = start(&settings)?;
        tokio::select! {
            exit = child.wait() => {
                note(&settings.log, &format!("chaos: the program has ended by itself: {}", exit?))?;
                ended.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(PAUSE).await;
            }
            order = orders.recv() => match order {
                Some(Order::Kill(killed, held)) => {
                    child.kill().await?;
                    note(&settings.log, "chaos: killed")?;
                    // Whoever gave the order may have given up.
                    let _ = killed.send(());
                    let _ = held.await;
                }
                Some(Order::Stop(stopped)) => {
                    let id = child.id().context("it runs")?;
                    Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
                    child.wait().await?;
                    let _ = stopped.send(());
                    return Ok(());
                }
                None => return Ok(()),
            },
        }
    }
}

fn start(settings: &Settings) -> Result<tokio::process::Child> {
    let log = std::fs::File::options().create(true).append(true).open(&settings.log)?;
    let mut command = Command::new(&settings.binary);
    command.env_clear().envs(settings.variables.iter().map(|(name, value)| (name, value)));
    command.envs(&*settings.set.lock().unwrap_or_else(PoisonError::into_inner));
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
    Ok(command.spawn()?)
}

/// Writes a line into the program's log, to be found among what it says itself.
pub fn note(log: &Path, line: &str) -> Result<()> {
    use std::io::Write;
    let mut log = std::fs::File::options().create(true).append(true).open(log)?;
    writeln!(log, "{line}")?;
    Ok(())
}
