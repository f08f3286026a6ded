//! The store on a disk: what survives, and who is kept out.

use std::path::Path;

use model::user::{Role, Scope};
use serde_json::json;

use super::{DraftRow, SessionRow, Store, UserRow};
use crate::{
    Clock, ClusterAccess, ClusterConfig, Credentials, DatabaseConfig, EngineConfig, RepositoryConfig, StartError,
};

/// Settings for tests that need no more than the store.
pub(crate) fn config(folder: &Path, database: DatabaseConfig) -> EngineConfig {
    EngineConfig {
        data_dir: folder.to_owned(),
        database,
        cluster: ClusterConfig { name: "test".parse().unwrap(), access: ClusterAccess::InCluster },
        repository: RepositoryConfig {
            remote: None,
            branch: "main".parse().unwrap(),
            path: ".".into(),
            credentials: Credentials::default(),
            signing_key_file: None,
        },
        commit_window: std::time::Duration::ZERO,
        longest_window: std::time::Duration::ZERO,
        sweep: crate::SweepLimits::default(),
        kind_rules: crate::KindRules::default(),
        ignore_rules: crate::IgnoreRules::default(),
        age_recipients: None,
        audit: crate::AuditConfig::default(),
        clock: Clock::new(model::Timestamp::now),
    }
}

/// A store that is gone with the test.
pub(crate) async fn memory() -> Store {
    Store::open(&config(Path::new("."), DatabaseConfig::Memory)).await.unwrap()
}

fn user(name: &str) -> UserRow {
    UserRow {
        key: format!("key-of-{name}"),
        username: name.parse().unwrap(),
        email: None,
        role: Role::Viewer,
        scope: Scope::Everywhere,
        disabled: false,
        password_hash: Some("hash".into()),
        created_at: model::Timestamp::UNIX_EPOCH,
        last_sign_in: None,
        access_ended_at: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), DatabaseConfig::Embedded);
    let store = Store::open(&config).await.unwrap();
    store.put_user(&user("ada")).await.unwrap();
    store.close().await;
    drop(store);
    let store = Store::open(&config).await.unwrap();
    assert_eq!(store.user_by_name("ada").await.unwrap().unwrap().key, "key-of-ada");
    let applied: Vec<serde_json::Value> =
        store.read("SELECT * OMIT id FROM migration;", json!({})).await.unwrap().rows(0).unwrap();
    assert_eq!(applied.len(), super::connect::MIGRATIONS.len(), "each migration is applied once");
    store.close().await;
}

/// Copies what is on the disk while the store is open: a crash leaves that.
fn crash(data: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("cp").arg("-a").arg(data.join("store")).arg(copy.path()).status();
    assert!(status.unwrap().success());
    copy
}

/// The segments of the store's log, oldest first.
fn segments(data: &Path) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(data.join("store/wal")).unwrap().flatten().map(|file| file.path());
    let mut segments: Vec<_> = files.filter(|file| file.extension().is_some_and(|kind| kind == "wal")).collect();
    segments.sort();
    segments
}

async fn write(store: &Store, number: usize) {
    let content = json!({ "number": number, "text": "x".repeat(3_000) });
    store.run("CREATE written CONTENT $content RETURN NONE;", json!({ "content": content })).await.unwrap();
}

async fn written(store: &Store) -> Vec<usize> {
    let statements = "DEFINE TABLE IF NOT EXISTS written; SELECT VALUE number FROM written;";
    let mut numbers: Vec<usize> = store.run(statements, json!({})).await.unwrap().rows(1).unwrap();
    numbers.sort_unstable();
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_loses_nothing_that_met_a_full_buffer() {
    // More than a buffer holds.
    const ROWS: usize = 6_000;
    const WRITERS: usize = 8;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&config(folder.path(), DatabaseConfig::Embedded)).await.unwrap();
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in (writer..ROWS).step_by(WRITERS) {
                write(&store, number).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    // A full buffer becomes a table in the background, and its segment goes.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while segments(folder.path()).len() > 1 {
        assert!(std::time::Instant::now() < deadline, "{:?}", segments(folder.path()));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(!segments(folder.path())[0].ends_with("00000000000000000000.wal"), "a second one was begun");
    let copy = crash(folder.path());
    let after = Store::open(&config(copy.path(), DatabaseConfig::Embedded)).await.unwrap();
    assert_eq!(written(&after).await, (0..ROWS).collect::<Vec<_>>());
    after.close().await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_after_a_log_was_cut_off_survives_the_next_crash() {
    let mut folder = tempfile::tempdir().unwrap();
    let settings = |folder: &tempfile::TempDir| config(folder.path(), DatabaseConfig::Embedded);
    for round in 0..3 {
        let store = Store::open(&settings(&folder)).await.unwrap();
        assert_eq!(written(&store).await, (0..round * 10).collect::<Vec<_>>());
        for number in 0..10 {
            write(&store, round * 10 + number).await;
        }
        let copy = crash(folder.path());
        store.close().await;
        drop(store);
        // Of the write that was under way half is there.
        let newest = segments(copy.path()).pop().unwrap();
        let log = std::fs::read(&newest).unwrap();
        std::fs::write(&newest, [&log[..], &log[..2_000]].concat()).unwrap();
        folder = copy;
    }
    let store = Store::open(&settings(&folder)).await.unwrap();
    assert_eq!(written(&store).await.len(), 30);
    store.close().await;
    drop(store);
    assert!(segments(folder.path()).iter().all(|segment| segment.metadata().unwrap().len() == 0), "closed in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_is_read_and_written_again_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let settings = |folder: &tempfile::TempDir| config(folder.path(), DatabaseConfig::Embedded);
    let store = Store::open(&settings(&folder)).await.unwrap();
    store.put_user(&user("ada")).await.unwrap();
    let super::Database::Local(embedded) = &*store.0 else { panic!("it is embedded") };
    // Nothing can be reserved where a folder is in the way.
    let room = folder.path().join("store/room");
    std::fs::create_dir(&room).unwrap();
    embedded.tear();
    assert!(store.put_user(&user("bob")).await.is_err());
    assert!(store.user_by_name("ada").await.unwrap().is_some());
    assert!(store.session_and_user("none", "key-of-ada").await.unwrap().is_none(), "browsers ask so");
    std::fs::remove_dir(&room).unwrap();
    store.put_user(&user("bob")).await.unwrap();
    let copy = crash(folder.path());
    store.close().await;
    assert!(store.put_user(&user("eve")).await.is_err(), "it is closed for good");
    for folder in [&folder, &copy] {
        let store = Store::open(&settings(folder)).await.unwrap();
        let known = [store.user_by_name("ada").await.unwrap(), store.user_by_name("bob").await.unwrap()];
        assert!(known.iter().all(Option::is_some));
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_directory_is_told_so_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), DatabaseConfig::Embedded);
    let store = Store::open(&config).await.unwrap();
    let Err(StartError::Store(message)) = Store::open(&config).await else { panic!("it opened twice") };
    assert!(message.starts_with("Another Denshimon uses the data directory"), "{message}");
    assert!(!message.contains('\n'), "{message}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_denshimon_is_left_alone() {
    let store = memory().await;
    store.transact("CREATE migration:newer SET number = 9999", json!({})).await.unwrap();
    let Err(StartError::Store(message)) = super::connect::migrate(&store).await else { panic!("it was migrated") };
    assert!(message.contains("newer Denshimon"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_users_cannot_have_one_name() {
    let store = memory().await;
    store.put_user(&user("ada")).await.unwrap();
    let twin = UserRow { key: "other".into(), ..user("ada") };
    assert!(store.put_user(&twin).await.is_err());
    assert_eq!(store.users().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_meet_are_tried_again() {
    let store = memory().await;
    store.run("CREATE counter:one SET total = 0;", json!({})).await.unwrap();
    let tasks: Vec<_> = (0..12)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.transact("UPDATE counter:one SET total += 1", json!({})).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let value: Vec<serde_json::Value> =
        store.read("SELECT total FROM counter;", json!({})).await.unwrap().rows(0).unwrap();
    assert_eq!(value, [json!({ "total": 12 })]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_is_not_written_again() {
    let store = memory().await;
    let row = |hash: &str, expires_at| SessionRow {
        hash: hash.into(),
        user_id: Some("ada".into()),
        data: "{}".into(),
        user_agent: String::new(),
        created_at: model::Timestamp::UNIX_EPOCH,
        last_seen: model::Timestamp::UNIX_EPOCH,
        expires_at,
        ended: false,
    };
    store.put_session(&row("a", 1), None, 2).await.unwrap();
    store.end_session("a").await.unwrap();
    store.put_session(&row("a", 1), None, 2).await.unwrap();
    assert!(store.session("a").await.unwrap().is_none());
    for (hash, expires_at) in [("b", 2), ("c", 3), ("d", 4)] {
        store.put_session(&row(hash, expires_at), None, 2).await.unwrap();
    }
    let mut left: Vec<String> = store.sessions_of("ada").await.unwrap().into_iter().map(|row| row.hash).collect();
    left.sort();
    assert_eq!(left, ["c", "d"], "the one that ends next gives way");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_draft_gives_way_and_old_ones_go() {
    let store = memory().await;
    for number in 0..4i64 {
        let row = DraftRow {
            key: format!("d{number}"),
            user_id: "ada".into(),
            change: "{}".into(),
            resource_version: None,
            saved_at: number,
        };
        store.put_draft(&row, 3).await.unwrap();
    }
    assert!(store.draft("d0").await.unwrap().is_none());
    store.purge_drafts(2).await.unwrap();
    assert!(store.draft("d1").await.unwrap().is_none());
    store.delete_draft("somebody else", "d2").await.unwrap();
    assert!(store.draft("d2").await.unwrap().is_some());
    store.delete_draft("ada", "d2").await.unwrap();
    assert!(store.draft("d2").await.unwrap().is_none() && store.draft("d3").await.unwrap().is_some());
}
