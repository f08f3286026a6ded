//! Remotes that are there, away, moved, refusing.

use super::*;

fn head_subjects(remote: &Path) -> Vec<String> {
    subjects(remote)
}

#[tokio::test]
async fn commits_reach_the_remote_and_a_moved_one_gets_them_on_top() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    somebody_commits(&elsewhere, &remote, "README.md", "hello");
    let repository = open(&config(data.path(), remote.to_str())).await;
    let mut happened = repository.take_happened().unwrap();
    repository.commit(vec![commit("One", &[("a.yaml", Some("1"))])]).await.unwrap();
    published(&repository, |state| state.ahead == 0 && state.last_push.is_some()).await;
    assert_eq!(head_subjects(&remote), ["Somebody's", "One"], "built on what was there");

    somebody_commits(&elsewhere, &remote, "other.txt", "theirs");
    let two = repository.commit(vec![commit("Two", &[("b.yaml", Some("2"))])]).await.unwrap();
    let at = published(&repository, |state| state.ahead == 0 && state.remote_head.is_some()).await;
    let pushed = async {
        loop {
            match happened.recv().await.unwrap() {
                Happened::Moved(rewrites) if !rewrites.0.is_empty() => return rewrites,
                _ => {}
            }
        }
    };
    let rewrites = tokio::time::timeout(Duration::from_secs(10), pushed).await.unwrap();
    let two = two[0].clone().unwrap();
    assert_eq!(rewrites.0.len(), 1);
    assert_eq!(rewrites.0[0].0, two);
    published(&repository, |state| state.ahead == 0 && state.remote_head.as_ref() == Some(&rewrites.0[0].1)).await;
    assert_eq!(head_subjects(&remote), ["Somebody's", "One", "Somebody's", "Two"]);
    assert!(at.failure.is_none());
    fsck(&remote);
    let waiting = repository.read(|_, reading| reading.rewrites()).await.unwrap();
    assert_eq!(waiting, rewrites, "kept until the ledger has them");
    repository.forget_rewrites(rewrites).await.unwrap();
    assert!(repository.read(|_, reading| reading.rewrites()).await.unwrap().0.is_empty());
}

#[tokio::test]
async fn the_same_file_from_both_sides_ends_as_the_cluster_has_it() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    let repository = open(&config(data.path(), remote.to_str())).await;
    repository.commit(vec![commit("One", &[("a.yaml", Some("1\n"))])]).await.unwrap();
    published(&repository, |state| state.ahead == 0 && state.last_push.is_some()).await;
    somebody_commits(&elsewhere, &remote, "a.yaml", "theirs\n");
    somebody_commits(&elsewhere, &remote, "same.yaml", "same\n");
    let made = repository
        .commit(vec![commit("Same", &[("same.yaml", Some("same\n"))]), commit("Two", &[("a.yaml", Some("2\n"))])])
        .await
        .unwrap();
    assert!(made.iter().all(Option::is_some));
    let expect = ["One", "Somebody's", "Somebody's", "Two"];
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while head_subjects(&remote) != expect {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", head_subjects(&remote));
        tokio::task::yield_now().await;
    }
    assert_eq!(git(&remote, &["show", "main:a.yaml"]), "2");
}

#[tokio::test]
async fn a_file_keeps_its_mode_whoever_edits_it() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    somebody_commits(&elsewhere, &remote, "run.yaml", "1\n");
    let clone = elsewhere.path().join("clone");
    git(&clone, &["update-index", "--chmod=+x", "run.yaml"]);
    git(&clone, &["commit", "-q", "-m", "Somebody's"]);
    git(&clone, &["push", "-q", "origin", "HEAD:main"]);
    let repository = open(&config(data.path(), remote.to_str())).await;
    repository.commit(vec![commit("One", &[("a.yaml", Some("1\n"))])]).await.unwrap();
    published(&repository, |state| state.ahead == 0 && state.last_push.is_some()).await;
    // The second time it is made again on top of somebody's.
    for (number, text) in ["2", "3"].into_iter().enumerate() {
        if number > 0 {
            somebody_commits(&elsewhere, &remote, "other.yaml", "1\n");
        }
        let edit = commit(text, &[("run.yaml", Some(text)), ("a.yaml", Some(text))]);
        repository.commit(vec![edit]).await.unwrap();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while git(&remote, &["show", "main:run.yaml"]) != text {
            assert!(tokio::time::Instant::now() < deadline, "{:?}", head_subjects(&remote));
            tokio::task::yield_now().await;
        }
        let mode = |path| git(&remote, &["ls-tree", "--format=%(objectmode)", "main", path]);
        assert_eq!((mode("run.yaml"), mode("a.yaml")), ("100755".to_owned(), "100644".to_owned()), "{text}");
    }
}

#[tokio::test]
async fn a_remote_that_is_away_gets_everything_when_it_is_back() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    let hidden = elsewhere.path().join("hidden.git");
    std::fs::rename(&remote, &hidden).unwrap();
    let repository = open(&config(data.path(), remote.to_str())).await;
    for n in 0..5 {
        let text = n.to_string();
        repository.commit(vec![commit("x", &[("a.yaml", Some(text.as_str()))])]).await.unwrap();
    }
    let away = published(&repository, |state| state.failure.is_some() && state.ahead == 5).await;
    assert_eq!(away.failure.unwrap().failure, PushFailure::Missing);
    std::fs::rename(&hidden, &remote).unwrap();
    repository.retry();
    let back = published(&repository, |state| state.failure.is_none() && state.ahead == 0).await;
    assert_eq!(back.last_push.unwrap().commits, 5, "all that waits goes with one push");
    assert_eq!(head_subjects(&remote).len(), 5);
}

#[tokio::test]
async fn a_rewritten_remote_is_never_overwritten() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    let repository = open(&config(data.path(), remote.to_str())).await;
    repository.commit(vec![commit("One", &[("a.yaml", Some("1"))])]).await.unwrap();
    let two = repository.commit(vec![commit("Two", &[("a.yaml", Some("2"))])]).await.unwrap()[0].clone();
    published(&repository, |state| state.ahead == 0 && state.remote_head == two).await;
    git(&remote, &["update-ref", "refs/heads/main", "main~1"]);
    somebody_commits(&elsewhere, &remote, "b.txt", "theirs");
    let theirs = git(&remote, &["rev-parse", "main"]);
    repository.commit(vec![commit("Three", &[("a.yaml", Some("3"))])]).await.unwrap();
    let state = published(&repository, |state| state.failure.is_some()).await;
    assert_eq!(state.failure.unwrap().failure, PushFailure::Rewritten);
    assert_eq!(git(&remote, &["rev-parse", "main"]), theirs);
}

#[tokio::test]
async fn an_unrelated_remote_is_left_alone_once_there_was_another() {
    let (data, elsewhere, third) = (TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let first = bare(&elsewhere);
    let repository = open(&config(data.path(), first.to_str())).await;
    repository.commit(vec![commit("One", &[("a.yaml", Some("1"))])]).await.unwrap();
    published(&repository, |state| state.ahead == 0 && state.last_push.is_some()).await;
    repository.close(Duration::from_secs(5)).await;
    let other = bare(&third);
    somebody_commits(&third, &other, "src/main.c", "int main;");
    let theirs = git(&other, &["rev-parse", "main"]);
    let repository = open(&config(data.path(), other.to_str())).await;
    let state = published(&repository, |state| state.failure.is_some()).await;
    assert_eq!(state.failure.unwrap().failure, PushFailure::Unrelated);
    assert_eq!(git(&other, &["rev-parse", "main"]), theirs);
}

#[tokio::test]
async fn what_was_committed_before_the_remote_was_ever_seen_goes_on_top_of_it() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    somebody_commits(&elsewhere, &remote, "README.md", "hello");
    let hidden = elsewhere.path().join("hidden.git");
    std::fs::rename(&remote, &hidden).unwrap();
    let repository = open(&config(data.path(), remote.to_str())).await;
    repository.commit(vec![commit("One", &[("a.yaml", Some("1"))])]).await.unwrap();
    published(&repository, |state| state.failure.is_some()).await;
    std::fs::rename(&hidden, &remote).unwrap();
    repository.retry();
    published(&repository, |state| state.failure.is_none() && state.ahead == 0 && state.last_push.is_some()).await;
    assert_eq!(head_subjects(&remote), ["Somebody's", "One"]);
}

#[tokio::test]
async fn what_is_committed_last_is_pushed_before_the_end() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    let repository = open(&config(data.path(), remote.to_str())).await;
    repository.commit(vec![commit("Last", &[("a.yaml", Some("1"))])]).await.unwrap();
    repository.close(Duration::from_secs(10)).await;
    assert_eq!(head_subjects(&remote), ["Last"]);
    assert!(matches!(repository.commit(vec![commit("x", &[("b", Some("1"))])]).await, Err(RepositoryError::Closed)));
}

/// Waits until the remote's log reads so.
async fn holds(remote: &Path, repository: &Repository, expect: &[&str]) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let now = || git(remote, &["log", "--format=%s", "--reverse", "--all"]).lines().map(str::to_owned).collect();
    let mut there: Vec<String> = now();
    while there != expect {
        let state = repository.publication().borrow().clone();
        assert!(tokio::time::Instant::now() < deadline, "{there:?} {state:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
        there = now();
    }
}

#[tokio::test]
async fn denshimons_commits_are_made_again_on_a_rewritten_remote_once_a_person_says_so() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    let repository = open(&config(data.path(), remote.to_str())).await;
    repository.commit(vec![commit("One", &[("a.yaml", Some("1"))])]).await.unwrap();
    published(&repository, |state| state.ahead == 0 && state.last_push.is_some()).await;
    somebody_commits(&elsewhere, &remote, "password.txt", "hunter2");
    repository.commit(vec![commit("Two", &[("a.yaml", Some("2"))])]).await.unwrap();
    holds(&remote, &repository, &["One", "Somebody's", "Two"]).await;
    let place = data.path().join("repository.git");

    git(&remote, &["update-ref", "refs/heads/main", "main~2"]);
    somebody_commits(&elsewhere, &remote, "theirs.txt", "theirs");
    repository.commit(vec![commit("Three", &[("b.yaml", Some("3"))])]).await.unwrap();
    let stopped = published(&repository, |state| state.failure.is_some()).await;
    assert_eq!(stopped.choices(), [RemoteChoice::BuildOn, RemoteChoice::KeepHere]);
    repository.decide(RemoteChoice::BuildOn);
    published(&repository, |state| state.failure.is_none() && state.ahead == 0).await;
    holds(&remote, &repository, &["One", "Somebody's", "Two", "Three"]).await;
    let files = git(&remote, &["ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(files, "a.yaml\nb.yaml\ntheirs.txt", "what somebody took away stays away");
    fsck(&place);
    let kept = git(&place, &["for-each-ref", "--format=%(contents:subject)", "refs/denshimon/before"]);
    assert_eq!(kept, "Three", "the history as it was is kept");
}

#[tokio::test]
async fn another_repository_is_built_on_only_when_a_person_says_so() {
    let (data, elsewhere, third) = (TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    let repository = open(&config(data.path(), remote.to_str())).await;
    repository.commit(vec![commit("One", &[("a.yaml", Some("1")), ("x/b.yaml", Some("1"))])]).await.unwrap();
    published(&repository, |state| state.ahead == 0 && state.last_push.is_some()).await;
    let other = bare(&third);
    somebody_commits(&third, &other, "x", "a file in the place of a folder");
    std::fs::remove_dir_all(&remote).unwrap();
    std::fs::rename(&other, &remote).unwrap();
    repository.commit(vec![commit("Two", &[("c.yaml", Some("2"))])]).await.unwrap();
    let stopped = published(&repository, |state| state.failure.is_some()).await;
    assert_eq!(stopped.failure.unwrap().failure, PushFailure::Rewritten);
    assert_eq!(head_subjects(&remote), ["Somebody's"]);
    let mut happened = repository.take_happened().unwrap();
    repository.decide(RemoteChoice::BuildOn);
    published(&repository, |state| state.failure.is_none() && state.ahead == 0).await;
    assert_eq!(head_subjects(&remote), ["Somebody's", "One", "Two"]);
    let obstructed = async {
        loop {
            if let Happened::Obstructed(paths) = happened.recv().await.unwrap() {
                return paths;
            }
        }
    };
    let obstructed = tokio::time::timeout(Duration::from_secs(5), obstructed).await.unwrap();
    assert_eq!(obstructed, ["x/b.yaml"], "told, and the rest went on");
}

#[tokio::test]
async fn a_remote_that_was_created_again_gets_the_history_only_when_a_person_says_so() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    let repository = open(&config(data.path(), remote.to_str())).await;
    repository.commit(vec![commit("One", &[("a.yaml", Some("1"))])]).await.unwrap();
    published(&repository, |state| state.ahead == 0 && state.last_push.is_some()).await;
    std::fs::remove_dir_all(&remote).unwrap();
    bare(&elsewhere);
    repository.commit(vec![commit("Two", &[("a.yaml", Some("2"))])]).await.unwrap();
    let stopped = published(&repository, |state| state.failure.is_some()).await;
    assert_eq!(stopped.failure.unwrap().failure, PushFailure::Emptied);
    assert_eq!(stopped.choices(), [RemoteChoice::PushAgain, RemoteChoice::KeepHere]);
    assert_eq!(git(&remote, &["for-each-ref"]), "");

    repository.decide(RemoteChoice::KeepHere);
    let kept = |state: &Publication| state.failure.is_some_and(|it| it.failure == PushFailure::KeptHere);
    published(&repository, kept).await;
    repository.close(Duration::from_secs(5)).await;
    let repository = open(&config(data.path(), remote.to_str())).await;
    repository.commit(vec![commit("Three", &[("a.yaml", Some("3"))])]).await.unwrap();
    published(&repository, |state| kept(state) && state.ahead == 2).await;
    assert_eq!(git(&remote, &["for-each-ref"]), "", "also after a restart");

    repository.retry();
    published(&repository, |state| state.choices().contains(&RemoteChoice::PushAgain)).await;
    repository.decide(RemoteChoice::PushAgain);
    published(&repository, |state| state.failure.is_none() && state.ahead == 0).await;
    assert_eq!(head_subjects(&remote), ["One", "Two", "Three"]);
}

#[tokio::test]
async fn a_branch_that_the_remote_never_had_is_made_beside_its_others() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    somebody_commits(&elsewhere, &remote, "README.md", "hello");
    git(&remote, &["branch", "-m", "main", "trunk"]);
    git(&remote, &["symbolic-ref", "HEAD", "refs/heads/elsewhere"]);
    let repository = open(&config(data.path(), remote.to_str())).await;
    repository.commit(vec![commit("One", &[("a.yaml", Some("1"))])]).await.unwrap();
    published(&repository, |state| state.ahead == 0 && state.last_push.is_some()).await;
    assert_eq!(head_subjects(&remote), ["One"]);
    assert_eq!(git(&remote, &["log", "--format=%s", "trunk"]), "Somebody's");
}

#[tokio::test]
async fn links_submodules_and_large_files_of_others_are_no_records_and_are_not_overwritten() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    somebody_commits(&elsewhere, &remote, "f/real.yaml", "real");
    let clone = elsewhere.path().join("clone");
    std::fs::write(clone.join("f/large.yaml"), vec![b'x'; 50_000_000]).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", clone.join("f/link.yaml")).unwrap();
    std::os::unix::fs::symlink("f", clone.join("folder")).unwrap();
    let head = git(&clone, &["rev-parse", "HEAD"]);
    git(&clone, &["update-index", "--add", "--cacheinfo", &format!("160000,{head},f/module")]);
    for name in ["con", "a:b", "README", "readme"] {
        std::fs::write(clone.join("f").join(name), name).unwrap();
    }
    git(&clone, &["add", "f/large.yaml", "f/link.yaml", "folder", "f/con", "f/a:b", "f/README", "f/readme"]);
    git(&clone, &["commit", "-q", "-m", "Odd"]);
    git(&clone, &["push", "-q", "origin", "HEAD:main"]);

    let repository = open(&config(data.path(), remote.to_str())).await;
    let read = |git: &Git, reading: &Reading| {
        let texts = ["f/large.yaml", "f/link.yaml", "f/module", "f/con"].map(|path| reading.record_text(git, path));
        let texts = texts.into_iter().collect::<Result<Vec<_>, _>>()?;
        let files = reading.files_under(git, "f")?.files.into_iter().map(|(path, _)| path).collect::<Vec<_>>();
        Ok::<_, RepositoryError>((texts, files, reading.files_under(git, "folder")?.files.len()))
    };
    let (texts, files, linked) = repository.read(move |git, reading| read(git, reading)).await.unwrap();
    assert_eq!(texts, [None, None, None, Some("con".into())]);
    assert_eq!(files, ["f/README", "f/a:b", "f/con", "f/large.yaml", "f/readme", "f/real.yaml"]);
    assert_eq!(linked, 0, "a link in the place of the folder is no folder");
    for bad in ["f/link.yaml", "f/module", "f/module/x.yaml", "folder/x.yaml", "f/git~1", "f/.git. /x", "f\\x"] {
        let refused = repository.commit(vec![commit("Bad", &[(bad, Some("2"))])]).await;
        assert!(matches!(&refused, Err(RepositoryError::Path { path }) if path == bad), "{bad}: {refused:?}");
    }
    let long = format!("f/{}.yaml", "n".repeat(248));
    let edits = [("f/Readme", Some("3")), ("f/a:b", Some("3")), ("f/con", None), (long.as_str(), Some("3"))];
    repository.commit(vec![commit("Fine", &edits)]).await.unwrap();
    published(&repository, |state| state.ahead == 0 && state.last_push.is_some()).await;
    assert_eq!(git(&remote, &["show", "main:f/Readme"]), "3");
    git(&remote, &["fsck", "--full"]);
}

#[tokio::test]
async fn a_push_whose_answer_was_lost_is_noticed_also_below_what_others_put_on_top() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    let repository = open(&config(data.path(), remote.to_str())).await;
    let mut made = Vec::new();
    for n in ["1", "2", "3"] {
        made.extend(repository.commit(vec![commit(n, &[("a.yaml", Some(n))])]).await.unwrap().remove(0));
    }
    published(&repository, |state| state.ahead == 0 && state.remote_head.as_ref() == made.last()).await;
    repository.close(Duration::from_secs(5)).await;
    git(&data.path().join("repository.git"), &["update-ref", "refs/remotes/origin/main", "main~2"]);
    somebody_commits(&elsewhere, &remote, "theirs.txt", "theirs");
    let repository = open(&config(data.path(), remote.to_str())).await;
    let mut happened = repository.take_happened().unwrap();
    assert_eq!(happened.recv().await.unwrap(), Happened::Pushed(made[1..].to_vec()));
    assert_eq!(happened.recv().await.unwrap(), Happened::Moved(Rewrites::default()));
}

#[tokio::test]
async fn what_the_remote_has_is_told_of_each_commit() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    let pushed = async |repository: &Repository, ids: &[CommitId]| {
        let ids = ids.to_vec();
        repository.read(move |git, reading| reading.pushed(git, &ids)).await.unwrap()
    };
    let repository = open(&config(data.path(), remote.to_str())).await;
    assert!(pushed(&repository, &[]).await.is_empty());
    let one = repository.commit(vec![commit("1", &[("a.yaml", Some("1"))])]).await.unwrap().remove(0).unwrap();
    published(&repository, |state| state.ahead == 0 && state.remote_head.as_ref() == Some(&one)).await;
    let away = elsewhere.path().join("away");
    std::fs::rename(&remote, &away).unwrap();
    let two = repository.commit(vec![commit("2", &[("a.yaml", Some("2"))])]).await.unwrap().remove(0).unwrap();
    assert_eq!(pushed(&repository, &[two.clone(), one.clone()]).await, [false, true]);
    somebody_commits(&elsewhere, &away, "theirs.txt", "theirs");
    std::fs::rename(&away, &remote).unwrap();
    repository.retry();
    let is_made_again = |state: &Publication| state.ahead == 0 && state.remote_head.as_ref() != Some(&one);
    let made_again = published(&repository, is_made_again).await;
    let ids = [two, one, made_again.remote_head.unwrap()];
    assert_eq!(pushed(&repository, &ids).await, [false, true, true], "what was made again is nowhere");
    repository.close(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn what_came_from_the_remote_is_known_as_such_whoever_it_says_it_is_by() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    somebody_commits(&elsewhere, &remote, "README.md", "what a new data directory begins with");
    let repository = open(&config(data.path(), remote.to_str())).await;
    let one = repository.commit(vec![commit("One", &[("a.yaml", Some("1"))])]).await.unwrap().remove(0).unwrap();
    published(&repository, |state| state.ahead == 0 && state.remote_head == Some(one.clone())).await;
    somebody_commits(&elsewhere, &remote, "b.txt", "theirs");
    let theirs: CommitId = git(&remote, &["rev-parse", "main"]).parse().unwrap();
    repository.commit(vec![commit("Two", &[("a.yaml", Some("2"))])]).await.unwrap();
    holds(&remote, &repository, &["Somebody's", "One", "Somebody's", "Two"]).await;
    let foreign = repository.read(|git, reading| reading.foreign(git)).await.unwrap();
    assert_eq!(foreign, std::collections::HashSet::from([theirs]));
}

#[tokio::test]
async fn what_the_ledger_knows_goes_along_with_a_commit_that_is_made_again() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    somebody_commits(&elsewhere, &remote, "README.md", "hello");
    let repository = open(&config(data.path(), remote.to_str())).await;
    let mut happened = repository.take_happened().unwrap();
    somebody_commits(&elsewhere, &remote, "b.txt", "theirs");
    let one = repository.commit(vec![commit("One", &[("a.yaml", Some("1"))])]).await.unwrap().remove(0).unwrap();
    repository.mark_linked(one.clone()).await.unwrap();
    let rewrites = loop {
        match happened.recv().await.unwrap() {
            Happened::Moved(rewrites) if !rewrites.0.is_empty() => break rewrites,
            _ => {}
        }
    };
    let new = rewrites.0[0].1.clone();
    assert_ne!(new, one);
    repository.forget_rewrites(rewrites).await.unwrap();
    let unlinked = repository.read(|git, reading| reading.since(git, reading.linked(git)?, usize::MAX)).await.unwrap();
    assert!(unlinked.is_empty(), "{unlinked:?}");
}
