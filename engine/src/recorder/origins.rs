//! Where records come from: the newest commit that touches each, and what Denshimon wrote there last.
//!
//! Found in the history, newest first, and kept in a file now and then, so that a start need not search what was known.

use std::collections::{HashMap, HashSet};

use git2::{Oid, Repository as Git};
use model::Timestamp;

use super::book::{Pages, Written};
use super::people::{Ground, Placed, find};
use super::trailers::Trailers;
use super::work::Work;
use crate::repository::{Identity, LogLine, Reading, RepositoryError, one_line, split_message};

/// So many commits are searched for the one that wrote a record.
const SEARCHED: usize = if cfg!(test) { 50 } else { 20_000 };
/// After so many commits what is known is kept.
const KEPT_EVERY: usize = if cfg!(test) { 40 } else { 5_000 };
/// A start that has searched so many keeps what it found at once: it may be killed before it makes as many commits.
const LONG_SEARCH: usize = if cfg!(test) { 30 } else { 500 };

/// Where a record at the head comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) written: Option<Written>,
    /// As Denshimon last wrote it.
    pub(super) own: Option<Oid>,
    /// The resource's version that it was last compared with, if it says what that is; 0 where that is not known.
    pub(super) seen: u64,
}

/// What was known at a commit.
#[derive(Debug, Default, PartialEq, Eq)]
struct Kept {
    at: Option<Oid>,
    origins: HashMap<String, Origin>,
}

/// How much of the origins has to be known, which decides how far back in history the search goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Written,
    All,
}

impl Work {
    /// Keeps what is known of the records after so many more commits, if they are many by now.
    pub(super) async fn keep_origins_after(&mut self, commits: usize) {
        self.unkept += commits;
        if self.unkept >= KEPT_EVERY {
            self.keep_origins().await;
        }
    }

    /// Keeps what a long search found.
    pub(super) async fn keep_origins_after_search(&mut self, searched: usize) {
        if searched >= LONG_SEARCH {
            self.keep_origins().await;
        }
    }

    /// Keeps what is known of the records.
    pub(super) async fn keep_origins(&mut self) {
        self.unkept = 0;
        let Some(text) = write(&self.book.pages()) else { return };
        if let Err(error) = self.repository.keep_origins(text).await {
            // The next start searches the history instead.
            tracing::warn!(%error, "what is known of the records could not be kept");
        }
    }
}

/// Finds the newest commit of each record, and what Denshimon last wrote there, in the history and in what was kept, and
/// says how many commits were searched.
pub(super) fn all_origins<'a>(
    git: &Git,
    reading: &Reading,
    ground: &Ground,
    records: impl Iterator<Item = (&'a str, Option<&'a Placed>)>,
) -> Result<(HashMap<String, Origin>, usize), RepositoryError> {
    let kept = reading.kept_origins()?.and_then(|text| read(&text)).unwrap_or_default();
    // A history that was rewritten since is another one.
    let known = kept.at.filter(|at| reading.contains_id(git, *at).unwrap_or(false));
    let (mut origins, searched) = origins(git, reading, ground, records, (Wanted::All, known))?;
    for (path, origin) in kept.origins.into_iter().filter(|_| known.is_some()) {
        if let Some(found) = origins.get_mut(&path) {
            found.written = found.written.take().or(origin.written);
            found.own = found.own.or(origin.own);
            found.seen = origin.seen;
        }
    }
    Ok((origins, searched))
}

/// Finds the newest commit of each record that others have changed.
pub(super) fn new_origins<'a>(
    git: &Git,
    reading: &Reading,
    ground: &Ground,
    records: impl Iterator<Item = (&'a str, Option<&'a Placed>)>,
) -> Result<HashMap<String, Origin>, RepositoryError> {
    origins(git, reading, ground, records, (Wanted::Written, None)).map(|(origins, _)| origins)
}

/// Writes what is known at the head: its id, and for each record in a line commit, time in milliseconds, what Denshimon
/// wrote last, the version of the resource, path and author.
fn write(pages: &Pages) -> Option<String> {
    let mut text = format!("{}\n", pages.head.as_ref()?);
    for (path, record) in pages.records.iter().filter(|(_, record)| record.blob.is_some()) {
        let Some(written) = &record.written else { continue };
        let own = record.own.map_or_else(|| "-".to_owned(), |own| own.to_string());
        // What waits, or could not be written, is not in the record.
        let is_told = record.planned.is_none() && !pages.obstructed.contains_key(path);
        let seen = if is_told { record.seen_version.max(record.kept_version) } else { 0 };
        let (commit, at, by) = (&written.commit, written.at.as_millisecond(), one_line(&written.by));
        text.push_str(&format!("{commit} {at} {own} {seen} {path}\t{by}\n"));
    }
    Some(text)
}

/// Reads what [`write`] wrote; `None` when it is something else.
fn read(text: &str) -> Option<Kept> {
    let (head, rest) = text.split_once('\n')?;
    let line = |line: &str| {
        let mut words = line.splitn(5, ' ');
        let (commit, at, own, seen) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let (path, by) = words.next()?.split_once('\t')?;
        let written = Written {
            commit: commit.parse().ok()?,
            at: Timestamp::from_millisecond(at.parse().ok()?).ok()?,
            by: by.to_owned(),
        };
        Some((
            path.to_owned(),
            Origin { written: Some(written), own: Oid::from_str(own).ok(), seen: seen.parse().ok()? },
        ))
    };
    let origins: Option<HashMap<String, Origin>> = rest.lines().map(line).collect();
    Some(Kept { at: Some(Oid::from_str(head).ok()?), origins: origins? })
}

fn origins<'a>(
    git: &Git,
    reading: &Reading,
    ground: &Ground,
    records: impl Iterator<Item = (&'a str, Option<&'a Placed>)>,
    (wanted, known): (Wanted, Option<Oid>),
) -> Result<(HashMap<String, Origin>, usize), RepositoryError> {
    let mut origins: HashMap<String, Origin> = HashMap::new();
    let mut by_file: HashMap<&str, Vec<(&str, Option<&Placed>)>> = HashMap::new();
    for (path, place) in records {
        origins.insert(path.to_owned(), Origin::default());
        by_file.entry(place.map_or(path, |place| &place.file)).or_default().push((path, place));
    }
    let mut open = origins.len();
    let mut searched = 0;
    if open == 0 {
        return Ok((origins, searched));
    }
    let own_name = Identity::denshimon();
    let foreign = if wanted == Wanted::All { reading.foreign(git)? } else { HashSet::new() };
    reading.walk_back(git, known, SEARCHED, |line| {
        searched += 1;
        let own = line.committer == own_name.name() && !foreign.contains(&line.id);
        for file in &line.files {
            for (path, place) in by_file.get(file.path.as_str()).into_iter().flatten() {
                let Some(origin) = origins.get_mut(*path) else { continue };
                let is_known = |origin: &Origin| match wanted {
                    Wanted::Written => origin.written.is_some(),
                    Wanted::All => origin.own.is_some(),
                };
                let known = is_known(origin);
                origin.written.get_or_insert_with(|| Written {
                    commit: line.id.clone(),
                    at: line.authored_at,
                    by: line.author.clone(),
                });
                if own && origin.own.is_none() {
                    origin.own = match place {
                        None => Some(file.new_blob()),
                        Some(place) => meaning_in(git, reading, ground, line, file.new_blob(), place),
                    };
                }
                open -= usize::from(!known && is_known(origin));
            }
        }
        open > 0
    })?;
    Ok((origins, searched))
}

/// Reads what one of our own commits wrote for a resource into a person's file, if the commit is about it.
fn meaning_in(git: &Git, reading: &Reading, ground: &Ground, line: &LogLine, blob: Oid, place: &Placed) -> Option<Oid> {
    let trailers = Trailers::read(&split_message(&line.message).2)?;
    trailers.blocks.iter().find(|block| block.resource == place.resource)?;
    let text = reading.text_of(git, blob).ok()??;
    ground.meaning_of(&find(&text, &place.resource)?.tree).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::book::{Book, Record};
    use super::*;

    fn written(letter: char, at: i64, by: &str) -> Written {
        let commit = letter.to_string().repeat(40).parse().unwrap();
        Written { commit, at: Timestamp::from_millisecond(at).unwrap(), by: by.into() }
    }

    #[test]
    fn what_is_kept_is_read_as_it_was() {
        let book = Book::new("test".parse().unwrap(), ".".into(), Timestamp::UNIX_EPOCH);
        let blob = Oid::from_bytes(&[7; 20]).unwrap();
        let mut pages = book.pages();
        assert_eq!(write(&pages), None);
        pages.head = Some("a".repeat(40).parse().unwrap());
        for (path, own, by, planned) in
            [("a/b c.yaml", Some(blob), "Ada L.", None), ("a/d.yaml", None, "tab\there\nand line", Some(Some(blob)))]
        {
            let (blob, written, seen_version) = (Some(blob), Some(written('b', 1_234, by)), 7);
            let record = Record { blob, own, written, planned, seen_version, ..Record::default() };
            pages.records.insert(path.into(), record);
        }
        pages.records.insert("unknown.yaml".into(), Record { blob: Some(blob), ..Record::default() });
        pages.records.insert("gone.yaml".into(), Record { written: Some(written('c', 1, "x")), ..Record::default() });
        let kept = read(&write(&pages).unwrap()).unwrap();
        assert_eq!(kept.at.unwrap().to_string(), "a".repeat(40));
        let origin = |by: &str, own, seen| Origin { written: Some(written('b', 1_234, by)), own, seen };
        let expect = [
            ("a/b c.yaml", origin("Ada L.", Some(blob), 7)),
            ("a/d.yaml", origin(&one_line("tab\there\nand line"), None, 0)),
        ];
        assert_eq!(kept.origins, HashMap::from(expect.map(|(path, origin)| (path.to_owned(), origin))));
    }

    proptest! {
        #[test]
        fn what_is_no_such_file_is_not_read(text in "[0-9a-f]{40}(\n[0-9a-z \t-]{0,60}){0,3}") {
            let _ = read(&text);
        }
    }
}
