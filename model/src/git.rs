//! Git's things: commits, branches, remotes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::diff::Diff;
use crate::{InvalidName, ResourceRef, Timestamp};

/// A commit's full hash: 40 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct CommitId(String);

/// A branch's short name, such as `main`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct BranchName(String);

/// Where a repository is pushed to: `https://`, `http://`, `ssh://`, `file://` or an absolute path, without credentials.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct RemoteUrl(String);

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CommitSummary {
    pub id: CommitId,
    pub subject: String,
    /// The author's name, who is the actor.
    pub author: String,
    #[serde(with = "crate::timestamp::text")]
    pub authored_at: Timestamp,
    /// The remote has it.
    pub pushed: bool,
    /// Files it touches.
    pub files: u32,
}

/// A whole commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CommitDetail {
    pub summary: CommitSummary,
    pub author_email: String,
    pub committer: String,
    /// The message without subject and trailers.
    pub body: String,
    /// `Operation`, `Actor`, `Resource`..., in their order.
    pub trailers: Vec<(String, String)>,
    pub parent: Option<CommitId>,
    pub files: Vec<FileChange>,
    /// Files beyond the first 100, which are not shown.
    pub files_left_out: u32,
}

/// One file of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FileChange {
    pub path: String,
    pub status: FileStatus,
    /// The resource whose record it is, when it is one.
    pub resource: Option<ResourceRef>,
    pub diff: Diff,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    Added,
    Modified,
    Deleted,
}

/// What a log shows; everything lives in the address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CommitQuery {
    /// Only commits that touch this file or folder.
    pub path: Option<String>,
    /// Only commits of this author (part of the name, any case).
    pub author: Option<String>,
    /// Only commits with this in the subject (any case).
    pub text: Option<String>,
    pub page: crate::PageRequest,
}

impl CommitId {
    /// Returns all 40 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first 8 digits.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl TryFrom<String> for CommitId {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let hexadecimal = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() == 40 && hexadecimal {
            Ok(Self(text))
        } else {
            Err(InvalidName("A commit is named by its 40 hexadecimal digits.".into()))
        }
    }
}

impl std::str::FromStr for CommitId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::try_from(text.to_owned())
    }
}

impl From<CommitId> for String {
    fn from(id: CommitId) -> Self {
        id.0
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.short())
    }
}

impl BranchName {
    /// Returns the short name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The rules of `git check-ref-format`, and no leading `-`.
impl TryFrom<String> for BranchName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let forbidden = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
        let bad_part =
            |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with('.') || part.ends_with(".lock");
        if text.is_empty()
            || text.len() > 200
            || text == "@"
            || text.starts_with('-')
            || text.contains("..")
            || text.contains("@{")
            || text.contains(forbidden)
            || text.split('/').any(bad_part)
        {
            return Err(InvalidName("A branch has a name that git check-ref-format accepts, such as main.".into()));
        }
        Ok(Self(text))
    }
}

impl std::str::FromStr for BranchName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::try_from(text.to_owned())
    }
}

impl From<BranchName> for String {
    fn from(name: BranchName) -> Self {
        name.0
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl RemoteUrl {
    /// Returns the whole address, which holds no credentials.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RemoteUrl {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        const SCHEMES: [&str; 4] = ["https://", "http://", "ssh://", "file:///"];
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(InvalidName("A repository's address has no spaces.".into()));
        }
        if text.starts_with('/') {
            return Ok(Self(text));
        }
        let Some(scheme) = SCHEMES.into_iter().find(|scheme| text.starts_with(scheme)) else {
            return Err(InvalidName(
                "A repository's address begins with https://, http://, ssh://, file:/// or is an absolute path.".into(),
            ));
        };
        let rest = text.get(scheme.len()..).unwrap_or_default();
        let authority = rest.split('/').next().unwrap_or_default();
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        if user.is_some_and(|user| scheme != "ssh://" || user.contains(':')) {
            return Err(InvalidName(
                "A repository's address holds no credentials: give user name and token by their own settings.".into(),
            ));
        }
        if rest.is_empty() || (authority.is_empty() && scheme != "file:///") || authority.starts_with('-') {
            return Err(InvalidName("A repository's address names a host and a path.".into()));
        }
        Ok(Self(text))
    }
}

impl std::str::FromStr for RemoteUrl {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::try_from(text.to_owned())
    }
}

impl From<RemoteUrl> for String {
    fn from(url: RemoteUrl) -> Self {
        url.0
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_name_cannot_be_an_option_or_leave_its_folder() {
        for good in ["main", "release/1.2", "a-b"] {
            assert!(good.parse::<BranchName>().is_ok(), "{good}");
        }
        for bad in ["", "-main", "a..b", "a b", "/a", "a/", "a.lock", "a~1", "@", ".a", "x/.y", "a\nb"] {
            assert!(bad.parse::<BranchName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_remote_has_a_known_scheme_and_no_credentials() {
        for good in ["https://git.example.org/a/b.git", "http://127.0.0.1:3000/a", "ssh://git@host/a", "/srv/a.git"] {
            assert!(good.parse::<RemoteUrl>().is_ok(), "{good}");
        }
        let bad =
            ["", "ext::sh -c id", "ext::id", "-upload", "https://", "https://a:b@host/x", "https://t@host/x", "a/b"];
        for bad in bad {
            assert!(bad.parse::<RemoteUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_commit_is_forty_digits() {
        assert!("0123456789abcdef0123456789abcdef01234567".parse::<CommitId>().is_ok());
        for bad in ["", "HEAD", "--help", "0123456789ABCDEF0123456789abcdef01234567"] {
            assert!(bad.parse::<CommitId>().is_err(), "{bad}");
        }
    }
}
