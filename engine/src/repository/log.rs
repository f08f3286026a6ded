//! Reads the log and single commits.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use git2::{Delta, DiffOptions, Oid, Repository as Git, Sort};
use model::git::{CommitId, FileStatus};
use model::{Page, PageRequest, Timestamp};

use super::Reading;
use super::commit::tree_of;
use super::failure::RepositoryError;
use super::foreign;
use super::lookup::{commit_id, object_id, text_of};
use super::search::{self, Searches};

/// A file larger than this is named and not shown.
const SHOWN_BYTES: usize = 512 * 1024;

/// Which commits a log shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogFilter {
    /// A file or folder.
    pub(crate) path: Option<String>,
    /// Part of the author's name, in lower case.
    pub(crate) author: Option<String>,
    /// Part of the subject, in lower case.
    pub(crate) text: Option<String>,
    /// Only what touches one of these folders, which are all that the reader may see.
    pub(crate) folders: Option<Vec<String>>,
}

/// One commit of a log.
#[derive(Clone, Debug)]
pub(crate) struct LogLine {
    pub(crate) id: CommitId,
    pub(crate) message: String,
    pub(crate) author: String,
    pub(crate) author_email: String,
    pub(crate) committer: String,
    pub(crate) authored_at: Timestamp,
    pub(crate) pushed: bool,
    pub(crate) parent: Option<CommitId>,
    /// All files it touches.
    pub(crate) files: Vec<TouchedFile>,
}

/// A file that a commit touches.
#[derive(Clone, Debug)]
pub(crate) struct TouchedFile {
    pub(crate) path: String,
    pub(crate) status: FileStatus,
    old: Oid,
    new: Oid,
}

/// A file before and after a commit; `None` where there is none or it is not text of a bearable size.
#[derive(Clone, Debug)]
pub(crate) struct RecordedFile {
    pub(crate) path: String,
    pub(crate) status: FileStatus,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
}

impl TouchedFile {
    /// Returns the blob after the commit; zero for a deleted file.
    pub(crate) fn new_blob(&self) -> Oid {
        self.new
    }
}

/// What is kept from one look at the log to the next.
#[derive(Debug, Default)]
pub(crate) struct LogCache {
    /// The ids of the branch's commits, newest first, while the head stays.
    ids: Mutex<Option<(Oid, Arc<Vec<Oid>>)>>,
    searches: Searches,
}

impl LogCache {
    fn ids(&self, git: &Git, head: Oid) -> Result<Arc<Vec<Oid>>, RepositoryError> {
        let known = self.ids.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, ids)) = &known
            && *at == head
        {
            return Ok(ids.clone());
        }
        let mut walk = git.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL)?;
        walk.push(head)?;
        let older = match known {
            Some((at, ids)) if git.graph_descendant_of(head, at)? => {
                walk.hide(at)?;
                ids
            }
            _ => Arc::default(),
        };
        let mut ids = walk.collect::<Result<Vec<_>, _>>()?;
        ids.extend(older.iter().copied());
        let ids = Arc::new(ids);
        *self.ids.lock().unwrap_or_else(PoisonError::into_inner) = Some((head, ids.clone()));
        Ok(ids)
    }
}

impl Reading {
    /// Lists one page of the branch's log, newest first; what a filter leaves of it is searched for a second at most.
    pub(crate) fn log(
        &self,
        git: &Git,
        filter: &LogFilter,
        page: PageRequest,
    ) -> Result<Page<LogLine>, RepositoryError> {
        self.log_within(git, filter, page, search::LONGEST)
    }

    pub(super) fn log_within(
        &self,
        git: &Git,
        filter: &LogFilter,
        page: PageRequest,
        longest: Duration,
    ) -> Result<Page<LogLine>, RepositoryError> {
        let Some(head) = self.head(git)? else { return Ok(Page::cut(Vec::new().into_iter(), page)) };
        let ids = self.cache.ids(git, head)?;
        let unpushed = self.unpushed(git, head)?;
        let page = if *filter == LogFilter::default() {
            Page::cut((0..ids.len()).rev(), page)
        } else {
            self.cache.searches.page(git, filter, &ids, page, longest)?
        };
        let (total, number, size, searched) = (page.total, page.number, page.size, page.searched);
        let ids = page.items.into_iter().filter_map(|place| ids.get((ids.len() - 1).checked_sub(place)?));
        let items = ids.map(|id| line_of(git, *id, &unpushed)).collect::<Result<_, _>>()?;
        Ok(Page { items, total, number, size, searched })
    }

    /// Reads one commit of the branch.
    pub(crate) fn commit(&self, git: &Git, id: &CommitId) -> Result<LogLine, RepositoryError> {
        let id = object_id(id)?;
        let head = self.head(git)?.ok_or(RepositoryError::NotFound)?;
        git.find_commit(id)?;
        if id != head && !git.graph_descendant_of(head, id)? {
            return Err(RepositoryError::NotFound);
        }
        line_of(git, id, &self.unpushed(git, head)?)
    }

    /// Reads both sides of a file that a commit touches.
    pub(crate) fn contents(&self, git: &Git, file: &TouchedFile) -> Result<RecordedFile, RepositoryError> {
        let text = |id: Oid| if id.is_zero() { Ok(None) } else { text_of(git, id, SHOWN_BYTES) };
        Ok(RecordedFile { path: file.path.clone(), status: file.status, old: text(file.old)?, new: text(file.new)? })
    }

    /// Lists the newest commits after one, oldest first.
    pub(crate) fn since(&self, git: &Git, known: Option<Oid>, limit: usize) -> Result<Vec<LogLine>, RepositoryError> {
        let Some(head) = self.head(git)? else { return Ok(Vec::new()) };
        let mut walk = git.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL)?;
        walk.push(head)?;
        if let Some(known) = known {
            walk.hide(known)?;
        }
        let unpushed = self.unpushed(git, head)?;
        let mut lines: Vec<LogLine> =
            walk.take(limit).map(|id| line_of(git, id?, &unpushed)).collect::<Result<_, _>>()?;
        lines.reverse();
        Ok(lines)
    }

    /// Goes back from the head until the visitor has seen enough; not to what comes before `known`.
    pub(crate) fn walk_back(
        &self,
        git: &Git,
        known: Option<Oid>,
        limit: usize,
        mut visit: impl FnMut(&LogLine) -> bool,
    ) -> Result<(), RepositoryError> {
        let Some(head) = self.head(git)? else { return Ok(()) };
        let unpushed = self.unpushed(git, head)?;
        // In no order that would have all of it read first; where one commit follows the other, it is theirs.
        let mut walk = git.revwalk()?;
        walk.push(head)?;
        if let Some(known) = known {
            walk.hide(known)?;
        }
        for id in walk.take(limit) {
            if !visit(&line_of(git, id?, &unpushed)?) {
                break;
            }
        }
        Ok(())
    }

    /// Tells of each of some commits of the branch whether the remote has it.
    pub(crate) fn pushed(&self, git: &Git, commits: &[CommitId]) -> Result<Vec<bool>, RepositoryError> {
        let Some(head) = self.head(git)? else { return Ok(vec![false; commits.len()]) };
        let unpushed = self.unpushed(git, head)?;
        // Those that were made again are no part of the branch.
        let rewrites = self.rewrites()?;
        let is_pushed =
            |id: &CommitId| Ok(unpushed.leaves_out(object_id(id)?) && !rewrites.0.iter().any(|(old, _)| old == id));
        commits.iter().map(is_pushed).collect()
    }

    /// Lists the commits that others brought, or may have, whoever they say made them.
    pub(crate) fn foreign(&self, git: &Git) -> Result<HashSet<CommitId>, RepositoryError> {
        foreign::all(git)
    }

    /// Tells whether a commit is part of the branch.
    pub(crate) fn contains(&self, git: &Git, id: &CommitId) -> Result<bool, RepositoryError> {
        self.contains_id(git, object_id(id)?)
    }

    /// As [`Reading::contains`].
    pub(crate) fn contains_id(&self, git: &Git, id: Oid) -> Result<bool, RepositoryError> {
        let Some(head) = self.head(git)? else { return Ok(false) };
        Ok(head == id || git.graph_descendant_of(head, id).unwrap_or(false))
    }

    /// Finds the ids of commits that the remote lacks; without a remote these are all.
    fn unpushed(&self, git: &Git, head: Oid) -> Result<Unpushed, RepositoryError> {
        let Some(there) = self.remote_head(git)? else { return Ok(Unpushed::All) };
        let mut walk = git.revwalk()?;
        walk.push(head)?;
        walk.hide(there)?;
        Ok(Unpushed::These(walk.collect::<Result<_, _>>()?))
    }
}

enum Unpushed {
    All,
    These(HashSet<Oid>),
}

impl Unpushed {
    fn leaves_out(&self, id: Oid) -> bool {
        match self {
            Self::All => false,
            Self::These(ids) => !ids.contains(&id),
        }
    }
}

/// Cuts a message into subject, body and trailers.
pub(crate) fn split_message(message: &str) -> (String, String, Vec<(String, String)>) {
    let message = message.trim_end();
    let (subject, rest) = message.split_once('\n').unwrap_or((message, ""));
    let rest = rest.trim_matches('\n');
    let (body, last) = rest.rsplit_once("\n\n").unwrap_or(("", rest));
    let trailers: Option<Vec<(String, String)>> = last.lines().map(trailer).collect();
    match trailers {
        Some(trailers) => (subject.trim().to_owned(), body.trim().to_owned(), trailers),
        None => (subject.trim().to_owned(), rest.trim().to_owned(), Vec::new()),
    }
}

fn trailer(line: &str) -> Option<(String, String)> {
    let (key, value) = line.split_once(": ")?;
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_key.then(|| (key.to_owned(), value.trim().to_owned()))
}

fn line_of(git: &Git, id: Oid, unpushed: &Unpushed) -> Result<LogLine, RepositoryError> {
    let commit = git.find_commit(id)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let parent = commit.parent_id(0).ok();
    let author = commit.author();
    Ok(LogLine {
        id: commit_id(id)?,
        message: text(commit.message_bytes()),
        author: text(author.name_bytes()),
        author_email: text(author.email_bytes()),
        committer: text(commit.committer().name_bytes()),
        authored_at: Timestamp::from_second(author.when().seconds()).unwrap_or(Timestamp::UNIX_EPOCH),
        pushed: unpushed.leaves_out(id),
        parent: parent.map(commit_id).transpose()?,
        files: touched(git, parent, id)?,
    })
}

pub(super) fn touched(git: &Git, parent: Option<Oid>, id: Oid) -> Result<Vec<TouchedFile>, RepositoryError> {
    let (old, new) = (tree_of(git, parent)?, tree_of(git, Some(id))?);
    let diff = git.diff_tree_to_tree(Some(&old), Some(&new), Some(DiffOptions::new().skip_binary_check(true)))?;
    let files = diff.deltas().map(|delta| {
        let (status, file) = match delta.status() {
            Delta::Added => (FileStatus::Added, delta.new_file()),
            Delta::Deleted => (FileStatus::Deleted, delta.old_file()),
            _ => (FileStatus::Modified, delta.new_file()),
        };
        TouchedFile {
            path: String::from_utf8_lossy(file.path_bytes().unwrap_or_default()).into_owned(),
            status,
            old: delta.old_file().id(),
            new: delta.new_file().id(),
        }
    });
    Ok(files.collect())
}

#[cfg(test)]
mod tests {
    use super::split_message;

    #[test]
    fn only_a_last_paragraph_of_trailers_is_trailers() {
        let check = |message: &str, expect: (&str, &str, usize)| {
            let (subject, body, trailers) = split_message(message);
            assert_eq!((subject.as_str(), body.as_str(), trailers.len()), expect, "{message:?}");
        };
        check(
            "Scale shop/api to 5\n\nBlack Friday\n\nActor: ada\nCluster: a\n",
            ("Scale shop/api to 5", "Black Friday", 2),
        );
        check("One\n\nActor: ada", ("One", "", 1));
        check("One\n\nnote: this\nis prose", ("One", "note: this\nis prose", 0));
        check("One", ("One", "", 0));
        check("", ("", "", 0));
    }
}
