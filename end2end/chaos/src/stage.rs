//! All that takes part: the cluster, the remote, the ways to them, and the program.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use reqwest::Method;
use sandbox::{Options, Sandbox};
use serde_json::Value;
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::cable::Cable;
use crate::load;
use crate::program::{Program, Settings};
use crate::remote::{ACCOUNT, PASSWORD, Remote};
use crate::shell::output;

/// Where all changes are made.
pub const NAMESPACE: &str = "chaos";
const CLUSTER: &str = "chaos";
/// The setting of the commit window; with `0s` each change is a commit.
pub const WINDOW: &str = "DENSHIMON_COMMIT_WINDOW";
/// How long all may take to be in step again.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Stage {
    /// A component is stopped and started by one hand at a time.
    pub sandbox: Mutex<Sandbox>,
    /// Straight to the API server, whatever becomes of the program's way.
    pub client: kube::Client,
    pub remote: Remote,
    pub to_cluster: Cable,
    pub to_remote: Cable,
    pub program: Arc<Program>,
    /// The program's data directory, a disk of its own.
    pub data: PathBuf,
    /// How far the program's clock is ahead; see [`set_clock`].
    pub clock: PathBuf,
    pub log: PathBuf,
}

impl Stage {
    /// Starts everything in a folder and waits until the program is in step; `disk` is the room for the program's data,
    /// and for the remote's repositories.
    pub async fn set_up(binary: &Path, folder: &Path, disk: &str) -> Result<Self> {
        let (data, log, clock) = (folder.join("data"), folder.join("denshimon.log"), folder.join("clock"));
        mount(&data, disk).await?;
        let cluster = folder.join("sandbox");
        mount(&cluster.join("gitea/repositories"), disk).await?;
        let options = Options { gitea: true, nodes: 1, data_dir: Some(cluster.clone()), ..Options::default() };
        let sandbox = Sandbox::start(options).await?;
        let client = sandbox.client()?;
        let gitea = sandbox.gitea().context("the sandbox has a Gitea")?;
        let remote = Remote::create(gitea, &cluster, &folder.join("clone")).await?;
        let to_remote = Cable::to(port_of(gitea.url())?).await?;

        let kubeconfig = std::fs::read_to_string(sandbox.kubeconfig())?;
        let server = kubeconfig.lines().find_map(|line| line.trim().strip_prefix("server: ")).context("a server")?;
        let to_cluster = Cable::to(port_of(server)?).await?;
        let way = kubeconfig.replace(server, &format!("https://127.0.0.1:{}", to_cluster.port));
        std::fs::write(folder.join("kubeconfig"), way)?;

        set_clock(&clock, 0)?;
        let variables = [
            ("PATH", std::env::var("PATH")?),
            ("HOME", folder.display().to_string()),
            ("KUBECONFIG", folder.join("kubeconfig").display().to_string()),
            ("DENSHIMON_DATA_DIR", data.display().to_string()),
            ("DENSHIMON_ASSETS_DIR", std::env::var("DENSHIMON_ASSETS_DIR")?),
            ("DENSHIMON_CLUSTER_NAME", CLUSTER.into()),
            ("DENSHIMON_REPOSITORY_URL", remote.url_by(to_remote.port)?),
            ("DENSHIMON_REPOSITORY_USERNAME", ACCOUNT.into()),
            ("DENSHIMON_REPOSITORY_TOKEN", PASSWORD.into()),
            ("LD_PRELOAD", build_clock(folder).await?.display().to_string()),
            ("CHAOS_CLOCK", clock.display().to_string()),
        ];
        // Who looks for a fault wants to read more.
        let log_filter = std::env::var("DENSHIMON_LOG").ok().map(|filter| ("DENSHIMON_LOG", filter));
        let variables = variables.into_iter().chain(log_filter);
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).collect();
        let namespace = serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        let namespaces: kube::Api<k8s_openapi::api::core::v1::Namespace> = kube::Api::all(client.clone());
        namespaces.create(&Default::default(), &serde_json::from_value(namespace)?).await?;
        load::furnish(&client).await?;
        let set = Arc::new(std::sync::Mutex::new([(WINDOW, "0s")].into()));
        let program = Program::start(Settings { binary: binary.to_owned(), variables, log: log.clone(), set }).await?;
        let sandbox = Mutex::new(sandbox);
        let stage =
            Self { sandbox, client, remote, to_cluster, to_remote, program: Arc::new(program), data, clock, log };
        stage.until_in_step().await?;
        Ok(stage)
    }

    /// The program's own repository.
    pub fn repository(&self) -> PathBuf {
        self.data.join("repository.git")
    }

    /// The folder of the namespace's records in the repository.
    pub fn records() -> String {
        format!("clusters/{CLUSTER}/{NAMESPACE}")
    }

    /// Waits until the program says that everything is committed and pushed; returns how often deletions had to be
    /// let through by hand.
    pub async fn until_in_step(&self) -> Result<u32> {
        let (deadline, mut let_through) = (Instant::now() + PATIENCE, 0);
        loop {
            let asked = self.program.send(Method::GET, "/api/gitops/status", None).await;
            let status = match asked {
                Ok((code, status)) if code.is_success() => status,
                Ok((code, answer)) => serde_json::json!({"code": code.as_u16(), "answer": answer}),
                Err(error) => Value::String(format!("{error:#}")),
            };
            if status.pointer("/held_deletions/0").is_some() {
                self.program.send(Method::POST, "/api/gitops/deletions/approve", None).await?;
                let_through += 1;
            }
            let heads = ["head", "remote_head"].map(|head| status.get("repository")?.get(head)?.as_str());
            if status.pointer("/chip/in_step").is_some() && matches!(heads, [Some(here), Some(there)] if here == there)
            {
                return Ok(let_through);
            }
            if Instant::now() > deadline {
                bail!("not in step after {PATIENCE:?}: {status}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Sets the program's clock so many seconds ahead.
pub fn set_clock(clock: &Path, seconds: i64) -> Result<()> {
    use std::os::unix::fs::FileExt;
    // In place: the program has the file in its memory.
    let file = std::fs::File::options().create(true).truncate(false).write(true).open(clock)?;
    Ok(file.write_all_at(&seconds.to_ne_bytes(), 0)?)
}

/// Mounts a disk of its own in memory, which can be filled.
async fn mount(folder: &Path, size: &str) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let mounted =
        output(Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder)).await;
    mounted.map(drop).context("mount a disk; script/chaos asks the kernel for the right to")
}

fn port_of(url: &str) -> Result<u16> {
    Ok(url.trim_end_matches('/').rsplit_once(':').context("an address with a port")?.1.parse()?)
}

/// Compiles the library that tells a program another time.
async fn build_clock(folder: &Path) -> Result<PathBuf> {
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    std::fs::write(&source, include_str!("clock.c"))?;
    output(Command::new("cc").args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).arg(&source)).await?;
    Ok(library)
}
