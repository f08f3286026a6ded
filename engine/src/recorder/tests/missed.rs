//! What could not be recorded when it was seen.

use super::*;

fn as_eve(clone: &Path, arguments: &[&str]) {
    git(clone, &[&["-c", "user.name=eve", "-c", "user.email=eve@example.org"], arguments].concat());
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_resource_that_could_not_be_compared_is_read_again() {
    let bench = Bench::start_for(secrets::ALICE).await;
    bench.sees(secrets::secret(1, "aHVudGVyMg==")).await;
    bench.lists_secrets().await;
    let (objects, hidden) = (bench.place().join("objects"), bench.place().join("hidden"));
    std::fs::rename(&objects, &hidden).unwrap();
    // Encrypted on top of what the record says, which nobody can read now.
    bench.sees(secrets::secret(2, "aHVudGVyMw==")).await;
    let mut chip = bench.recorder.book.chip();
    let stuck = chip.wait_for(|chip| matches!(chip, SyncChip::CannotRecord { .. }));
    tokio::time::timeout(Duration::from_secs(10), stuck).await.unwrap().unwrap();
    std::fs::rename(&hidden, &objects).unwrap();
    let kind = Kind::new("", "Secret");
    until("the kind is listed again", || bench.lister.times(&kind) == 1).await;
    // What the watch does then.
    bench.tell(secrets::secret(2, "aHVudGVyMw=="), true).await;
    bench.lists_secrets().await;
    assert_eq!(bench.log().len(), 2);
    assert_eq!(bench.lister.times(&kind), 1);
}

#[tokio::test]
async fn what_a_replay_could_not_take_along_is_read_again_when_the_way_is_free() {
    let folder = TempDir::new().unwrap();
    git(folder.path(), &["init", "-q", "--bare", "-b", "main", "remote.git"]);
    let (remote, away) = (folder.path().join("remote.git"), folder.path().join("away.git"));
    let bench = Bench::start_with(folder, Duration::ZERO, Some(&remote)).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let mut publication = bench.repository.publication();
    publication.wait_for(|state| state.ahead == 0 && state.last_push.is_some()).await.unwrap();
    git(bench.folder.path(), &["clone", "-q", "remote.git", "clone"]);
    let clone = bench.folder.path().join("clone");
    let taken = clone.join("clusters/sandbox/shop/configmap/b.yaml");
    std::fs::create_dir_all(&taken).unwrap();
    std::fs::write(taken.join("notes"), "a folder where a record belongs").unwrap();
    as_eve(&clone, &["add", "."]);
    as_eve(&clone, &["commit", "-qm", "In the way"]);

    std::fs::rename(&remote, &away).unwrap();
    bench.sees(config_map("b", 1, "1")).await;
    publication.wait_for(|state| state.failure.is_some()).await.unwrap();
    std::fs::rename(&away, &remote).unwrap();
    as_eve(&clone, &["push", "-q", "origin", "main"]);
    bench.repository.retry();
    until("it is obstructed", || bench.recorder.book.pages().obstructed.len() == 1).await;
    until("the chip says so", || matches!(*bench.recorder.book.chip().borrow(), SyncChip::Blocked { records: 1 }))
        .await;
    assert_eq!(bench.recorder.book.record_of(&resource("b"), None).state, RecordState::Blocked);

    as_eve(&clone, &["rm", "-qr", "clusters/sandbox/shop/configmap/b.yaml"]);
    as_eve(&clone, &["commit", "-qm", "Out of the way"]);
    as_eve(&clone, &["push", "-q", "origin", "main"]);
    bench.sees(config_map("a", 2, "2")).await;
    let kind = Kind::new("", "ConfigMap");
    until("the kind is listed again", || bench.lister.times(&kind) > 0).await;
    bench.lists(&[config_map("a", 2, "2"), config_map("b", 1, "1")]).await;
    bench.in_step().await;
    assert_eq!(bench.recorder.book.record_of(&resource("b"), None).state, RecordState::Recorded);
    assert!(bench.recorder.book.pages().obstructed.is_empty());
}

#[tokio::test]
async fn an_operation_keeps_its_commit_though_its_record_was_in_the_way_first() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    states::commit_file(&bench, "clusters/sandbox/shop/configmap/b.yaml/notes", Some("in the way\n"));
    let edited = config_map("b", 1, "1");
    let id = bench.operates(Verb::Edit, &edited, "Edit shop/b").await;
    bench.sees(edited).await;
    until("it is obstructed", || bench.recorder.book.pages().obstructed.len() == 1).await;
    states::commit_file(&bench, "clusters/sandbox/shop/configmap/b.yaml/notes", None);
    // A newer state, with the operation's among what led to it.
    bench.sees(config_map("b", 2, "2")).await;
    bench.in_step().await;
    assert_eq!(bench.recorder.book.record_of(&resource("b"), None).state, RecordState::Recorded);
    let history = bench.history(&resource("b")).await;
    let entry = history.iter().find(|entry| entry.id == id).unwrap();
    assert!(matches!(entry.recorded, Recorded::Commit { .. }), "{:?}", entry.recorded);
}
