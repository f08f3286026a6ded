//! The remote in Gitea: the account that the program pushes with, and all that can keep it from doing so.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use reqwest::Method;
use sandbox::Gitea;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::shell::{git, output};

/// The account that the program pushes with: it may write to the repository and nothing else.
pub const ACCOUNT: &str = "recorder";
pub const PASSWORD: &str = "correct-horse-1";
const REPOSITORY: &str = "base_infrastructure";
/// Tries of somebody else's to get a commit between the program's.
const TRIES: u32 = 50;

/// The repository that the program pushes to.
pub struct Remote {
    gitea: Gitea,
    http: reqwest::Client,
    /// The bare repository on Gitea's disk.
    pub folder: PathBuf,
    /// Somebody else's clone.
    clone: PathBuf,
}

impl Remote {
    /// Creates the repository and the account, with a clone of somebody else's in `clone`.
    pub async fn create(gitea: &Gitea, data: &Path, clone: &Path) -> Result<Self> {
        gitea.create_repository(REPOSITORY).await?;
        let folder = data.join("gitea/repositories").join(gitea.username()).join(format!("{REPOSITORY}.git"));
        let remote = Self { gitea: gitea.clone(), http: reqwest::Client::new(), folder, clone: clone.to_owned() };
        let account = json!({"username": ACCOUNT, "password": PASSWORD, "email": "recorder@sandbox.invalid",
            "must_change_password": false});
        remote.ask(Method::POST, "/admin/users", Some(&account)).await?;
        remote.permit(Some("write")).await?;
        Ok(remote)
    }

    /// Sets what the account may do with the repository; `None` hides it from the account.
    pub async fn permit(&self, permission: Option<&str>) -> Result<()> {
        let path = format!("{}/collaborators/{ACCOUNT}", self.path());
        match permission {
            Some(permission) => self.ask(Method::PUT, &path, Some(&json!({"permission": permission}))).await,
            None => self.ask(Method::DELETE, &path, None).await,
        }
    }

    /// Gives the account another password.
    pub async fn set_password(&self, password: &str) -> Result<()> {
        let account =
            json!({"login_name": ACCOUNT, "source_id": 0, "password": password, "must_change_password": false});
        self.ask(Method::PATCH, &format!("/admin/users/{ACCOUNT}"), Some(&account)).await
    }

    /// Refuses or takes pushes to the branch.
    pub async fn protect(&self, protect: bool) -> Result<()> {
        let path = format!("{}/branch_protections", self.path());
        if protect {
            self.ask(Method::POST, &path, Some(&json!({"rule_name": "main", "enable_push": false}))).await
        } else {
            self.ask(Method::DELETE, &format!("{path}/main"), None).await
        }
    }

    /// Sets or takes away a hook that refuses every push.
    pub fn set_hook(&self, refuse: bool) -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let hook = self.folder.join("hooks/pre-receive.d/refuse");
        if !refuse {
            return Ok(std::fs::remove_file(hook)?);
        }
        // In place as a whole, else a push would run half of it.
        let draft = self.folder.join("hooks/refuse.new");
        std::fs::write(&draft, "#!/bin/sh\necho 'Not on a Friday.'\nexit 1\n")?;
        std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o755))?;
        Ok(std::fs::rename(draft, hook)?)
    }

    /// Has somebody else commit a file and push it; it comes between the program's own pushes.
    pub async fn move_on(&self, number: u32) -> Result<()> {
        let authority = format!("://{}:{}@", self.gitea.username(), self.gitea.token());
        let url = self.gitea.repository_url(REPOSITORY).replacen("://", &authority, 1);
        if !self.clone.exists() {
            let clone = self.clone.display().to_string();
            output(Command::new("git").args(["clone", "-q", &url, &clone])).await?;
        }
        for _ in 0..TRIES {
            git(&self.clone, &["fetch", "-q", "origin", "main"]).await?;
            git(&self.clone, &["reset", "-q", "--hard", "FETCH_HEAD"]).await?;
            std::fs::create_dir_all(self.clone.join("notes"))?;
            std::fs::write(self.clone.join(format!("notes/{number}.md")), format!("Note {number}\n"))?;
            git(&self.clone, &["add", "notes"]).await?;
            let message = format!("Note {number}");
            let author = ["-c", "user.name=eve", "-c", "user.email=eve@example.org"];
            git(&self.clone, &[author.as_slice(), &["commit", "-qm", &message]].concat()).await?;
            if git(&self.clone, &["push", "-q", "origin", "HEAD:main"]).await.is_ok() {
                return Ok(());
            }
        }
        bail!("somebody else could not push in {TRIES} tries")
    }

    fn path(&self) -> String {
        format!("/repos/{}/{REPOSITORY}", self.gitea.username())
    }

    /// The clone URL of the repository through another port.
    pub fn url_by(&self, port: u16) -> Result<String> {
        let server = self.gitea.url().rsplit_once(':').context("Gitea's port")?.0;
        Ok(format!("{server}:{port}/{}/{REPOSITORY}.git", self.gitea.username()))
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<()> {
        let request = self.http.request(method.clone(), format!("{}/api/v1{path}", self.gitea.url()));
        let request = request.header("Authorization", format!("token {}", self.gitea.token()));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "Gitea: {method} {path}: {status}: {}", answer.text().await?);
        Ok(())
    }
}
