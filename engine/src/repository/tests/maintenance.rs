//! Packs: joined while commits go on, whole at every moment, nothing lost.

use super::*;

#[tokio::test]
async fn loose_objects_are_packed_and_nothing_is_lost() {
    let data = TempDir::new().unwrap();
    let repository = open(&config(data.path(), None)).await;
    repository.commit(vec![commit("x", &[("a.yaml", Some("1"))])]).await.unwrap();
    let place = data.path().join("repository.git");
    let git2 = Git::open_bare(&place).unwrap();
    // As an earlier version of Denshimon, or Git itself, leaves them.
    for n in 0..3_100 {
        git2.blob(format!("n: {n}").as_bytes()).unwrap();
    }
    assert_eq!(maintain::pack_loose(&git2).unwrap(), 3_100);
    assert_eq!(counted(&place, "count"), 0);
    assert_eq!(counted(&place, "in-pack"), 3_103);
    fsck(&place);
}

fn counted(place: &Path, what: &str) -> usize {
    let counts = git(place, &["count-objects", "-v"]);
    counts.lines().find_map(|line| line.strip_prefix(&format!("{what}: "))).unwrap().parse().unwrap()
}

/// Forty files at once, which become one pack.
fn many(round: usize) -> NewCommit {
    let files: Vec<(String, String)> =
        (0..40).map(|n| (format!("clusters/a/ns/k/{n}.yaml"), format!("n: {round}-{n}\n"))).collect();
    let edits: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), Some(text.as_str()))).collect();
    commit(&format!("Round {round}"), &edits)
}

/// Makes these commits one after the other and returns how long the longest took.
async fn longest_of(repository: &Repository, rounds: std::ops::Range<usize>) -> Duration {
    let mut longest = Duration::ZERO;
    for round in rounds {
        let begun = std::time::Instant::now();
        repository.commit(vec![many(round)]).await.unwrap();
        longest = longest.max(begun.elapsed());
    }
    longest
}

#[tokio::test(flavor = "multi_thread")]
async fn packs_are_joined_while_commits_go_on_and_open_handles_find_everything() {
    let data = TempDir::new().unwrap();
    let repository = open(&config(data.path(), None)).await;
    let place = data.path().join("repository.git");
    longest_of(&repository, 0..60).await;
    let undisturbed = longest_of(&repository, 60..150).await;
    repository.close(Duration::ZERO).await;
    // Nothing leads to the newest two any more.
    let left = git(&place, &["rev-parse", "main"]);
    git(&place, &["update-ref", "refs/heads/main", "main~2"]);
    let repository = open(&config(data.path(), None)).await;
    longest_of(&repository, 150..155).await;
    let tidied = place.clone();
    let tidying = std::thread::spawn(move || {
        let git = Git::open_bare(&tidied).unwrap();
        // No commit takes that long, so that what it is about to use is not looked at.
        let young = Duration::from_secs(2);
        for _ in 0..20 {
            // Beside the repository's own look, another one may have taken a pack away.
            let _ = prune::prune(&git, young);
            let _ = maintain::join_packs(&git);
        }
    });
    let longest = longest_of(&repository, 155..245).await;
    tidying.join().unwrap();
    maintain::join_packs(&Git::open_bare(&place).unwrap()).unwrap();
    assert!(counted(&place, "packs") < 40, "{}", counted(&place, "packs"));
    age(&place);
    maintain_prune(&place);
    let has_left = Git::open_bare(&place).unwrap().odb().unwrap().exists(left.parse().unwrap());
    assert!(!has_left, "what nothing leads to is gone");
    fsck(&place);
    assert_eq!(subjects(&place).len(), 243);
    assert_eq!(git(&place, &["show", "main:clusters/a/ns/k/7.yaml"]), "n: 244-7");
    let bound = (undisturbed * 3).max(Duration::from_millis(100));
    assert!(longest <= bound, "{longest:?} beside the tidying, {undisturbed:?} without it");
}

#[tokio::test]
async fn a_pack_that_git_keeps_books_on_is_left_alone() {
    let data = TempDir::new().unwrap();
    let repository = open(&config(data.path(), None)).await;
    let place = data.path().join("repository.git");
    for round in 0..30 {
        repository.commit(vec![many(round)]).await.unwrap();
    }
    let packs = place.join("objects/pack");
    let kept = std::fs::read_dir(&packs).unwrap().map(|file| file.unwrap().path());
    let kept = kept.filter(|path| path.extension().is_some_and(|it| it == "pack")).min().unwrap();
    std::fs::write(kept.with_extension("keep"), "").unwrap();
    assert!(maintain::join_packs(&Git::open_bare(&place).unwrap()).unwrap() > 0);
    assert!(kept.exists());
    fsck(&place);
}

#[tokio::test]
async fn what_a_crash_while_joining_leaves_is_valid_and_removed_at_the_next_start() {
    let data = TempDir::new().unwrap();
    let repository = open(&config(data.path(), None)).await;
    let place = data.path().join("repository.git");
    for round in 0..3 {
        repository.commit(vec![many(round)]).await.unwrap();
    }
    drop(repository);
    fsck(&place);
    let packs = place.join("objects/pack");
    // A pack whose index is already gone, and one that is being written.
    let left = ["pack-0123456789012345678901234567890123456789.pack", "pack_git2_abc", "tmp_pack_abc"];
    for name in left {
        std::fs::write(packs.join(name), "half").unwrap();
    }
    fsck(&place);
    let repository = open(&config(data.path(), None)).await;
    assert!(left.iter().all(|name| !packs.join(name).exists()));
    repository.commit(vec![many(9)]).await.unwrap();
    assert_eq!(subjects(&place).len(), 4);
    fsck(&place);
}

#[tokio::test]
async fn pushes_to_a_folder_pile_up_no_packs() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    let repository = open(&config(data.path(), remote.to_str())).await;
    let begun = std::time::Instant::now();
    for n in 0..60 {
        let text = n.to_string();
        let made = repository.commit(vec![commit("x", &[("a.yaml", Some(text.as_str()))])]).await.unwrap();
        published(&repository, |state| state.remote_head == made[0]).await;
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(60), "60 pushes took {took:?}");
    assert!(counted(&remote, "packs") <= 20, "{}", counted(&remote, "packs"));
    fsck(&remote);
    assert_eq!(subjects(&remote).len(), 60);
}

fn joined(place: &Path) -> usize {
    maintain::join_packs(&Git::open_bare(place).unwrap()).unwrap()
}

#[tokio::test]
async fn many_versions_of_large_folders_stay_small_and_whole() {
    let data = TempDir::new().unwrap();
    let repository = open(&config(data.path(), None)).await;
    let place = data.path().join("repository.git");
    let files: Vec<(String, String)> =
        (0..400).map(|n| (format!("clusters/a/ns/k/{n}.yaml"), format!("n: {n}\n"))).collect();
    let edits: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), Some(text.as_str()))).collect();
    repository.commit(vec![commit("All", &edits)]).await.unwrap();
    // Each alone, and many at once.
    let change = |n: usize| {
        let (path, text) = (format!("clusters/a/ns/k/{}.yaml", n * 7 % 401), format!("changed: {n}\n"));
        commit(&format!("Change {n}"), &[(path.as_str(), Some(text.as_str()))])
    };
    for n in 0..150 {
        repository.commit(vec![change(n)]).await.unwrap();
    }
    repository.commit((150..300).map(change).collect()).await.unwrap();
    joined(&place);
    fsck(&place);
    assert_eq!(subjects(&place).len(), 301);
    assert_eq!(git(&place, &["show", "main:clusters/a/ns/k/88.yaml"]), "changed: 299");
    // A version of the folder is 12 kB.
    let kilobytes = counted(&place, "size-pack");
    assert!(kilobytes < 1_000, "{kilobytes}");
}

#[tokio::test]
async fn packs_of_git_are_joined_too_and_a_broken_one_is_not() {
    let data = TempDir::new().unwrap();
    let repository = open(&config(data.path(), None)).await;
    let place = data.path().join("repository.git");
    for round in 0..25 {
        repository.commit(vec![many(round)]).await.unwrap();
    }
    // Deltas that name their base by how far before it lies.
    git(&place, &["-c", "repack.writeBitmaps=false", "repack", "-q", "-a", "-d", "-f"]);
    for round in 25..45 {
        repository.commit(vec![many(round)]).await.unwrap();
    }
    assert!(joined(&place) > 0);
    fsck(&place);
    assert_eq!(subjects(&place).len(), 45);
    for round in 45..65 {
        repository.commit(vec![many(round)]).await.unwrap();
    }
    let packs = place.join("objects/pack");
    let newest = std::fs::read_dir(&packs).unwrap().map(|file| file.unwrap().path());
    let newest = newest.filter(|path| path.extension().is_some_and(|it| it == "pack"));
    let newest = newest.max_by_key(|path| path.metadata().unwrap().modified().unwrap()).unwrap();
    let whole = std::fs::read(&newest).unwrap();
    let mut broken = whole.clone();
    broken[whole.len() / 2] ^= 1;
    std::fs::remove_file(&newest).unwrap();
    std::fs::write(&newest, broken).unwrap();
    let before = counted(&place, "packs");
    assert!(maintain::join_packs(&Git::open_bare(&place).unwrap()).is_err());
    assert_eq!(counted(&place, "packs"), before, "nothing is taken away");
    std::fs::write(&newest, whole).unwrap();
    fsck(&place);
}

/// Lets all packs look as if they had been written two days ago.
fn age(place: &Path) {
    let then = std::time::SystemTime::now() - Duration::from_secs(2 * 24 * 3_600);
    for file in std::fs::read_dir(place.join("objects/pack")).unwrap() {
        std::fs::File::open(file.unwrap().path()).unwrap().set_modified(then).unwrap();
    }
}

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_leads_to_any_more_goes_after_a_day_and_commits_go_on() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    somebody_commits(&elsewhere, &remote, "README.md", "hello");
    let repository = open(&config(data.path(), remote.to_str())).await;
    let place = data.path().join("repository.git");
    let mut happened = repository.take_happened().unwrap();
    // Commits that are made again, since somebody was faster.
    let mut superseded = async |n: usize| {
        somebody_commits(&elsewhere, &remote, "theirs.txt", &n.to_string());
        let made = repository.commit(vec![many(n)]).await.unwrap().remove(0).unwrap();
        loop {
            match happened.recv().await.unwrap() {
                Happened::Moved(rewrites) if rewrites.0.iter().any(|(old, _)| *old == made) => break,
                _ => {}
            }
        }
        published(&repository, |state| state.ahead == 0 && state.failure.is_none()).await;
        made.to_string()
    };
    let mut old = Vec::new();
    for n in 0..8 {
        old.push(superseded(n).await);
    }
    let folders: Vec<String> = old.iter().map(|id| git(&place, &["rev-parse", &format!("{id}^{{tree}}")])).collect();
    let pruned = || maintain_prune(&place);
    assert_eq!(pruned(), 0, "what is young stays");
    // One that something still names.
    git(&place, &["update-ref", "refs/denshimon/before/x", &old[0]]);
    age(&place);
    let young = superseded(8).await;
    let tidied = place.clone();
    let tidying = std::thread::spawn(move || maintain_prune(&tidied));
    for n in 100..110 {
        repository.commit(vec![many(n)]).await.unwrap();
    }
    assert!(tidying.join().unwrap() > 0);
    fsck(&place);
    let is_there = |id: &String| Git::open_bare(&place).unwrap().odb().unwrap().exists(id.parse().unwrap());
    assert!(is_there(&old[0]) && is_there(&folders[0]), "a reference leads to it");
    assert!(!old[1..].iter().any(is_there) && !folders[1..].iter().any(is_there));
    assert!(is_there(&young));
    assert_eq!(git(&place, &["show", "main:clusters/a/ns/k/7.yaml"]), "n: 109-7");
    assert_eq!(subjects(&place).iter().filter(|subject| subject.starts_with("Round")).count(), 19);
    git(&place, &["update-ref", "-d", "refs/denshimon/before/x"]);
    published(&repository, |state| state.ahead == 0 && state.failure.is_none()).await;
    age(&place);
    assert!(pruned() > 0);
    assert!(!is_there(&old[0]) && !is_there(&young));
    fsck(&place);
    assert_eq!(pruned(), 0);
}

fn maintain_prune(place: &Path) -> usize {
    prune::prune(&Git::open_bare(place).unwrap(), DAY).unwrap()
}

#[tokio::test]
async fn what_was_told_by_something_that_goes_is_told_whole() {
    let data = TempDir::new().unwrap();
    let repository = open(&config(data.path(), None)).await;
    let place = data.path().join("repository.git");
    for round in 0..12 {
        repository.commit(vec![many(round)]).await.unwrap();
    }
    repository.close(Duration::ZERO).await;
    // Git tells the older by the newer; the newer half goes.
    git(&place, &["-c", "repack.writeBitmaps=false", "repack", "-q", "-a", "-d", "-f"]);
    git(&place, &["update-ref", "refs/heads/main", "main~6"]);
    age(&place);
    assert!(maintain_prune(&place) > 6);
    fsck(&place);
    assert_eq!(subjects(&place).len(), 6);
    assert_eq!(git(&place, &["show", "main:clusters/a/ns/k/7.yaml"]), "n: 5-7");
}
