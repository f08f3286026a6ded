//! GitOps -> Commits: the log and single commits, as far as the caller may see them.

use manifest::{diff, diff_trees, identity, mentions_secret, parse, sanitize};
use model::diff::Diff;
use model::git::{CommitDetail, CommitId, CommitQuery, CommitSummary, FileChange};
use model::user::Scope;
use model::{ClusterName, Page};

use super::plan::read_record;
use super::trailers::read_resource;
use crate::repository::{LogFilter, LogLine, RecordedFile, RepositoryError, split_message};
use crate::rights::{Action, check};
use crate::{Caller, Engine, Error};

/// More files than these are only counted.
const SHOWN: usize = 100;
/// What is said of a record by its text alone.
pub(super) const LACKS_VALUES: &str =
    "The record cannot be restored whole: it says of values that they are not recorded.";

/// Which files a caller may see.
#[derive(Clone, Debug)]
enum Sight {
    All,
    /// Folders of namespaces, each with a `/` at its end.
    Folders(Vec<String>),
}

impl Engine {
    /// Lists the log, newest first: who is bound to namespaces sees the commits that touch them.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::Unavailable`] when the repository cannot be read.
    pub async fn list_commits(&self, caller: &Caller, query: &CommitQuery) -> Result<Page<CommitSummary>, Error> {
        check(caller, Action::SeeHistory)?;
        let sight = self.sight(caller);
        let given =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let filter = LogFilter {
            path: given(&query.path),
            author: given(&query.author).map(|text| text.to_lowercase()),
            text: given(&query.text).map(|text| text.to_lowercase()),
            folders: match &sight {
                Sight::All => None,
                Sight::Folders(folders) => {
                    Some(folders.iter().map(|folder| folder.trim_end_matches('/').to_owned()).collect())
                }
            },
        };
        // A path outside of one's namespaces would tell which commits touch it.
        if filter.path.as_deref().is_some_and(|path| !sight.covers(&format!("{}/", path.trim_matches('/')))) {
            return Ok(Page::cut(Vec::new().into_iter(), query.page));
        }
        let page = query.page;
        let lines = self.parts.repository.read(move |git, reading| reading.log(git, &filter, page)).await;
        Ok(lines.map_err(unreadable)?.map(|line| summary_of(&line, &sight)))
    }

    /// Reads a commit with the differences it makes.
    ///
    /// # Errors
    /// [`Error::NotFound`] for what is not on the branch or touches nothing the caller may see.
    pub async fn read_commit(&self, caller: &Caller, id: &CommitId) -> Result<CommitDetail, Error> {
        check(caller, Action::SeeHistory)?;
        let sight = self.sight(caller);
        let cluster = self.parts.config.cluster.name.clone();
        let not_found = || Error::NotFound { what: format!("commit {}", id.short()) };
        let id = id.clone();
        let detail = self.parts.repository.read(move |git, reading| {
            let line = reading.commit(git, &id)?;
            let seen: Vec<_> = line.files.iter().filter(|file| sight.covers(&file.path)).collect();
            if seen.is_empty() && matches!(sight, Sight::Folders(_)) {
                return Err(RepositoryError::NotFound);
            }
            let shown = seen.iter().take(SHOWN).map(|file| reading.contents(git, file));
            let files =
                shown.map(|file| Ok(change_of(&file?, &cluster))).collect::<Result<Vec<_>, RepositoryError>>()?;
            let left_out = seen.len().saturating_sub(SHOWN);
            Ok(detail_of(&line, files, left_out, &sight, &cluster))
        });
        detail.await.map_err(|error| match error {
            RepositoryError::NotFound => not_found(),
            error => unreadable(error),
        })
    }

    fn sight(&self, caller: &Caller) -> Sight {
        match &caller.scope {
            Scope::Everywhere => Sight::All,
            Scope::Namespaces(namespaces) => {
                let folder = self.parts.recorder.book.folder();
                Sight::Folders(namespaces.iter().map(|namespace| format!("{folder}/{namespace}/")).collect())
            }
        }
    }
}

impl Sight {
    fn covers(&self, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::Folders(folders) => folders.iter().any(|folder| path.starts_with(folder.as_str())),
        }
    }

    fn covers_all(&self, line: &LogLine) -> bool {
        line.files.iter().all(|file| self.covers(&file.path))
    }
}

fn summary_of(line: &LogLine, sight: &Sight) -> CommitSummary {
    let files = line.files.iter().filter(|file| sight.covers(&file.path)).count();
    let subject = if sight.covers_all(line) {
        split_message(&line.message).0
    } else {
        // The subject may name what the reader may not know of.
        format!("Change {files} of your resources, and others")
    };
    CommitSummary {
        id: line.id.clone(),
        subject,
        author: line.author.clone(),
        authored_at: line.authored_at,
        pushed: line.pushed,
        files: u32::try_from(files).unwrap_or(u32::MAX),
    }
}

fn detail_of(
    line: &LogLine,
    files: Vec<FileChange>,
    left_out: usize,
    sight: &Sight,
    cluster: &ClusterName,
) -> CommitDetail {
    let (_, body, trailers) = split_message(&line.message);
    let all = sight.covers_all(line);
    CommitDetail {
        summary: summary_of(line, sight),
        author_email: line.author_email.clone(),
        committer: line.committer.clone(),
        body: if all { body } else { String::new() },
        trailers: if all { trailers } else { own_trailers(trailers, &files, cluster) },
        parent: line.parent.clone(),
        files,
        files_left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
    }
}

/// Keeps the blocks of resources whose files are shown.
fn own_trailers(trailers: Vec<(String, String)>, files: &[FileChange], cluster: &ClusterName) -> Vec<(String, String)> {
    let mut shown = true;
    let mut kept = Vec::new();
    for (key, value) in trailers {
        match key.as_str() {
            "Resource" => {
                let resource = read_resource(&value, cluster);
                shown = resource.is_some() && files.iter().any(|file| file.resource == resource);
            }
            "Actor" | "Cluster" => shown = true,
            "Resource-Version" | "Operation" => {}
            _ => shown = false,
        }
        if shown {
            kept.push((key, value));
        }
    }
    kept
}

/// A record is compared as the manifest it holds, which never holds a Secret's value; another file as text.
fn change_of(file: &RecordedFile, cluster: &ClusterName) -> FileChange {
    let (old, new) = (file.old.as_deref().and_then(read_record), file.new.as_deref().and_then(read_record));
    let is_record = |text: &Option<String>, manifest: &Option<manifest::Manifest>| text.is_none() || manifest.is_some();
    let resource = new.as_ref().or(old.as_ref()).and_then(|manifest| identity(manifest.tree(), cluster).ok());
    let records = resource.is_some() && is_record(&file.old, &old) && is_record(&file.new, &new);
    let mut diff = if records { diff_trees(old.as_ref(), new.as_ref()) } else { diff_texts(file) };
    if file.new.as_deref().is_some_and(manifest::lacks_values) {
        diff.summary.push(LACKS_VALUES.into());
    }
    FileChange { path: file.path.clone(), status: file.status, resource, diff }
}

fn diff_texts(file: &RecordedFile) -> Diff {
    let safe = |text: &Option<String>| text.as_deref().map_or(Some(String::new()), without_secrets);
    let (Some(old), Some(new)) = (safe(&file.old), safe(&file.new)) else {
        let words = "The file mentions a Secret and cannot be read as YAML or JSON, so its text is not shown.";
        return Diff { summary: vec![words.into()], hunks: Vec::new() };
    };
    let shown = file.old.is_some() || file.new.is_some();
    let summary = if shown { Vec::new() } else { vec!["The file is too large to show, or is no text.".into()] };
    Diff { summary, hunks: diff(&old, &new) }
}

/// A file of several documents may hold a Secret among them: then it is shown as its masked manifests. `None` where
/// there may be one whose values cannot be found.
pub(super) fn without_secrets(text: &str) -> Option<String> {
    match parse(text) {
        Ok(documents) if documents.iter().all(|document| document.tree.is_object()) && !documents.is_empty() => {
            let documents = documents.iter().map(|document| manifest::render(&sanitize(&document.tree)));
            Some(documents.collect::<Vec<_>>().join("---\n"))
        }
        _ => (!mentions_secret(text)).then(|| text.to_owned()),
    }
}

pub(super) fn unreadable(error: RepositoryError) -> Error {
    Error::unavailable("the repository in the data directory", error)
}

#[cfg(test)]
mod tests {
    use model::git::FileStatus;

    use super::*;

    #[test]
    fn what_may_hold_a_secret_s_value_is_not_shown_as_text() {
        let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: hunter2\n";
        for (text, expect) in [
            (format!("{secret}---\nkind: ConfigMap\n"), "not recorded"),
            (format!("{secret}<<<<<<< ours\n"), "mentions a Secret"),
            (format!("- {}", secret.replace('\n', "\n  ").trim_end()), "mentions a Secret"),
            (format!("a note\n---\n{secret}"), "mentions a Secret"),
            ("{\"kind\": \"Secret\", \"data\": {\"password\": \"hunter2\"".into(), "mentions a Secret"),
            ("a: [\n".into(), "a: ["),
        ] {
            let file = RecordedFile { path: "x.yaml".into(), status: FileStatus::Added, old: None, new: Some(text) };
            let shown = format!("{:?}", change_of(&file, &"main".parse().unwrap()).diff);
            assert!(shown.contains(expect) && !shown.contains("hunter2"), "{shown}");
        }
    }
}
