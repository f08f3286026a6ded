//! Repositories in temporary folders, judged by the git command.

mod http;
mod maintenance;
mod remote;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::{Clock, ClusterAccess, ClusterConfig, Credentials, DatabaseConfig, RepositoryConfig};

/// Runs git and returns what it prints; whoever runs the tests has no say by their own configuration.
pub(super) fn git(folder: &Path, arguments: &[&str]) -> String {
    try_git(folder, arguments).unwrap_or_else(|error| panic!("{error}"))
}

fn try_git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .envs([("GIT_AUTHOR_NAME", "eve"), ("GIT_AUTHOR_EMAIL", "eve@example.org")])
        .envs([("GIT_COMMITTER_NAME", "eve"), ("GIT_COMMITTER_EMAIL", "eve@example.org")])
        .output()
        .expect("git is installed: apt-get install git");
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match output.status.success() {
        true => Ok(text),
        false => Err(format!("git {arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// Has Git read a repository whole. It looks once which packs there are, so it begins again where some were joined
/// meanwhile.
pub(super) fn fsck(place: &Path) {
    let packs = || -> BTreeSet<PathBuf> {
        let files = std::fs::read_dir(place.join("objects/pack")).into_iter().flatten();
        files.map(|file| file.unwrap().path()).collect()
    };
    loop {
        let before = packs();
        match try_git(place, &["fsck", "--strict", "--full"]) {
            Ok(_) => return,
            Err(error) => assert!(packs() != before, "{error}"),
        }
    }
}

pub(super) fn config(data: &Path, remote: Option<&str>) -> EngineConfig {
    EngineConfig {
        data_dir: data.to_owned(),
        database: DatabaseConfig::Memory,
        cluster: ClusterConfig { name: "sandbox".parse().unwrap(), access: ClusterAccess::InCluster },
        repository: RepositoryConfig {
            remote: remote.map(|url| url.parse().unwrap()),
            branch: "main".parse().unwrap(),
            path: ".".into(),
            credentials: Credentials::default(),
            signing_key_file: None,
        },
        commit_window: Duration::ZERO,
        longest_window: Duration::ZERO,
        sweep: crate::SweepLimits::default(),
        kind_rules: crate::KindRules::default(),
        ignore_rules: crate::IgnoreRules::default(),
        age_recipients: None,
        audit: crate::AuditConfig::default(),
        clock: Clock::new(|| Timestamp::from_second(1_800_000_000).unwrap()),
    }
}

pub(super) async fn open(config: &EngineConfig) -> Repository {
    Repository::open(config).await.unwrap()
}

pub(super) fn commit(message: &str, edits: &[(&str, Option<&str>)]) -> NewCommit {
    let at = Timestamp::from_second(1_800_000_000).unwrap();
    NewCommit {
        author: Identity::new("ada", "ada@example.org"),
        authored_at: at,
        committed_at: at,
        message: format!("{message}\n\nActor: user ada\nCluster: sandbox\n"),
        edits: edits
            .iter()
            .map(|(path, content)| FileEdit {
                path: (*path).to_owned(),
                content: content.map(Arc::from),
                before: Before::Whatever,
            })
            .collect(),
    }
}

/// A bare repository somewhere else.
pub(super) fn bare(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("remote.git");
    git(folder.path(), &["init", "-q", "--bare", "-b", "main", "remote.git"]);
    path
}

/// Commits as somebody else would, through a clone.
pub(super) fn somebody_commits(folder: &TempDir, remote: &Path, path: &str, content: &str) {
    let clone = folder.path().join("clone");
    if !clone.exists() {
        git(folder.path(), &["clone", "-q", remote.to_str().unwrap(), "clone"]);
        git(&clone, &["checkout", "-q", "-B", "main"]);
    }
    if !git(remote, &["for-each-ref", "refs/heads/main"]).is_empty() {
        git(&clone, &["fetch", "-q"]);
        git(&clone, &["reset", "-q", "--hard", "origin/main"]);
    }
    std::fs::create_dir_all(clone.join(path).parent().unwrap()).unwrap();
    std::fs::write(clone.join(path), content).unwrap();
    git(&clone, &["add", "."]);
    git(&clone, &["commit", "-q", "-m", "Somebody's"]);
    git(&clone, &["push", "-q", "origin", "HEAD:main"]);
}

/// Waits until the publisher has nothing left, or a failure.
pub(super) async fn published(repository: &Repository, expect: impl Fn(&Publication) -> bool) -> Publication {
    let mut publication = repository.publication();
    let found = tokio::time::timeout(Duration::from_secs(20), publication.wait_for(|state| expect(state))).await;
    match found {
        Ok(found) => found.unwrap().clone(),
        Err(_) => panic!("never came; it is {:?}", repository.publication().borrow().clone()),
    }
}

fn subjects(folder: &Path) -> Vec<String> {
    git(folder, &["log", "--format=%s", "--reverse", "main"]).lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_commit_says_who_and_what_and_nothing_happens_twice() {
    let data = TempDir::new().unwrap();
    let repository = open(&config(data.path(), None)).await;
    let made = repository
        .commit(vec![
            commit("One", &[("a/b.yaml", Some("x: 1\n")), ("c.yaml", Some("y: 1\n"))]),
            commit("Nothing", &[("a/b.yaml", Some("x: 1\n")), ("not/there.yaml", None)]),
            commit("Two", &[("a/b.yaml", None)]),
        ])
        .await
        .unwrap();
    assert_eq!(made.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    let place = data.path().join("repository.git");
    fsck(&place);
    assert_eq!(subjects(&place), ["One", "Two"]);
    assert_eq!(git(&place, &["ls-tree", "-r", "--name-only", "main"]), "c.yaml");
    let said = git(&place, &["log", "-1", "--format=%an %ae %cn %aI|%(trailers:key=Actor)", "main"]);
    assert_eq!(said, "ada ada@example.org Denshimon 2027-01-15T08:00:00+00:00|Actor: user ada");

    let head = git(&place, &["rev-parse", "main"]);
    assert_eq!(repository.commit(vec![commit("Again", &[("c.yaml", Some("y: 1\n"))])]).await.unwrap(), [None]);
    assert_eq!(git(&place, &["rev-parse", "main"]), head);
}

#[tokio::test]
async fn locks_of_a_killed_program_hold_nothing_up() {
    let data = TempDir::new().unwrap();
    let repository = open(&config(data.path(), None)).await;
    repository.commit(vec![commit("One", &[("a.yaml", Some("1"))])]).await.unwrap();
    drop(repository);
    let place = data.path().join("repository.git");
    for lock in ["HEAD.lock", "config.lock", "packed-refs.lock", "refs/heads/main.lock", "refs/denshimon/x.lock"] {
        std::fs::create_dir_all(place.join(lock).parent().unwrap()).unwrap();
        std::fs::write(place.join(lock), "").unwrap();
    }
    let repository = open(&config(data.path(), None)).await;
    repository.commit(vec![commit("Two", &[("a.yaml", Some("2"))])]).await.unwrap();
    assert_eq!(subjects(&place), ["One", "Two"]);
}

#[tokio::test]
async fn a_path_never_leaves_the_repository_and_never_replaces_a_folder() {
    let data = TempDir::new().unwrap();
    let repository = open(&config(data.path(), None)).await;
    repository.commit(vec![commit("One", &[("a", Some("file")), ("b/c", Some("file"))])]).await.unwrap();
    for bad in ["../x", "/etc/passwd", "x/../../y", ".git/config", "x/.GIT/hooks/y", "", "a/below", "b"] {
        let refused = repository.commit(vec![commit("Bad", &[("fine", Some("1")), (bad, Some("2"))])]).await;
        assert!(matches!(&refused, Err(RepositoryError::Path { path }) if path == bad), "{bad}: {refused:?}");
    }
    let place = data.path().join("repository.git");
    assert_eq!(subjects(&place), ["One"], "all or nothing");
    fsck(&place);
}

#[tokio::test]
async fn five_thousand_files_are_one_right_commit_and_one_pack() {
    let data = TempDir::new().unwrap();
    let repository = open(&config(data.path(), None)).await;
    let files: Vec<(String, String)> =
        (0..5_000).map(|n| (format!("clusters/a/ns{}/configmap/c{n}.yaml", n % 50), format!("n: {n}\n"))).collect();
    let edits: Vec<(&str, Option<&str>)> =
        files.iter().map(|(path, text)| (path.as_str(), Some(text.as_str()))).collect();
    repository.commit(vec![commit("All", &edits)]).await.unwrap();
    let small: Vec<(&str, Option<&str>)> = edits.iter().take(40).map(|(path, _)| (*path, Some("changed\n"))).collect();
    repository.commit(vec![commit("Some", &small)]).await.unwrap();
    let place = data.path().join("repository.git");
    fsck(&place);
    assert_eq!(git(&place, &["ls-tree", "-r", "--name-only", "main"]).lines().count(), 5_000);
    assert_eq!(git(&place, &["show", "main:clusters/a/ns7/configmap/c57.yaml"]), "n: 57");
    let counted = git(&place, &["count-objects", "-v"]);
    assert!(counted.contains("count: 0") && counted.contains("packs: 2"), "{counted}");
    let objects: usize = counted.lines().find_map(|line| line.strip_prefix("in-pack: ")).unwrap().parse().unwrap();
    assert!(objects < 5_400, "the second pack holds only what is new: {counted}");

    let (files, text) = repository
        .read(|git, reading| Ok((reading.files_under(git, "clusters/a")?, reading.record_text(git, "clusters/a/x")?)))
        .await
        .unwrap();
    assert_eq!((files.files.len(), text), (5_000, None));
}

#[tokio::test]
async fn a_log_is_filtered_and_cut_into_pages() {
    let data = TempDir::new().unwrap();
    let repository = open(&config(data.path(), None)).await;
    let commits = (0..30).map(|n| {
        let path = format!("clusters/a/ns{}/x.yaml", n % 3);
        commit(&format!("Number {n}"), &[(path.as_str(), Some(n.to_string().as_str()))])
    });
    repository.commit(commits.collect()).await.unwrap();
    let check = async |filter: LogFilter, size: u32, expect: (u64, Option<&str>)| {
        let page = model::PageRequest { number: 1, size };
        let shown = format!("{filter:?}");
        let page = repository.read(move |git, reading| reading.log(git, &filter, page)).await.unwrap();
        let first = page.items.first().map(|line| split_message(&line.message).0);
        assert_eq!((page.total, first.as_deref()), expect, "{shown}");
    };
    let with = |path: Option<&str>, author: Option<&str>, text: Option<&str>, folder: Option<&str>| LogFilter {
        path: path.map(str::to_owned),
        author: author.map(str::to_owned),
        text: text.map(str::to_owned),
        folders: folder.map(|folder| vec![folder.to_owned()]),
    };
    check(with(None, None, None, None), 5, (30, Some("Number 29"))).await;
    check(with(Some("clusters/a/ns1"), None, None, None), 5, (10, Some("Number 28"))).await;
    check(with(Some("clusters/a/ns1/x.yaml"), None, Some("number 1"), None), 5, (5, Some("Number 19"))).await;
    check(with(None, Some("AD".to_lowercase().as_str()), None, None), 50, (30, Some("Number 29"))).await;
    check(with(None, Some("bob"), None, None), 50, (0, None)).await;
    check(with(Some("../../etc"), None, None, None), 50, (0, None)).await;
    check(with(None, None, None, Some("clusters/a/ns0")), 50, (10, Some("Number 27"))).await;
    let both = [("clusters/a/ns0/y.yaml", Some("1")), ("clusters/a/ns1/y.yaml", Some("1"))];
    repository.commit(vec![commit("Hidden for some", &both)]).await.unwrap();
    check(with(None, None, Some("hidden"), None), 50, (1, Some("Hidden for some"))).await;
    check(with(None, None, None, Some("clusters/a/ns0")), 50, (11, Some("Hidden for some"))).await;
    check(with(None, None, Some("hidden"), Some("clusters/a/ns0")), 50, (0, None)).await;
}

#[tokio::test]
async fn a_long_log_is_searched_bit_by_bit_and_new_commits_do_not_begin_it_anew() {
    let data = TempDir::new().unwrap();
    let repository = open(&config(data.path(), None)).await;
    let change = |n: usize| {
        let path = format!("clusters/a/ns{}/k/x.yaml", n % 100);
        commit(&format!("Number {n}"), &[(path.as_str(), Some(n.to_string().as_str()))])
    };
    repository.commit((0..250).map(change).collect()).await.unwrap();
    let filter = LogFilter { folders: Some(vec!["clusters/a/ns7".into()]), ..LogFilter::default() };
    // The shortest time: a hundred commits.
    let look = async || {
        let (filter, page) = (filter.clone(), model::PageRequest::default());
        let log = repository.read(move |git, reading| reading.log_within(git, &filter, page, Duration::ZERO));
        let log = log.await.unwrap();
        let subjects: Vec<_> = log.items.iter().map(|line| split_message(&line.message).0).collect();
        assert_eq!(log.total, subjects.len() as u64);
        (log.searched, subjects)
    };
    assert_eq!(look().await, (Some(100), vec!["Number 207".to_owned()]));
    assert_eq!(look().await, (Some(200), vec!["Number 207".to_owned(), "Number 107".to_owned()]));
    repository.commit((300..330).map(change).collect()).await.unwrap();
    let all: Vec<String> = ["307", "207", "107", "7"].map(|n| format!("Number {n}")).into();
    assert_eq!(look().await, (None, all.clone()), "thirty new ones, and the last fifty");
    // What comes in greater numbers than one look bears is looked at first, too.
    repository.commit((400..550).map(change).collect()).await.unwrap();
    assert_eq!(look().await, (Some(100), vec!["Number 507".to_owned()]));
    look().await;
    look().await;
    look().await;
    assert_eq!(look().await.0, None);
}

#[tokio::test]
async fn nothing_that_somebody_types_as_a_path_makes_a_search_fail() {
    let data = TempDir::new().unwrap();
    let repository = open(&config(data.path(), None)).await;
    repository.commit(vec![commit("One", &[("a/b.yaml", Some("1"))])]).await.unwrap();
    for (path, expect) in [("a\0", 0), ("a/b.yaml/c", 0), ("a//b.yaml", 1), ("/", 1), ("..", 0), ("a/B.yaml", 0)] {
        let filter = LogFilter { path: Some(path.into()), ..LogFilter::default() };
        let page = model::PageRequest::default();
        let log = repository.read(move |git, reading| reading.log(git, &filter, page)).await.unwrap();
        assert_eq!(log.total, expect, "{path:?}");
    }
}
