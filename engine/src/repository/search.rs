//! Finds commits in the log by what they touch and say: from the newest on, for a bounded time, and further from there
//! when somebody asks again.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use git2::{Commit, ObjectType, Oid, Repository as Git, Tree};
use model::{Page, PageRequest};

use super::failure::RepositoryError;
use super::log::{LogFilter, touched};

/// So long is searched for one page,
pub(super) const LONGEST: Duration = Duration::from_secs(1);
/// and so long when there is enough for it, to count the rest.
const BRIEF: Duration = Duration::from_millis(100);
/// So many commits are looked at whatever the time.
const LEAST: usize = 100;
/// So many searches are remembered, those of late.
const REMEMBERED: usize = 8;
/// Folders that are kept: those on the way to what is searched, of one commit and the next.
const FOLDERS: usize = 32;

/// What was found of late, so that the next page and the next commit cost no new search.
#[derive(Debug, Default)]
pub(super) struct Searches(Mutex<Vec<(LogFilter, Search)>>);

#[derive(Clone, Debug)]
struct Search {
    /// The newest of the branch's commits then, and how many there were.
    head: Oid,
    length: usize,
    /// So many of the newest were looked at.
    searched: usize,
    /// The places of those that fit, counted from the oldest commit, so that new ones change nothing; newest first.
    found: Vec<u32>,
}

impl Searches {
    /// Finds one page of the commits that fit, as places counted from the oldest; `ids` are all, newest first.
    pub(super) fn page(
        &self,
        git: &Git,
        filter: &LogFilter,
        ids: &[Oid],
        page: PageRequest,
        longest: Duration,
    ) -> Result<Page<usize>, RepositoryError> {
        let Some(head) = ids.first().copied() else { return Ok(Page::cut(std::iter::empty(), page)) };
        let known = self.take(filter);
        let enough = page.offset().saturating_add(page.clamped().size as usize);
        let (searched, found) = search(git, filter, ids, known, enough, longest)?;
        let mut page = Page::cut(found.iter().map(|place| *place as usize), page);
        page.searched = (searched < ids.len()).then_some(searched as u64);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(other, _)| other != filter);
        all.insert(0, (filter.clone(), Search { head, length: ids.len(), searched, found }));
        all.truncate(REMEMBERED);
        Ok(page)
    }

    /// Whoever searches has it, and puts it back.
    fn take(&self, filter: &LogFilter) -> Option<Search> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = all.iter().position(|(other, _)| other == filter)?;
        Some(all.remove(place).1)
    }
}

/// Searches what is new, and then where an earlier search stopped.
fn search(
    git: &Git,
    filter: &LogFilter,
    ids: &[Oid],
    known: Option<Search>,
    enough: usize,
    longest: Duration,
) -> Result<(usize, Vec<u32>), RepositoryError> {
    let begun = Instant::now();
    // The history of then has to be the end of this one.
    let mut known = known.and_then(|known| {
        let newer = ids.len().checked_sub(known.length)?;
        (ids.get(newer) == Some(&known.head)).then_some((newer, known))
    });
    let mut look = Look::new(git, filter);
    let (mut searched, mut looked, mut found) = (0, 0, Vec::new());
    loop {
        if let Some((_, older)) = known.take_if(|(newer, _)| *newer == searched) {
            searched += older.searched;
            found.extend(older.found);
        }
        let Some(id) = ids.get(searched) else { break };
        let bound = if found.len() > enough { BRIEF.min(longest) } else { longest };
        if looked >= LEAST && begun.elapsed() >= bound {
            break;
        }
        if look.fits(*id)? {
            found.extend(u32::try_from(ids.len() - 1 - searched));
        }
        searched += 1;
        looked += 1;
    }
    Ok((searched, found))
}

/// Looks at one commit after the other.
struct Look<'a> {
    git: &'a Git,
    filter: &'a LogFilter,
    path: Option<Wanted<'a>>,
    folders: Option<Wanted<'a>>,
    trees: Trees<'a>,
}

/// Names below each other that lead to what is wanted.
#[derive(Default)]
struct Wanted<'a> {
    itself: bool,
    below: BTreeMap<&'a str, Wanted<'a>>,
}

impl<'a> Wanted<'a> {
    fn of(paths: impl Iterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        for path in paths {
            let names = path.split('/').filter(|name| !name.is_empty());
            names.fold(&mut all, |at, name| at.below.entry(name).or_default()).itself = true;
        }
        all
    }
}

impl<'a> Look<'a> {
    fn new(git: &'a Git, filter: &'a LogFilter) -> Self {
        Self {
            git,
            filter,
            path: filter.path.as_deref().map(|path| Wanted::of(std::iter::once(path))),
            folders: filter.folders.as_ref().map(|folders| Wanted::of(folders.iter().map(String::as_str))),
            trees: Trees { git, read: HashMap::new() },
        }
    }

    fn fits(&mut self, id: Oid) -> Result<bool, RepositoryError> {
        let commit = self.git.find_commit(id)?;
        if let Some(author) = &self.filter.author
            && !String::from_utf8_lossy(commit.author().name_bytes()).to_lowercase().contains(author)
        {
            return Ok(false);
        }
        if let Some(text) = &self.filter.text
            && !String::from_utf8_lossy(commit.summary_bytes().unwrap_or_default()).to_lowercase().contains(text)
        {
            return Ok(false);
        }
        if self.path.is_some() || self.folders.is_some() {
            let before = match commit.parent_id(0) {
                Ok(parent) => Some(Place::folder(self.git.find_commit(parent)?.tree_id())),
                Err(_) => None,
            };
            let now = Some(Place::folder(commit.tree_id()));
            for wanted in self.path.iter().chain(&self.folders) {
                if !self.trees.differ(now, before, wanted)? {
                    return Ok(false);
                }
            }
        }
        // Who sees only a part of what a commit touches does not see its subject, so cannot search in it either.
        Ok(self.filter.text.is_none() || is_covered(self.git, &commit, self.filter.folders.as_deref())?)
    }
}

/// What lies somewhere in a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    id: Oid,
    is_folder: bool,
}

impl Place {
    fn folder(id: Oid) -> Self {
        Self { id, is_folder: true }
    }
}

/// Folders as they are read: what is the same in a commit and its parent is not read at all, and what differs is read
/// once for both of them.
struct Trees<'a> {
    git: &'a Git,
    read: HashMap<Oid, Tree<'a>>,
}

impl Trees<'_> {
    fn differ(
        &mut self,
        now: Option<Place>,
        before: Option<Place>,
        wanted: &Wanted<'_>,
    ) -> Result<bool, RepositoryError> {
        if now == before {
            return Ok(false);
        }
        if wanted.itself {
            return Ok(true);
        }
        for (name, below) in &wanted.below {
            let (now, before) = (self.entry(now, name)?, self.entry(before, name)?);
            if self.differ(now, before, below)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn entry(&mut self, place: Option<Place>, name: &str) -> Result<Option<Place>, RepositoryError> {
        // libgit2 takes no such name, which somebody may have typed.
        let Some(folder) = place.filter(|place| place.is_folder && !name.contains('\0')) else { return Ok(None) };
        if !self.read.contains_key(&folder.id) {
            if self.read.len() >= FOLDERS {
                self.read.clear();
            }
            self.read.insert(folder.id, self.git.find_tree(folder.id)?);
        }
        let entry = self.read.get(&folder.id).and_then(|tree| tree.get_name(name));
        Ok(entry.map(|entry| Place { id: entry.id(), is_folder: entry.kind() == Some(ObjectType::Tree) }))
    }
}

/// Tells whether all that a commit touches lies in some folders; `None` stands for everywhere.
fn is_covered(git: &Git, commit: &Commit<'_>, folders: Option<&[String]>) -> Result<bool, RepositoryError> {
    let Some(folders) = folders else { return Ok(true) };
    let below = |path: &str, folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let files = touched(git, commit.parent_id(0).ok(), commit.id())?;
    Ok(files.iter().all(|file| folders.iter().any(|folder| below(&file.path, folder))))
}
