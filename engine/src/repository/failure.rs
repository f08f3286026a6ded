//! What can go wrong between the recorder, the disk and the remote, told apart by code.

use git2::{ErrorClass, ErrorCode};
use model::sync::RemoteChoice;

/// Why the repository could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RepositoryError {
    /// Nothing of the kind is there.
    #[error("there is no such object in the repository")]
    NotFound,
    /// A record cannot lie at this path: it leaves the repository, or a file stands where a folder is needed.
    #[error("no record can lie at {path}")]
    Path { path: String },
    /// Another program moved the branch; the next try works on what is there then.
    #[error("the branch was moved by another program")]
    Moved,
    /// Local and remote history have nothing in common.
    #[error("the histories are unrelated")]
    Unrelated,
    /// The disk, its space or its rights; nothing was written.
    #[error("the repository cannot be read or written")]
    Storage(#[source] git2::Error),
    /// The writer has ended.
    #[error("the repository is closed")]
    Closed,
}

/// Why the remote did not take a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PushFailure {
    /// The remote does not accept the user name and token.
    Denied,
    /// The remote has no such repository, or does not show it to this user.
    Missing,
    /// No answer: name, network, certificate or time.
    Unreachable,
    /// A hook or a protected branch said no.
    Refused,
    /// The remote cannot keep what it was sent: its disk, its space or its rights.
    Unstored,
    /// The remote cannot lock its branch.
    Locked,
    /// The remote's branch begins elsewhere.
    Unrelated,
    /// The remote's branch lost commits that it had.
    Rewritten,
    /// The remote's branch is gone, as after a repository is created again.
    Emptied,
    /// A person decided that nothing is pushed for now.
    KeptHere,
    /// The remote lives at another address now.
    Redirected,
    /// The remote answers, but not as a Git server does.
    Broken,
    /// Others commit faster than Denshimon can follow.
    Outrun,
    /// The repository in the data directory cannot be read or written.
    Storage,
}

impl PushFailure {
    /// Reads what the remote says of a reference that it did not update.
    ///
    /// `git receive-pack` says `failed to update ref` when it cannot lock it, and names hooks and protection otherwise.
    pub(crate) fn of_status(status: &str) -> Self {
        if status.contains("failed to update ref") || status.contains("cannot lock") {
            Self::Locked
        } else {
            Self::Refused
        }
    }

    /// Tells whether another try without a person's help is sensible.
    pub(crate) fn may_pass(self) -> bool {
        !matches!(self, Self::Unrelated | Self::Rewritten | Self::Emptied | Self::KeptHere)
    }

    /// Lists what a person may decide; none of it overwrites anything.
    pub(crate) fn choices(self) -> &'static [RemoteChoice] {
        match self {
            Self::Unrelated | Self::Rewritten => &[RemoteChoice::BuildOn, RemoteChoice::KeepHere],
            Self::Emptied => &[RemoteChoice::PushAgain, RemoteChoice::KeepHere],
            _ => &[],
        }
    }

    /// Says it in a few words, for the sync chip.
    pub(crate) fn brief(self) -> &'static str {
        match self {
            Self::Denied => "the remote refused user name or token",
            Self::Missing => "the remote has no such repository",
            Self::Unreachable => "the remote does not answer",
            Self::Refused => "the remote refused the commits",
            Self::Unstored => "the remote cannot store the commits",
            Self::Locked => "the remote cannot lock the branch",
            Self::Unrelated => "the remote has another history",
            Self::Rewritten => "the remote's history was rewritten",
            Self::Emptied => "the branch is gone from the remote",
            Self::KeptHere => "they are kept here only, as was decided",
            Self::Redirected => "the remote has moved to another address",
            Self::Broken => "the remote does not answer as a Git server",
            Self::Outrun => "others commit to the branch without a pause",
            Self::Storage => "the data directory cannot be written",
        }
    }

    /// Says what to do about it.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::Denied => {
                "Check DENSHIMON_REPOSITORY_USERNAME and DENSHIMON_REPOSITORY_TOKEN, and that this user may write to \
                 the repository; then choose Retry."
            }
            Self::Missing => {
                "Create the repository on the remote, or correct DENSHIMON_REPOSITORY_URL; a private repository that \
                 the token cannot read looks the same."
            }
            Self::Unreachable => {
                "Check that the remote runs and can be reached from here. Commits are kept and pushed when it is back."
            }
            Self::Refused => {
                "A hook or a branch protection on the remote refused the push. Allow Denshimon's user to push to the \
                 branch, or choose another one with DENSHIMON_REPOSITORY_BRANCH; then choose Retry."
            }
            Self::Unstored => {
                "Check the free space and the rights of the disk on the remote's server; its log says more. Commits are \
                 kept and pushed when it works again."
            }
            Self::Locked => {
                "Another push may be under way; Denshimon tries again. If it lasts, a push that was cut off has left \
                 HEAD.lock or a .lock file under refs/heads in the remote's repository: delete it on that server."
            }
            Self::Unrelated => {
                "The branch on the remote has no commit in common with the records here, and Denshimon never \
                 overwrites it. If it is the right one, build on what is there now; else name an empty branch with \
                 DENSHIMON_REPOSITORY_BRANCH, or the right repository with DENSHIMON_REPOSITORY_URL. Nothing here is \
                 lost."
            }
            Self::Rewritten => {
                "Somebody removed commits from the branch on the remote, and Denshimon never overwrites it. Build on \
                 what is there now: Denshimon's own commits are made again on top. Or put the commits back and choose \
                 Retry. Nothing here is lost."
            }
            Self::Emptied => {
                "The branch was there and is gone, as after the repository was deleted and created again. If that was \
                 meant, push all of the history again; else put the branch back and choose Retry. Nothing here is lost."
            }
            Self::KeptHere => "Denshimon goes on committing here. Choose Retry to look at the remote again.",
            Self::Redirected => "Set DENSHIMON_REPOSITORY_URL to the new address: credentials go to no other host.",
            Self::Broken => {
                "Check that DENSHIMON_REPOSITORY_URL is the address that git clone takes, and the remote's log."
            }
            Self::Outrun => {
                "Nothing is lost; Denshimon tries again. If it lasts, give the records a branch of their own."
            }
            Self::Storage => "Check the free space and the rights of the data directory; the log says more.",
        }
    }
}

impl From<std::io::Error> for RepositoryError {
    fn from(error: std::io::Error) -> Self {
        Self::Storage(git2::Error::new(ErrorCode::GenericError, ErrorClass::Os, error.to_string()))
    }
}

impl From<git2::Error> for RepositoryError {
    fn from(error: git2::Error) -> Self {
        match (error.code(), error.class()) {
            (ErrorCode::NotFound, class) if class != ErrorClass::Os => Self::NotFound,
            (ErrorCode::Modified | ErrorCode::Exists, _) => Self::Moved,
            _ => Self::Storage(error),
        }
    }
}
