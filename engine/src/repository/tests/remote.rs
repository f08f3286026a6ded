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
    git(&remote, &["fsck", "--strict", "--full"]);
    let waiting = repository.read(|_, reading| reading.rewrites()).await.unwrap();
    assert_eq!(waiting, rewrites, "kept until the ledger has them");
    repository.forget_rewrites().await.unwrap();
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
