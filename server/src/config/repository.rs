//! Where records go.

use engine::{Credentials, RepositoryConfig};
use model::git::{BranchName, RemoteUrl};

use super::ConfigError;
use super::settings::Settings;

pub(super) fn read(settings: &Settings) -> Result<RepositoryConfig, ConfigError> {
    let remote = settings
        .text("repository_url")
        .map(|text| settings.check("repository_url", text.parse::<RemoteUrl>()))
        .transpose()?;
    let branch = settings.text("repository_branch").unwrap_or_else(|| "main".into());
    let branch = settings.check("repository_branch", branch.parse::<BranchName>())?;
    let path = settings.text("repository_path").unwrap_or_else(|| ".".into());
    if !is_folder_inside(&path) {
        return Err(settings.wrong("repository_path", "is a folder in the repository, such as . or clusters/home"));
    }
    let ssh_key_file = settings.text("repository_ssh_key_file").map(std::path::PathBuf::from);
    let credentials = Credentials {
        username: settings.text("repository_username"),
        token: settings.secret("repository_token"),
        ssh_key_file,
    };
    let path = path.trim_matches('/').to_owned();
    let signing_key_file = settings.text("repository_signing_key_file").map(std::path::PathBuf::from);
    Ok(RepositoryConfig { remote, branch, path, credentials, signing_key_file })
}

/// Refuses what would leave the repository or touch Git's own folder.
fn is_folder_inside(path: &str) -> bool {
    let harmless = |part: &str| {
        !part.is_empty() && part != ".." && part != "." && !part.eq_ignore_ascii_case(".git") && !part.contains('\\')
    };
    path == "." || (!path.starts_with('/') && path.trim_end_matches('/').split('/').all(harmless))
}
