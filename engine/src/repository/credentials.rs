//! How to reach the remote, and to whom the token may go.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use model::git::RemoteUrl;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::ExposeSecret;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::{Credentials, StartError};

const CONNECT: Duration = Duration::from_secs(10);
/// Between two pieces of an answer; a server that counts objects is silent for a while.
const SILENCE: Duration = Duration::from_secs(60);
const WHOLE: Duration = Duration::from_secs(600);

/// Where commits are pushed to.
#[derive(Clone, Debug)]
pub(crate) enum Remote {
    /// A folder on this machine.
    Folder(PathBuf),
    Http(HttpAccess),
}

/// A client that holds the credentials and sends them to one origin only.
#[derive(Clone)]
pub(crate) struct HttpAccess {
    pub(super) address: reqwest::Url,
    pub(super) client: reqwest::Client,
    pub(super) runtime: Handle,
    /// Ends every request.
    pub(super) closed: CancellationToken,
}

impl Remote {
    /// Prepares the way to a remote; nothing is sent yet.
    pub(crate) fn new(url: &RemoteUrl, credentials: &Credentials) -> Result<Self, StartError> {
        let text = url.as_str();
        if text.starts_with("ssh://") {
            return Err(StartError::Repository(
                "DENSHIMON_REPOSITORY_URL begins with ssh://, which this build of Denshimon cannot speak: use the \
                 https:// address of the repository with DENSHIMON_REPOSITORY_USERNAME and DENSHIMON_REPOSITORY_TOKEN."
                    .into(),
            ));
        }
        if let Some(path) = text.strip_prefix("file://") {
            return Ok(Self::Folder(PathBuf::from(path)));
        }
        if text.starts_with('/') {
            return Ok(Self::Folder(PathBuf::from(text)));
        }
        let wrong = |_| StartError::Repository("DENSHIMON_REPOSITORY_URL is not an address.".into());
        let address = reqwest::Url::parse(text.trim_end_matches('/')).map_err(wrong)?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("git/2.0 (denshimon ", env!("CARGO_PKG_VERSION"), ")"))
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .timeout(WHOLE)
            .redirect(reqwest::redirect::Policy::none());
        if let Some(header) = basic(credentials)? {
            builder = builder.default_headers(HeaderMap::from_iter([(AUTHORIZATION, header)]));
        }
        let client = builder
            .build()
            .map_err(|_| StartError::Repository("The HTTP client for the repository cannot be made.".into()))?;
        Ok(Self::Http(HttpAccess { address, client, runtime: Handle::current(), closed: CancellationToken::new() }))
    }

    /// Ends every request under way, and all later ones.
    pub(crate) fn close(&self) {
        if let Self::Http(access) = self {
            access.closed.cancel();
        }
    }
}

impl fmt::Debug for HttpAccess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HttpAccess").field("address", &self.address.as_str()).finish_non_exhaustive()
    }
}

/// Joins user name and token; a token alone goes with a name that Gitea, GitHub and GitLab all take.
fn basic(credentials: &Credentials) -> Result<Option<HeaderValue>, StartError> {
    let Some(token) = &credentials.token else { return Ok(None) };
    let username = credentials.username.as_deref().unwrap_or("denshimon");
    if username.contains(':') {
        return Err(StartError::Repository("DENSHIMON_REPOSITORY_USERNAME cannot hold a colon.".into()));
    }
    let pair = format!("{username}:{}", token.expose_secret());
    let text = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let mut header = HeaderValue::from_str(&text)
        .map_err(|_| StartError::Repository("DENSHIMON_REPOSITORY_TOKEN cannot be sent.".into()))?;
    header.set_sensitive(true);
    Ok(Some(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials { username: Some("ada".into()), token: Some("hunter2".to_owned().into()), ssh_key_file: None }
    }

    #[tokio::test]
    async fn no_credential_is_ever_printed() {
        let remote = Remote::new(&"https://git.example.org/a.git".parse().unwrap(), &credentials()).unwrap();
        let printed = format!("{remote:?} {remote:#?}");
        assert!(!printed.contains("hunter2") && !printed.contains("YWRh"), "{printed}");
    }

    #[tokio::test]
    async fn ssh_is_refused_with_the_way_out() {
        let refused = Remote::new(&"ssh://git@host/a".parse().unwrap(), &credentials()).unwrap_err();
        assert!(refused.to_string().contains("https://"), "{refused}");
    }
}
