//! What becomes of changes: whose they are, and that none is lost.

use super::*;

#[tokio::test]
async fn what_others_take_back_before_it_is_committed_is_no_event() {
    let bench = Bench::start(Duration::from_secs(600)).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.commits_all().await;
    let before = (bench.log(), bench.history(&resource("a")).await);
    bench.sees(config_map("a", 2, "2")).await;
    bench.sees(config_map("a", 3, "1")).await;
    bench.commits_all().await;
    assert_eq!((bench.log(), bench.history(&resource("a")).await), before);
}

#[tokio::test]
async fn what_is_found_is_one_commit_and_an_unchanged_cluster_makes_none() {
    let bench = Bench::start(Duration::ZERO).await;
    let all: Vec<Value> = (0..40).map(|n| config_map(&format!("c{n}"), 1, "x")).collect();
    bench.lists(&all).await;
    bench.in_step().await;
    assert_eq!(bench.log(), ["Denshimon: Record cluster sandbox as found: 40 resources"]);
    bench.git(&["fsck", "--strict"]);
    for version in 2..5 {
        bench.sees(config_map("c7", version, "x")).await;
    }
    bench.in_step().await;
    assert_eq!(bench.log().len(), 1);
    let bench = bench.restart().await;
    bench.lists(&all).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), 1);
    let record = bench.recorder.book.record_of(&resource("c7"), None);
    assert_eq!(record.state, RecordState::Recorded);
    assert_eq!(record.path.as_deref(), Some("clusters/sandbox/shop/configmap/c7.yaml"));
    assert_eq!(record.commit.map(|id| id.to_string()), Some(bench.git(&["rev-parse", "main"])));
}

#[tokio::test]
async fn a_change_is_its_person_s_and_otherwise_the_manager_s() {
    let bench = Bench::start(Duration::from_millis(50)).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    bench.sees(config_map("a", 2, "2")).await;
    bench.in_step().await;
    let own = config_map("a", 3, "3");
    let id = bench.operates(Verb::Edit, &own, "Edit shop/a").await;
    bench.sees(own.clone()).await;
    bench.in_step().await;
    assert_eq!(bench.log()[1..], ["kubectl-edit: Update ConfigMap shop/a", "ada: Edit shop/a"]);
    let message = bench.git(&["log", "-1", "--format=%B", "main"]);
    assert!(message.contains("\n\nBecause of Friday\n"), "{message}");
    assert_eq!(bench.git(&["log", "-1", "--format=%ae", "main"]), "ada@example.org");
    let trailers = bench.git(&["log", "-1", "--format=%(trailers:only,unfold)", "main"]);
    let expect =
        format!("Actor: user ada\nCluster: sandbox\nResource: ConfigMap shop/a\nResource-Version: 3\nOperation: {id}");
    assert_eq!(trailers, expect);
    let history = bench.history(&resource("a")).await;
    let commit: CommitId = bench.git(&["rev-parse", "main"]).parse().unwrap();
    let of_id: Vec<_> = history.iter().filter(|entry| entry.id == id).collect();
    assert_eq!(of_id.len(), 1);
    assert_eq!(of_id[0].recorded, Recorded::Commit { id: commit, pushed: None });
    assert_eq!(history.len(), 3, "found, edited by kubectl, edited by ada");

    // A restart changes nothing of the record: its operation is done with, and no commit is made.
    let restarted = config_map("a", 4, "3");
    let id = bench.operates(Verb::Restart, &restarted, "Restart shop/a").await;
    bench.sees(restarted.clone()).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), 3);
    let history = bench.history(&resource("a")).await;
    assert_eq!(history.iter().find(|entry| entry.id == id).unwrap().recorded, Recorded::Unchanged);

    let delete = bench.operates(Verb::Delete, &restarted, "Delete shop/a").await;
    bench.loses(config_map("a", 5, "3")).await;
    bench.in_step().await;
    assert_eq!(bench.log()[3], "ada: Delete shop/a");
    assert!(bench.history(&resource("a")).await.iter().any(|entry| entry.id == delete));
    bench.sees(config_map("b", 6, "1")).await;
    bench.loses(config_map("b", 7, "1")).await;
    bench.sees(config_map("b", 8, "1")).await;
    bench.in_step().await;
    bench.loses(config_map("b", 9, "1")).await;
    bench.in_step().await;
    assert_eq!(bench.log().last().unwrap(), "unresolved: Delete ConfigMap shop/b", "{:?}", bench.log());
}

#[tokio::test]
async fn the_recorder_waits_for_the_answer_to_a_write() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let (id, guard) = bench.ledger.begin_operation(edit(&config_map("a", 1, "1"))).await.unwrap();
    // The watch is faster than the answer.
    bench.sees(config_map("a", 2, "2")).await;
    bench.sees(config_map("b", 2, "2")).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while bench.log().len() < 2 {
        assert!(tokio::time::Instant::now() < deadline, "others do not wait");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let applied = OperationResult::Applied { uid: "uid-of-a".into(), resource_version: Some("2".into()) };
    bench.ledger.finish_operation(&id, applied).await.unwrap();
    drop(guard);
    while bench.log().len() < 3 {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(bench.log()[1..], ["kubectl-edit: Create ConfigMap shop/b", "ada: Edit shop/a"]);
}

#[tokio::test]
async fn a_burst_is_taken_whole() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("c0", 1, "x")]).await;
    bench.in_step().await;
    for n in 0..1_000 {
        bench.sees(config_map(&format!("c{}", n % 100), n + 2, &n.to_string())).await;
    }
    bench.in_step().await;
    assert_eq!(bench.log().len(), 1_001);
    assert!(bench.git(&["show", "main:clusters/sandbox/shop/configmap/c99.yaml"]).contains("999"));
    bench.git(&["fsck", "--strict"]);
    assert_eq!(bench.history(&resource("c50")).await.len(), 10);
}

#[tokio::test]
async fn somebody_s_commit_to_a_record_is_drift_and_not_undone() {
    let folder = TempDir::new().unwrap();
    git(folder.path(), &["init", "-q", "--bare", "-b", "main", "remote.git"]);
    let remote = folder.path().join("remote.git");
    let bench = Bench::start_with(folder, Duration::ZERO, Some(&remote)).await;
    bench.lists(&[config_map("a", 1, "1"), config_map("b", 1, "1")]).await;
    bench.in_step().await;
    let mut publication = bench.repository.publication();
    publication.wait_for(|state| state.ahead == 0 && state.last_push.is_some()).await.unwrap();
    let clone = bench.folder.path().join("clone");
    git(bench.folder.path(), &["clone", "-q", "remote.git", "clone"]);
    let path = clone.join("clusters/sandbox/shop/configmap/a.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("key: '1'", "key: theirs").replace("key: \"1\"", "key: theirs")).unwrap();
    let as_eve = ["-c", "user.name=eve", "-c", "user.email=eve@example.org"];
    git(&clone, &[&as_eve[..], &["commit", "-qam", "By hand"]].concat());
    git(&clone, &["push", "-q", "origin", "main"]);

    let edit = config_map("b", 2, "2");
    let id = bench.operates(Verb::Edit, &edit, "Edit shop/b").await;
    bench.sees(edit.clone()).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while git(&remote, &["log", "-1", "--format=%s", "main"]) != "Edit shop/b"
        || bench.recorder.book.record_of(&resource("a"), None).state != RecordState::Drifted
    {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", bench.recorder.book.record_of(&resource("a"), None));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bench.sees(config_map("a", 3, "1")).await;
    bench.in_step().await;
    assert!(bench.git(&["show", "main:clusters/sandbox/shop/configmap/a.yaml"]).contains("theirs"));
    assert_eq!(*bench.recorder.book.chip().borrow(), SyncChip::Drifted { records: 1 });
    let problem = status::drift(&bench.recorder.book.pages(), |_| true).unwrap();
    assert!(problem.what.contains("configmap/a.yaml (by eve)"), "{problem:?}");
    // The operation follows its commit to where the replay put it.
    let head: CommitId = bench.git(&["rev-parse", "main"]).parse().unwrap();
    loop {
        let history = bench.history(&resource("b")).await;
        let entry = history.iter().find(|entry| entry.id == id).unwrap();
        if entry.recorded == (Recorded::Commit { id: head.clone(), pushed: None }) {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{:?}, head {head}", entry.recorded);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(bench.recorder.book.record_of(&resource("b"), None).commit, Some(head), "and so does its page");
    let bench = bench.restart().await;
    bench.lists(&[config_map("a", 3, "1"), config_map("b", 2, "2")]).await;
    bench.in_step().await;
    assert_eq!(bench.recorder.book.record_of(&resource("a"), None).state, RecordState::Drifted);
    assert!(bench.git(&["show", "main:clusters/sandbox/shop/configmap/a.yaml"]).contains("theirs"));
    // What the cluster says next is recorded, and nothing is drifted any more.
    bench.sees(config_map("a", 4, "4")).await;
    bench.in_step().await;
    assert!(matches!(*bench.recorder.book.chip().borrow(), SyncChip::InStep { .. }));
}

#[tokio::test]
async fn a_disk_that_fails_loses_nothing() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let (objects, hidden) = (bench.place().join("objects"), bench.place().join("hidden"));
    std::fs::rename(&objects, &hidden).unwrap();
    bench.sees(config_map("a", 2, "2")).await;
    bench.sees(config_map("b", 2, "2")).await;
    let mut chip = bench.recorder.book.chip();
    let stuck = chip.wait_for(|chip| matches!(chip, SyncChip::CannotRecord { .. }));
    tokio::time::timeout(Duration::from_secs(10), stuck).await.unwrap().unwrap();
    assert_eq!(bench.recorder.book.record_of(&resource("a"), None).state, RecordState::Blocked);
    if objects.exists() {
        std::fs::remove_dir_all(&objects).unwrap();
    }
    std::fs::rename(&hidden, &objects).unwrap();
    bench.recorder.steer(Steering::Retry).await.unwrap();
    bench.in_step().await;
    assert_eq!(bench.log().len(), 3);
}
