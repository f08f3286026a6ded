//! A Gitea with an administrator, a token, packages, and repositories as they are asked for.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    certificates::write_secret,
    components::Module,
    control_plane::clean_environment,
    data_dir::DataDir,
    process::{Process, tail},
    wait::wait_for,
};

/// The administrator, owner of all repositories.
const USERNAME: &str = "denshimon";

/// How to reach a running Gitea.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gitea {
    url: String,
    username: String,
    password: String,
    token: String,
}

impl Gitea {
    /// The address, as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The name of the administrator.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The password of the administrator.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// A token of the administrator with every right; Git takes it in place of the password.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The clone URL of a repository of the administrator, without credentials.
    #[must_use]
    pub fn repository_url(&self, name: &str) -> String {
        format!("{}/{}/{name}.git", self.url, self.username)
    }

    /// Where the repository of a clone URL lies on disk, in this data folder of the sandbox.
    ///
    /// # Errors
    ///
    /// When the URL is not one of this Gitea's.
    pub fn repository_folder(&self, url: &str, data: &Path) -> Result<PathBuf> {
        let path = url.strip_prefix(&format!("{}/", self.url)).context("a clone URL of this Gitea")?;
        Ok(data.join("gitea/repositories").join(path))
    }

    /// Creates an empty private repository with the default branch `main`, unless it is there, and returns its clone
    /// URL.
    ///
    /// # Errors
    ///
    /// When Gitea does not answer, or refuses the name.
    pub async fn create_repository(&self, name: &str) -> Result<String> {
        // Another part of the process may have installed it already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let response = reqwest::Client::new()
            .post(format!("{}/api/v1/user/repos", self.url))
            .header("Authorization", format!("token {}", self.token))
            .json(&json!({"name": name, "default_branch": "main", "private": true, "auto_init": false}))
            .send()
            .await?;
        let status = response.status();
        if !status.is_success() && status != reqwest::StatusCode::CONFLICT {
            bail!("Gitea refused the repository {name} ({status}): {}", response.text().await?);
        }
        Ok(self.repository_url(name))
    }
}

/// The running program.
#[derive(Debug)]
pub(crate) struct GiteaServer {
    process: Process,
    gitea: Gitea,
}

impl GiteaServer {
    pub(crate) async fn start(data: &DataDir, port: u16) -> Result<Self> {
        let url = format!("http://127.0.0.1:{port}");
        fs::create_dir_all(data.join("gitea"))?;
        write_secret(&data.join("gitea/app.ini"), &configuration(data, port)?)?;
        let password = data.secret("gitea-password")?;
        let token_path = data.join("gitea-token.secret");
        if !token_path.exists() {
            run(data, &["migrate"]).await?;
            let token = create_administrator(data, &password).await?;
            write_secret(&token_path, &token)?;
        }
        let token = fs::read_to_string(token_path)?;
        let process = Process::spawn("gitea", command(data, &["web"])?, &data.log("gitea"))?;
        let gitea = Gitea { url, username: USERNAME.to_owned(), password, token };
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::new();
        wait_for("Gitea answers", Duration::from_secs(60), || async {
            process.check()?;
            let response = client.get(format!("{}/api/healthz", gitea.url)).send().await?;
            Ok(response.status().is_success())
        })
        .await?;
        Ok(Self { process, gitea })
    }

    pub(crate) fn gitea(&self) -> &Gitea {
        &self.gitea
    }

    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    pub(crate) async fn stop(self) {
        self.process.stop(Duration::from_secs(5)).await;
    }
}

fn configuration(data: &DataDir, port: u16) -> Result<String> {
    let root = data.join("gitea");
    let root = root.display();
    let programs = Module::Gitea.dir()?;
    let user = user_name();
    let secret_key = data.secret("gitea-secret-key")?;
    Ok(format!(
        "\
APP_NAME = Denshimon sandbox
RUN_MODE = prod
RUN_USER = {user}
WORK_PATH = {root}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true

[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
DOMAIN = 127.0.0.1
ROOT_URL = http://127.0.0.1:{port}/
APP_DATA_PATH = {root}/data
STATIC_ROOT_PATH = {programs}
DISABLE_SSH = true
OFFLINE_MODE = true
LFS_START_SERVER = false

[database]
DB_TYPE = sqlite3
PATH = {root}/gitea.db
SQLITE_JOURNAL_MODE = WAL

[repository]
ROOT = {root}/repositories
DEFAULT_BRANCH = main
DEFAULT_PRIVATE = private

[security]
INSTALL_LOCK = true
SECRET_KEY = {secret_key}
PASSWORD_HASH_ALGO = pbkdf2
DISABLE_GIT_HOOKS = true

[service]
DISABLE_REGISTRATION = true

[webhook]
ALLOWED_HOST_LIST = loopback

[packages]
ENABLED = true

[actions]
ENABLED = false

[indexer]
REPO_INDEXER_ENABLED = false
ISSUE_INDEXER_TYPE = db

[log]
MODE = console
LEVEL = Warn

[cron.update_checker]
ENABLED = false
",
        programs = programs.display(),
    ))
}

/// Gitea refuses to run as another user than its configuration names.
fn user_name() -> String {
    let output = Command::new("id").arg("-un").output();
    output
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map_or_else(|| "root".to_owned(), |name| name.trim().to_owned())
}

fn command(data: &DataDir, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(Module::Gitea.program("gitea")?);
    clean_environment(&mut command, data);
    command
        .env("USER", user_name())
        .env("GITEA_WORK_DIR", data.join("gitea"))
        .current_dir(data.join("gitea"))
        .args(arguments)
        .arg("--config")
        .arg(data.join("gitea/app.ini"));
    Ok(command)
}

/// Runs one command of Gitea's to its end, and returns what it printed.
async fn run(data: &DataDir, arguments: &[&str]) -> Result<String> {
    let log = data.log("gitea-setup");
    // What earlier commands printed is not this one's.
    fs::write(&log, "")?;
    let process = Process::spawn("gitea-setup", command(data, arguments)?, &log)?;
    let status = tokio::time::timeout(Duration::from_secs(60), process.exited()).await.ok().flatten();
    if !status.is_some_and(|status| status.success()) {
        bail!("gitea {} failed:\n{}", arguments.first().copied().unwrap_or_default(), tail(&log));
    }
    Ok(fs::read_to_string(log)?)
}

async fn create_administrator(data: &DataDir, password: &str) -> Result<String> {
    let output = run(
        data,
        &[
            "admin",
            "user",
            "create",
            "--admin",
            "--username",
            USERNAME,
            "--password",
            password,
            "--email",
            "denshimon@sandbox.invalid",
            "--must-change-password=false",
            "--access-token",
            "--access-token-name=sandbox",
            "--access-token-scopes=all",
        ],
    )
    .await?;
    // The line that names the token ends with it: 40 hexadecimal digits.
    let token = output
        .split_whitespace()
        .find(|word| word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .with_context(|| format!("gitea printed no token:\n{output}"))?;
    // The log of the set-up would keep it readable.
    fs::write(data.log("gitea-setup"), "")?;
    Ok(token.to_owned())
}
