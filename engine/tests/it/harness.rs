//! What the integration tests work with: kubectl, git, and an engine of their own on the shared control plane.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use engine::{
    AuditConfig, Clock, ClusterAccess, ClusterConfig, Credentials, DatabaseConfig, Engine, EngineConfig, IgnoreRules,
    KindRules, RepositoryConfig,
};
use sops::Recipients;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Asks again until there is an answer, for at most 60 s.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within 60 s: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Runs git in a repository and returns what it prints; empty when it fails.
pub fn git(repository: &Path, arguments: &[&str]) -> String {
    let output = std::process::Command::new("git").arg("-C").arg(repository).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// kubectl with administrator's rights on the shared control plane.
pub struct Kubectl {
    pub kubeconfig: PathBuf,
    program: PathBuf,
    _sandbox: Option<sandbox::SharedSandbox>,
}

impl Kubectl {
    pub async fn shared() -> Self {
        let sandbox = sandbox::shared().await.unwrap();
        Self {
            kubeconfig: sandbox.kubeconfig().to_owned(),
            program: sandbox::kubectl_path().to_owned(),
            _sandbox: Some(sandbox),
        }
    }

    /// kubectl for a control plane that somebody else keeps.
    pub async fn of(kubeconfig: &Path) -> Self {
        Self { kubeconfig: kubeconfig.to_owned(), program: sandbox::kubectl_path().to_owned(), _sandbox: None }
    }

    /// Runs kubectl, which must succeed, and returns what it prints.
    pub async fn run(&self, arguments: &[&str]) -> String {
        self.run_with(arguments, "").await
    }

    /// The same with something to read.
    pub async fn run_with(&self, arguments: &[&str], input: &str) -> String {
        let (success, output, error) = self.call(arguments, input).await;
        assert!(success, "kubectl {arguments:?}: {error}");
        output
    }

    pub async fn apply(&self, document: &str, namespace: &str) {
        let (success, _, error) = self.call(&["apply", "-n", namespace, "-f", "-"], document).await;
        assert!(success, "kubectl apply: {error}\n{document}");
    }

    /// Applies and says whether kubectl succeeded.
    pub async fn try_apply(&self, document: &str, namespace: &str) -> bool {
        self.call(&["apply", "-n", namespace, "-f", "-"], document).await.0
    }

    /// Runs kubectl with something to read and says whether it succeeded.
    pub async fn try_run_with(&self, arguments: &[&str], input: &str) -> bool {
        self.call(arguments, input).await.0
    }

    /// Runs kubectl with something to read and returns its errors and warnings.
    pub async fn errors(&self, arguments: &[&str], input: &str) -> String {
        self.call(arguments, input).await.2
    }

    /// Makes a namespace that no other test has.
    pub async fn create_namespace(&self, prefix: &str) -> String {
        let random = rand::random::<u32>();
        let name = format!("{prefix}-{random:08x}");
        self.run(&["create", "namespace", &name]).await;
        name
    }

    async fn call(&self, arguments: &[&str], input: &str) -> (bool, String, String) {
        let mut child = Command::new(&self.program)
            .args(arguments)
            .env("KUBECONFIG", &self.kubeconfig)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        drop(stdin);
        let output = child.wait_with_output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    }
}

/// An engine with a store in memory and a repository in a temporary folder.
pub struct TestEngine {
    pub engine: Engine,
    folder: TempDir,
    age_recipients: Option<Recipients>,
}

impl TestEngine {
    pub async fn start(kubectl: &Kubectl) -> Self {
        Self::start_for(kubectl, None).await
    }

    /// Starts with people who can decrypt what is secret in a record.
    pub async fn start_for(kubectl: &Kubectl, age_recipients: Option<Recipients>) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), kubectl, age_recipients).await
    }

    /// Ends the engine and starts it again on the same repository, with an empty store.
    pub async fn restart(self, kubectl: &Kubectl) -> Self {
        self.stop().await;
        Self::start_in(self.folder, kubectl, self.age_recipients).await
    }

    async fn start_in(folder: TempDir, kubectl: &Kubectl, age_recipients: Option<Recipients>) -> Self {
        let usual = config(folder.path(), &kubectl.kubeconfig);
        let config = EngineConfig { age_recipients: age_recipients.clone(), ..usual };
        Self { engine: Engine::start(config).await.unwrap(), folder, age_recipients }
    }

    /// Takes an engine that was started otherwise, and the folder it lives in.
    pub fn of(engine: Engine, folder: TempDir) -> Self {
        Self { engine, folder, age_recipients: None }
    }

    /// Returns the bare repository.
    pub fn repository(&self) -> PathBuf {
        self.folder.path().join("repository.git")
    }

    /// Clones the repository with git and returns the work tree.
    pub fn clone_repository(&self) -> PathBuf {
        let clone = self.folder.path().join("clone");
        let status = std::process::Command::new("git")
            .args(["clone", "-q", "-b", "main"])
            .args([self.repository(), clone.clone()])
            .status()
            .unwrap();
        assert!(status.success());
        clone
    }

    pub async fn stop(&self) {
        assert!(self.engine.stop(Duration::from_secs(10)).await, "the engine ends within its grace period");
    }
}

/// Returns settings for an engine that keeps everything in one folder.
pub fn config(folder: &Path, kubeconfig: &Path) -> EngineConfig {
    EngineConfig {
        data_dir: folder.to_owned(),
        database: DatabaseConfig::Memory,
        cluster: ClusterConfig {
            name: "test".parse().unwrap(),
            access: ClusterAccess::Kubeconfig { path: kubeconfig.to_owned(), context: None },
        },
        repository: RepositoryConfig {
            remote: None,
            branch: "main".parse().unwrap(),
            path: ".".into(),
            credentials: Credentials::default(),
            signing_key_file: None,
        },
        commit_window: Duration::ZERO,
        longest_window: Duration::ZERO,
        sweep: engine::SweepLimits::default(),
        kind_rules: KindRules::default(),
        ignore_rules: IgnoreRules::default(),
        age_recipients: None,
        audit: AuditConfig::default(),
        clock: Clock::new(jiff::Timestamp::now),
    }
}
