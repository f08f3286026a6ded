//! A sandbox in the foreground, for development, and the variables by which a server finds one.

use std::path::{Path, PathBuf};

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    certificates::write_secret,
    components::kubectl_path,
    demo::apply_demo,
    gitea::Gitea,
    progress::say,
    sandbox::{Options, Sandbox},
};

/// The repository that a development server records to.
const REPOSITORY: &str = "base_infrastructure";

/// What `sandbox up` was asked for.
#[derive(Clone, Debug)]
pub struct UpOptions {
    /// Where the data are kept; `None` is a temporary folder.
    pub data_dir: Option<PathBuf>,
    /// A Gitea with the repository `base_infrastructure`.
    pub gitea: bool,
    /// The application `shop`, applied once per data folder.
    pub demo: bool,
}

/// Runs a sandbox until SIGINT or SIGTERM. Once all is ready, `sandbox.env` in the data folder says how to reach it.
///
/// # Errors
///
/// When it does not come up, or a component ends by itself: with the end of its log.
pub async fn up(options: UpOptions) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = async {
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
        }
    };
    tokio::pin!(stop);
    if let Some(data_dir) = &options.data_dir {
        // That of a start before would name what is not there yet.
        let _ = std::fs::remove_file(data_dir.join("sandbox.env"));
    }
    let sandbox = tokio::select! {
        sandbox = start(&options) => sandbox?,
        () = &mut stop => return Ok(()),
    };
    let end = tokio::select! {
        () = &mut stop => Ok(()),
        name = sandbox.wait_for_death() => Err(anyhow::anyhow!("{name} ended by itself")),
    };
    say("ending");
    let _ = std::fs::remove_file(sandbox.data_dir().join("sandbox.env"));
    sandbox.stop().await?;
    end
}

/// The variables by which Denshimon and its tests find a sandbox; creates the repository that they name.
///
/// # Errors
///
/// When Gitea does not answer.
pub async fn environment(kubeconfig: &Path, gitea: Option<&Gitea>) -> Result<Vec<(&'static str, String)>> {
    let mut variables = vec![
        ("KUBECONFIG", kubeconfig.display().to_string()),
        ("DENSHIMON_KUBECTL", kubectl_path().display().to_string()),
    ];
    if let Some(gitea) = gitea {
        let url = gitea.create_repository(REPOSITORY).await?;
        variables.extend([
            ("DENSHIMON_REPOSITORY_URL", url),
            ("DENSHIMON_REPOSITORY_USERNAME", gitea.username().to_owned()),
            ("DENSHIMON_REPOSITORY_TOKEN", gitea.token().to_owned()),
            ("DENSHIMON_GITEA_URL", gitea.url().to_owned()),
            ("DENSHIMON_GITEA_USERNAME", gitea.username().to_owned()),
            ("DENSHIMON_GITEA_PASSWORD", gitea.password().to_owned()),
            ("DENSHIMON_GITEA_TOKEN", gitea.token().to_owned()),
        ]);
    }
    Ok(variables)
}

async fn start(options: &UpOptions) -> Result<Sandbox> {
    let sandbox = Sandbox::start(Options {
        gitea: options.gitea,
        metrics: true,
        nodes: 3,
        data_dir: options.data_dir.clone(),
        ..Options::default()
    })
    .await?;
    if options.demo {
        // A second start keeps what a person has changed since.
        let applied = sandbox.data_dir().join("demo-applied");
        if !applied.exists() {
            apply_demo(&sandbox.client()?).await?;
            std::fs::write(applied, "")?;
            say("the application `shop` is applied");
        }
    }
    let variables = environment(sandbox.kubeconfig(), sandbox.gitea()).await?;
    let text: String = variables.iter().map(|(name, value)| format!("{name}={}\n", quote(value))).collect();
    let incomplete = sandbox.data_dir().join("sandbox.env.incomplete");
    write_secret(&incomplete, &text)?;
    std::fs::rename(incomplete, sandbox.data_dir().join("sandbox.env"))?;
    say(&format!("kubeconfig: {}", sandbox.kubeconfig().display()));
    if let Some(gitea) = sandbox.gitea() {
        say(&format!("Gitea: {} ({} / {})", gitea.url(), gitea.username(), gitea.password()));
    }
    say(&format!("ready; variables in {}", sandbox.data_dir().join("sandbox.env").display()));
    Ok(sandbox)
}

/// A value as a shell reads it, unquoted where it can be so that other readers take it too.
pub(crate) fn quote(value: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/:._-@%+=,".contains(&byte);
    if value.bytes().all(is_plain) { value.to_owned() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_a_shell() {
        assert_eq!(quote("http://127.0.0.1:3000/a.git"), "http://127.0.0.1:3000/a.git");
        assert_eq!(quote("/home/a b/it's"), r"'/home/a b/it'\''s'");
    }
}
