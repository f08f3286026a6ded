//! Where a resource's record stands, what waits, and what is counted on the way.

use model::sync::{Figure, WaitReason};

use super::*;

/// Puts a text at a path on the branch, or takes it away, as another program would.
pub(super) fn commit_file(bench: &Bench, path: &str, text: Option<&str>) {
    let index = bench.folder.path().join("index");
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(["-c", "user.name=eve", "-c", "user.email=eve@example.org"])
            .args(arguments)
            .current_dir(bench.folder.path())
            .env("GIT_DIR", bench.place())
            .env("GIT_WORK_TREE", bench.folder.path())
            .env("GIT_INDEX_FILE", &index)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["read-tree", "main"]);
    match text {
        Some(text) => {
            let file = bench.folder.path().join("text");
            std::fs::write(&file, text).unwrap();
            let blob = git(&["hash-object", "-w", file.to_str().unwrap()]);
            git(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")]);
        }
        None => drop(git(&["update-index", "--force-remove", path])),
    }
    let tree = git(&["write-tree"]);
    let commit = git(&["commit-tree", &tree, "-p", "main", "-m", "By hand"]);
    git(&["update-ref", "refs/heads/main", &commit]);
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "not within 20 s: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_record_is_waited_for_and_then_told_with_its_commit_and_place() {
    let bench = Bench::start(Duration::from_secs(60)).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    bench.sees(config_map("b", 1, "1")).await;
    let state = |name: &str, rule| bench.recorder.book.record_of(&resource(name), rule);
    until("the change waits", || state("b", None).state == RecordState::Waiting).await;
    until("it is said what for", || !bench.recorder.book.pages().waiting_for.is_empty()).await;
    let waiting = bench.recorder.book.pages().waiting_for.clone();
    assert_eq!((waiting.len(), waiting[0].reason, waiting[0].changes), (1, WaitReason::Silence, 1));
    assert_eq!(waiting[0].paths, ["clusters/sandbox/shop/configmap/b.yaml"]);
    // A change that waits is recorded, whatever a rule says by now.
    assert_eq!(state("b", Some("A rule.")).state, RecordState::Waiting);
    bench.recorder.steer(Steering::CommitNow).await.unwrap();
    let recorded = state("b", None);
    assert_eq!(recorded.state, RecordState::Recorded);
    assert_eq!(recorded.path.as_deref(), Some("clusters/sandbox/shop/configmap/b.yaml"));
    assert_eq!(recorded.commit.unwrap().to_string(), bench.git(&["rev-parse", "main"]));
    assert!(recorded.at.is_some() && recorded.by.as_deref() == Some("kubectl-edit"));
}

#[tokio::test]
async fn what_has_no_record_says_by_which_rule() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let state = |name: &str, rule| bench.recorder.book.record_of(&resource(name), rule);
    let ignored = state("made", Some("Its controller makes it, and makes it again."));
    assert_eq!((ignored.state, ignored.path), (RecordState::Ignored, None));
    assert_eq!(ignored.reason, "Its controller makes it, and makes it again.");
    assert_eq!(state("made", None).state, RecordState::Unknown);
    // A kind that is left out later keeps its records as they are.
    let kept = state("a", Some("Left out by a decision of yours."));
    assert_eq!(kept.state, RecordState::Ignored);
    assert!(kept.path.is_some() && kept.commit.is_some());
    let unread = ResourceRef { kind: Kind::new("batch", "Job"), ..resource("a") };
    assert!(bench.recorder.book.record_of(&unread, None).reason.contains("not yet read"));
}

#[tokio::test]
async fn a_kind_that_is_away_is_unknown_and_never_deleted() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let state = || bench.recorder.book.record_of(&resource("a"), None);
    bench.watch.send(Observed::Away { kind: Kind::new("", "ConfigMap") }).await.unwrap();
    until("it is unknown", || state().state == RecordState::Unknown).await;
    assert!(state().commit.is_some(), "what is known of it stays");
    bench.lists(&[config_map("a", 1, "1")]).await;
    until("it is known again", || state().state == RecordState::Recorded).await;
    assert_eq!(bench.log().len(), 1);
}

#[tokio::test]
async fn records_are_counted_through_commits_deletions_and_a_restart() {
    let bench = Bench::start(Duration::ZERO).await;
    let all: Vec<Value> = (0..8).map(|n| config_map(&format!("c{n}"), 1, "x")).collect();
    bench.lists(&all).await;
    bench.in_step().await;
    bench.sees(config_map("c1", 2, "y")).await;
    bench.loses(config_map("c2", 2, "x")).await;
    bench.in_step().await;
    let counted = |bench: &Bench| {
        let pages = bench.recorder.book.pages();
        (pages.counts.all(), pages.counts.of_kind("configmap"))
    };
    assert_eq!(counted(&bench), (7, 7));
    assert_eq!(bench.git(&["ls-tree", "-r", "--name-only", "main"]).lines().count(), 7);
    let plots = bench.recorder.book.figures().plots();
    let of = |figure| plots.iter().find(|plot| plot.figure == figure).unwrap();
    assert!(of(Figure::Queue).highest.unwrap() >= 1 && of(Figure::Commit).count >= 2);
    assert!(of(Figure::Lag).line.starts_with('M') && of(Figure::Push).line.is_empty(), "{plots:?}");
    let bench = bench.restart().await;
    assert_eq!(counted(&bench), (7, 7));
}

#[tokio::test]
async fn what_a_file_was_in_the_way_of_is_recorded_once_it_is_moved() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let other = |version: u32, name: &str| {
        let mut object = config_map(name, version, "1");
        object["metadata"]["namespace"] = json!("taken");
        object
    };
    commit_file(&bench, "clusters/sandbox/taken", Some("a file where a folder is needed\n"));
    bench.sees(other(1, "b")).await;
    bench.sees(other(1, "gone")).await;
    until("both are obstructed", || bench.recorder.book.pages().obstructed.len() == 2).await;
    let b = ResourceRef { namespace: Some("taken".parse().unwrap()), ..resource("b") };
    assert_eq!(bench.recorder.book.record_of(&b, None).state, RecordState::Blocked);
    // The rest goes on; what is gone needs no record any more.
    bench.sees(config_map("a", 2, "2")).await;
    bench.loses(other(2, "gone")).await;
    until("one is left", || bench.recorder.book.pages().obstructed.len() == 1).await;
    bench.in_step().await;

    commit_file(&bench, "clusters/sandbox/taken", None);
    bench.recorder.steer(Steering::Retry).await.unwrap();
    bench.in_step().await;
    assert_eq!(bench.recorder.book.record_of(&b, None).state, RecordState::Recorded);
    assert!(bench.recorder.book.pages().obstructed.is_empty());
    let files = bench.git(&["ls-tree", "-r", "--name-only", "main"]);
    assert!(files.contains("taken/configmap/b.yaml") && !files.contains("gone.yaml"), "{files}");
}

#[tokio::test]
async fn a_record_keeps_its_origin_however_long_the_history_grows() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1"), config_map("b", 1, "1")]).await;
    bench.in_step().await;
    let first = bench.git(&["rev-parse", "main"]);
    for version in 2..70 {
        bench.sees(config_map("b", version, &version.to_string())).await;
    }
    bench.in_step().await;
    let all = [config_map("a", 1, "1"), config_map("b", 69, "69")];
    let kept = bench.place().join("denshimon-origins");
    assert!(kept.is_file(), "not only at the end");
    let origin_of_a = |bench: &Bench| {
        let record = bench.recorder.book.record_of(&resource("a"), None);
        (record.commit.map(|commit| commit.to_string()), record.by)
    };
    let bench = bench.restart().await;
    bench.lists(&all).await;
    bench.in_step().await;
    assert_eq!(origin_of_a(&bench), (Some(first.clone()), Some("Denshimon".into())));

    // Somebody changes the record while nobody looks: that is seen, and not undone.
    let text =
        bench.git(&["show", "main:clusters/sandbox/shop/configmap/a.yaml"]).replace("1\"", "2\"").replace("'1'", "'2'");
    commit_file(&bench, "clusters/sandbox/shop/configmap/a.yaml", Some(&format!("{text}\n")));
    let bench = bench.restart().await;
    bench.lists(&all).await;
    bench.in_step().await;
    assert_eq!(bench.recorder.book.record_of(&resource("a"), None).state, RecordState::Drifted);

    // A start that searched long keeps what it found: it may be killed before it ends.
    let (folder, config, store) = bench.end().await;
    std::fs::remove_file(&kept).unwrap();
    let _bench = Bench::on(folder, config, store).await;
    assert!(kept.is_file());
}

#[tokio::test]
async fn a_record_that_nobody_can_read_is_named_with_its_line() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let path = "clusters/sandbox/shop/configmap/a.yaml";
    commit_file(&bench, path, Some("apiVersion: v1\nkind: {ConfigMap\n"));
    let bench = bench.restart().await;
    let left_alone = bench.recorder.book.pages().left_alone.clone();
    assert_eq!(left_alone.len(), 1);
    assert!(
        left_alone[0].path == path && left_alone[0].wrong && left_alone[0].reason.starts_with("Line "),
        "{left_alone:?}"
    );
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    assert_eq!(bench.recorder.book.record_of(&resource("a"), None).state, RecordState::Drifted);
    bench.sees(config_map("a", 2, "2")).await;
    bench.in_step().await;
    assert!(bench.recorder.book.pages().left_alone.is_empty());
    assert!(bench.git(&["show", &format!("main:{path}")]).contains("kind: ConfigMap"));
}

#[tokio::test]
async fn nothing_is_in_step_before_every_kind_that_is_followed_was_listed() {
    let bench = Bench::start(Duration::ZERO).await;
    let kinds = ["ConfigMap", "Service"].map(|kind| Kind::new("", kind)).to_vec();
    bench.watch.send(Observed::Followed { kinds }).await.unwrap();
    bench.lists(&[]).await;
    let read = async || {
        while bench.watch.capacity() < bench.watch.max_capacity() {
            tokio::task::yield_now().await
        }
    };
    read().await;
    bench.recorder.steer(Steering::Retry).await.unwrap();
    assert_eq!(*bench.recorder.book.chip().borrow(), SyncChip::Starting);
    bench.watch.send(Observed::Listed { kind: Kind::new("", "Service"), present: Vec::new() }).await.unwrap();
    bench.in_step().await;
}
