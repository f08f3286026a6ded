//! The real program as a process of its own: one that can be killed, cut off and started again.

mod api;
mod audited;
mod away;
mod browser;
mod drafts;
mod killed;
mod planted;
mod remote;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::harness::ADMIN_PASSWORD;

/// How long anything may take that is awaited; a slow machine needs seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// What stays when the program ends: its data, its settings, the namespace it works in.
pub struct Place {
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
    kubeconfig: PathBuf,
    namespace: String,
}

/// The program while it runs; killed when it is dropped.
pub struct Program {
    child: Child,
    url: String,
    http: reqwest::Client,
    token: String,
    log: PathBuf,
}

impl Place {
    /// Makes a namespace of the cluster, with `api` to be deployed into it.
    pub async fn new(kubeconfig: &Path, settings: &[(&'static str, &str)]) -> Self {
        let settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let folder = tempfile::tempdir().unwrap();
        let namespace = format!("program-{}", folder.path().file_name().unwrap().to_str().unwrap().to_lowercase());
        let namespace = namespace.replace('.', "");
        let place = Self { folder, settings, kubeconfig: kubeconfig.to_owned(), namespace };
        place.kubectl(&["create", "namespace", &place.namespace]).await;
        place
    }

    /// Runs kubectl with every right.
    pub async fn kubectl(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(sandbox::kubectl_path());
        output(command.arg("--kubeconfig").arg(&self.kubeconfig).args(arguments)).await
    }

    /// Asks kubectl for one field of a Deployment; empty for what is not set.
    pub async fn field(&self, name: &str, path: &str) -> String {
        let path = format!("jsonpath={{{path}}}");
        self.kubectl(&["get", "deployment", name, "-n", &self.namespace, "-o", &path]).await
    }

    /// Runs git in the program's own repository.
    pub async fn git(&self, arguments: &[&str]) -> String {
        output(Command::new("git").arg("--git-dir").arg(self.folder.path().join("data/repository.git")).args(arguments))
            .await
    }

    /// Returns the path of `api`'s record in the repository.
    pub async fn record(&self) -> String {
        let files = self.git(&["ls-tree", "-r", "--name-only", "main"]).await;
        let end = format!("{}/", self.namespace);
        files.lines().find(|path| path.contains(&end) && path.contains("eployment")).unwrap().to_owned()
    }

    /// Counts in how many commits each operation stands.
    pub async fn commits_of(&self, operations: &[String]) -> Vec<usize> {
        let log = self.git(&["log", "--format=%B", "--branches"]).await;
        operations.iter().map(|id| log.lines().filter(|line| *line == format!("Operation: {id}")).count()).collect()
    }

    /// Starts the program and waits until it serves.
    pub async fn start(&self, token: Option<&str>) -> Program {
        let set = self.settings.iter().find(|(name, _)| *name == "DENSHIMON_LISTEN").map(|(_, listen)| listen.clone());
        let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let listen = set.unwrap_or_else(free);
        let log = std::fs::File::options().create(true).append(true).open(self.log_path()).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_denshimon"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.folder.path())
            .env("KUBECONFIG", &self.kubeconfig)
            .env("DENSHIMON_LISTEN", &listen)
            .env("DENSHIMON_DATA_DIR", self.folder.path().join("data"))
            .env("DENSHIMON_ASSETS_DIR", self.assets())
            .env("DENSHIMON_CLUSTER_NAME", "sandbox")
            .env("DENSHIMON_ADMIN_PASSWORD", ADMIN_PASSWORD)
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let http = reqwest::Client::new();
        let url = format!("http://{listen}");
        let mut program = Program { child, url, http, token: String::new(), log: self.log_path() };
        program.until("it serves", async |program| program.try_send(Method::GET, "/health/live", None).await).await;
        program.token = match token {
            Some(token) => token.to_owned(),
            None => program.make_token().await,
        };
        program
    }

    /// Returns what the program has said since its first start.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("denshimon.log")
    }

    fn assets(&self) -> PathBuf {
        let site = self.folder.path().join("site");
        if !site.exists() {
            crate::harness::write_assets(&site);
        }
        site
    }
}

impl Program {
    /// Kills it as the kernel does when memory is short.
    pub async fn kill(mut self) -> String {
        self.child.kill().await.unwrap();
        self.token
    }

    /// Sends JSON and gives the answer, if one comes.
    pub async fn try_send(&self, method: Method, path: &str, body: Option<&Value>) -> Option<Response> {
        let request = self.http.request(method, format!("{}{path}", self.url)).timeout(PATIENCE);
        let request = if self.token.is_empty() { request } else { request.bearer_auth(&self.token) };
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        request.send().await.ok()
    }

    /// Sends JSON and returns the answer's.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let answer = self.try_send(method, path, body).await.unwrap();
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    /// Deploys `api` and waits until its record is in the remote, if there is one.
    pub async fn deploy(&self, place: &Place) -> String {
        let body = json!({"namespace": place.namespace, "name": "api", "image": "shop/api:1", "replicas": 1});
        let (status, applied) = self.send(Method::POST, "/api/deployments", Some(&body)).await;
        assert_eq!(status, StatusCode::CREATED, "{applied}");
        let operation = applied["operation"].as_str().unwrap().to_owned();
        self.until_recorded(place, &operation).await;
        operation
    }

    /// Scales `api`.
    pub async fn scale(&self, place: &Place, replicas: usize) -> (StatusCode, Value) {
        let path = format!("/api/deployments/{}/api", place.namespace);
        self.send(Method::PATCH, &path, Some(&json!({"replicas": replicas, "reason": "to see"}))).await
    }

    /// Waits until a commit names the operation.
    pub async fn until_recorded(&self, place: &Place, operation: &str) {
        let operations = [operation.to_owned()];
        self.until("the operation is in a commit", async |_| {
            (place.commits_of(&operations).await == [1]).then_some(())
        })
        .await;
    }

    /// Returns what the program says of cluster, commits and pushes.
    pub async fn status(&self) -> Value {
        self.send(Method::GET, "/api/gitops/status", None).await.1
    }

    /// Waits until nothing waits to be committed or pushed.
    pub async fn until_in_step(&self) {
        self.until("everything is committed and pushed", async |program| {
            let status = program.status().await;
            (status["chip"]["in_step"].is_object() && status["repository"]["ahead"] == 0).then_some(())
        })
        .await;
    }

    /// Waits until the chip says this.
    pub async fn until_chip(&self, state: &str) {
        self.until(state, async |program| (!program.status().await["chip"][state].is_null()).then_some(())).await;
    }

    /// Asks again and again until there is an answer.
    pub async fn until<T>(&self, what: &str, probe: impl AsyncFn(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = probe(self).await {
                return found;
            }
            if Instant::now() > deadline {
                let log = std::fs::read_to_string(&self.log).unwrap();
                let end: Vec<&str> = log.lines().rev().take(30).collect();
                let end = end.into_iter().rev().collect::<Vec<_>>().join("\n");
                panic!("not within {PATIENCE:?}: {what}: {}\n{end}", self.status().await);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns the cookie of a browser's session.
    pub async fn sign_in(&self) -> String {
        let session = json!({"username": "admin", "password": ADMIN_PASSWORD});
        let request = self.http.post(format!("{}/api/session", self.url)).header("origin", &self.url).json(&session);
        let answer = request.send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    async fn make_token(&self) -> String {
        let cookie = self.sign_in().await;
        let new = json!({"name": "test", "role": "admin", "expires_in_days": 1});
        let request = self.http.post(format!("{}/api/tokens", self.url)).header("origin", &self.url).json(&new);
        let made: Value = request.header("cookie", cookie).send().await.unwrap().json().await.unwrap();
        made["token"].as_str().unwrap().to_owned()
    }
}

async fn output(command: &mut Command) -> String {
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
