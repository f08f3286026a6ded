//! The program under measurement: started, signed in to, looked at from outside.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use reqwest::header::{ACCEPT, COOKIE, ORIGIN, SET_COOKIE};
use sandbox::Sandbox;
use serde_json::json;
use tokio::process::{Child, Command};

const PASSWORD: &str = "correct horse battery";

/// A running Denshimon with an administrator's session.
pub struct Program {
    pub url: String,
    pub started_in: Duration,
    pub place: Place,
    pub cookie: String,
    child: Child,
}

/// Where its commits go.
#[derive(Clone)]
pub struct Place {
    /// The bare repository in its data directory.
    pub repository: PathBuf,
    /// The remote with credentials, for git itself.
    pub remote: String,
    /// The remote's repository on this machine's disk, to be looked at without work for Gitea.
    pub remote_repository: PathBuf,
    pub http: reqwest::Client,
}

impl AsRef<Self> for Place {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl AsRef<Place> for Program {
    fn as_ref(&self) -> &Place {
        &self.place
    }
}

impl Program {
    /// Starts it and waits for the first page.
    pub async fn start(binary: &str, folder: &Path, sandbox: &Sandbox, remote: &str) -> anyhow::Result<Self> {
        let gitea = sandbox.gitea().context("the sandbox has a Gitea")?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let url = format!("http://127.0.0.1:{port}");
        let log = std::fs::File::create(folder.join("denshimon.log"))?;
        let began = Instant::now();
        let child = Command::new(binary)
            .env("KUBECONFIG", sandbox.kubeconfig())
            .env("DENSHIMON_LISTEN", format!("127.0.0.1:{port}"))
            .env("DENSHIMON_DATA_DIR", folder.join("data"))
            .env("DENSHIMON_CLUSTER_NAME", "bench")
            .env("DENSHIMON_COMMIT_WINDOW", "0s")
            .env("DENSHIMON_ADMIN_PASSWORD", PASSWORD)
            .env("DENSHIMON_REPOSITORY_URL", remote)
            .env("DENSHIMON_REPOSITORY_USERNAME", gitea.username())
            .env("DENSHIMON_REPOSITORY_TOKEN", gitea.token())
            .stdout(log.try_clone()?)
            .stderr(log)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let deadline = began + Duration::from_secs(60);
        loop {
            if http.get(format!("{url}/sign-in")).send().await.is_ok_and(|answer| answer.status().is_success()) {
                break;
            }
            if Instant::now() > deadline {
                bail!("no page in 60 s; its log is {}", folder.join("denshimon.log").display());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let started_in = began.elapsed();
        let answer = http
            .post(format!("{url}/api/session"))
            .header(ORIGIN, &url)
            .json(&json!({ "username": "admin", "password": PASSWORD }))
            .send()
            .await?
            .error_for_status()?;
        let cookie = answer.headers().get(SET_COOKIE).context("a session cookie")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let place = Place {
            repository: folder.join("data/repository.git"),
            remote_repository: gitea.repository_folder(remote, sandbox.data_dir())?,
            remote: with_credentials(remote, sandbox)?,
            http,
        };
        Ok(Self { url, started_in, place, cookie, child })
    }

    /// Returns where its commits go.
    pub fn place(&self) -> Place {
        self.place.clone()
    }

    /// Waits until nothing waits to be committed or pushed.
    pub async fn settle(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(1_800);
        loop {
            let answer = self
                .place
                .http
                .get(format!("{}/api/gitops/status", self.url))
                .header(COOKIE, &self.cookie)
                .header(ACCEPT, "application/json")
                .send()
                .await?
                .error_for_status()?;
            let status: serde_json::Value = answer.json().await?;
            let ahead = status.pointer("/repository/ahead").and_then(serde_json::Value::as_u64);
            if status.pointer("/chip/in_step").is_some() && ahead == Some(0) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("not in step in 1,800 s: {status}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Lists the commits after one that change such files, oldest first, each with the resource version it records.
    pub async fn commits_since(&self, commit: &str, files: &str) -> anyhow::Result<Vec<(String, u64)>> {
        let range = format!("{commit}..refs/heads/main");
        let format = "--format=%H %(trailers:key=Resource-Version,valueonly,separator=%x2C)";
        let output = Command::new("git")
            .arg("-C")
            .arg(&self.place.repository)
            .args(["log", "--reverse", format, &range, "--", files])
            .output()
            .await?;
        anyhow::ensure!(output.status.success(), "git log: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout)?;
        let commit = |line: &str| {
            let (id, version) = line.split_once(' ').context("a commit with one resource's version")?;
            Ok((id.to_owned(), version.parse().with_context(|| format!("one version in {line}"))?))
        };
        text.lines().map(commit).collect()
    }

    /// Returns its process's number.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("it runs")
    }

    /// Returns the processor time it has used.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let id = self.id()?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // Behind the name in brackets; user and system time are the 12th and 13th field there, in 1/100 s.
        let fields = stat.rsplit_once(')').context("a process's name")?.1;
        let ticks: Vec<u64> =
            fields.split_whitespace().skip(11).take(2).map_while(|field| field.parse().ok()).collect();
        Ok(Duration::from_millis(ticks.iter().sum::<u64>() * 10))
    }

    /// Returns the resident set in MB (10^6 bytes).
    pub fn resident_megabytes(&self) -> anyhow::Result<u64> {
        self.megabytes("VmRSS:")
    }

    /// Returns the highest resident set since the start, or since [`Self::forget_peak`], in MB (10^6 bytes).
    pub fn peak_megabytes(&self) -> anyhow::Result<u64> {
        self.megabytes("VmHWM:")
    }

    /// Lets the highest resident set be that of now; see proc(5), `clear_refs`.
    pub fn forget_peak(&self) -> anyhow::Result<()> {
        Ok(std::fs::write(format!("/proc/{}/clear_refs", self.id()?), "5")?)
    }

    fn megabytes(&self, field: &str) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let value =
            status.lines().find_map(|line| line.strip_prefix(field)).context("a line of the process's status")?;
        let kibibytes: u64 = value.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024 / 1_000_000)
    }

    /// Ends it as a service manager would.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let id = self.id()?;
        Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
        self.child.wait().await?;
        Ok(())
    }
}

/// Puts the sandbox's account into a remote's address, for git itself.
pub fn with_credentials(remote: &str, sandbox: &Sandbox) -> anyhow::Result<String> {
    let gitea = sandbox.gitea().context("the sandbox has a Gitea")?;
    Ok(remote.replacen("://", &format!("://{}:{}@", gitea.username(), gitea.token()), 1))
}

/// Returns the size of all script and wasm that a page loads, as sent, in KB (10^3 bytes).
pub fn browser_kilobytes(binary: &str) -> anyhow::Result<u64> {
    let site = match std::env::var_os("DENSHIMON_ASSETS_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(binary).ancestors().nth(3).context("a cache folder")?.join("site"),
    };
    let assets = site.join("assets");
    let mut bytes = 0;
    for entry in std::fs::read_dir(&assets).with_context(|| format!("the files in {}", assets.display()))? {
        let path = entry?.path();
        let name = path.to_string_lossy();
        if name.ends_with(".js.br") || name.ends_with(".wasm.br") {
            bytes += path.metadata()?.len();
        }
    }
    anyhow::ensure!(bytes > 0, "{} holds no compressed script: run script/build-assets", assets.display());
    Ok(bytes / 1000)
}
