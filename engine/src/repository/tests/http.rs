//! A remote over HTTP: Git's own server program behind a few lines of HTTP.

use std::process::Stdio;
use std::sync::Mutex as StdMutex;

use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const TOKEN: &str = "hunter2-token";

/// How the server answers.
#[derive(Clone, Debug, PartialEq)]
enum Mode {
    Git,
    /// With this status and header line.
    Status(&'static str),
    /// A page in the place of Git's answer.
    Page,
    /// Never.
    Silent,
}

struct Server {
    url: String,
    mode: Arc<StdMutex<Mode>>,
    /// The `Authorization` lines that came.
    credentials: Arc<StdMutex<Vec<String>>>,
}

impl Server {
    async fn start(root: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/remote.git", listener.local_addr().unwrap());
        let (mode, credentials) = (Arc::new(StdMutex::new(Mode::Git)), Arc::default());
        let server = Self { url, mode: mode.clone(), credentials: Arc::clone(&credentials) };
        let root = root.to_owned();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (mode, root, credentials) = (mode.lock().unwrap().clone(), root.clone(), credentials.clone());
                tokio::spawn(async move { answer(stream, mode, &root, &credentials).await });
            }
        });
        server
    }

    fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }
}

async fn answer(mut stream: TcpStream, mode: Mode, root: &Path, credentials: &StdMutex<Vec<String>>) {
    let mut request = Vec::new();
    let head = loop {
        let mut piece = [0; 8192];
        let count = stream.read(&mut piece).await.unwrap_or(0);
        request.extend_from_slice(&piece[..count]);
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if count == 0 {
            return;
        }
    };
    let text = String::from_utf8_lossy(&request[..head]).into_owned();
    let header = |name: &str| {
        let line = text.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")));
        line.map(|line| line.split_once(':').unwrap().1.trim().to_owned()).unwrap_or_default()
    };
    credentials.lock().unwrap().push(header("authorization"));
    let length: usize = header("content-length").parse().unwrap_or(0);
    let mut body = request[head..].to_vec();
    while body.len() < length {
        let mut piece = [0; 65536];
        let count = stream.read(&mut piece).await.unwrap();
        assert!(count > 0);
        body.extend_from_slice(&piece[..count]);
    }
    let reply = match mode {
        Mode::Git => run_git(root, &text, &header("content-type"), body).await,
        Mode::Status(lines) => format!("HTTP/1.1 {lines}\r\nContent-Length: 0\r\n\r\n").into_bytes(),
        Mode::Page => b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 7\r\n\r\nsign in".to_vec(),
        Mode::Silent => std::future::pending().await,
    };
    stream.write_all(&reply).await.unwrap();
    let _ = stream.shutdown().await;
}

async fn run_git(root: &Path, request: &str, kind: &str, body: Vec<u8>) -> Vec<u8> {
    let mut words = request.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut child = tokio::process::Command::new("git")
        .arg("http-backend")
        .envs([("GIT_HTTP_EXPORT_ALL", "1"), ("REMOTE_USER", "denshimon"), ("GIT_CONFIG_GLOBAL", "/dev/null")])
        .envs([("REQUEST_METHOD", method), ("PATH_INFO", path), ("QUERY_STRING", query), ("CONTENT_TYPE", kind)])
        .env("GIT_PROJECT_ROOT", root)
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let feed = tokio::spawn(async move {
        let _ = input.write_all(&body).await;
    });
    let output = child.wait_with_output().await.unwrap().stdout;
    feed.await.unwrap();
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK").to_owned();
    let mut reply = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{head}\r\n\r\n").into_bytes();
    reply.extend_from_slice(&output[end + 4..]);
    reply
}

fn with_token(mut config: EngineConfig) -> EngineConfig {
    // The provider that the program chooses at its start.
    let _ = reqwest::Client::builder();
    config.repository.credentials =
        Credentials { username: Some("ada".into()), token: Some(SecretString::from(TOKEN)), ssh_key_file: None };
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_travel_over_http_and_a_moved_remote_gets_them_on_top() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    somebody_commits(&elsewhere, &remote, "README.md", "hello");
    let server = Server::start(elsewhere.path()).await;
    let repository = open(&with_token(config(data.path(), Some(&server.url)))).await;
    let big = "x: 0123456789\n".repeat(100_000);
    repository.commit(vec![commit("One", &[("a.yaml", Some(big.as_str()))])]).await.unwrap();
    published(&repository, |state| state.ahead == 0 && state.last_push.is_some()).await;
    somebody_commits(&elsewhere, &remote, "other.txt", "theirs");
    repository.commit(vec![commit("Two", &[("b.yaml", Some("2"))])]).await.unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let expect = ["Somebody's", "One", "Somebody's", "Two"];
    while subjects(&remote) != expect {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", repository.publication().borrow().clone());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    fsck(&remote);
    let sent = server.credentials.lock().unwrap().clone();
    assert!(sent.iter().all(|line| line == "Basic YWRhOmh1bnRlcjItdG9rZW4="), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_travels_whole_in_several_pushes() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    let server = Server::start(elsewhere.path()).await;
    let repository = open(&with_token(config(data.path(), Some(&server.url)))).await;
    // Folders that grow large enough to be told by older ones, come, go, and turn into files.
    let long = "x: 0123456789\n".repeat(100);
    for round in 0..3 {
        let commits = (0..45).map(|n| {
            let (path, text) = (format!("a/{:02}/{n:03}.yaml", n % 3), format!("{long}{round} {n}"));
            let mut edits = vec![(path.as_str(), Some(text.as_str()))];
            match (round, n) {
                (1, 7) => edits.extend([("b/c/d.yaml", Some("1")), ("b/e.yaml", Some("1"))]),
                (1, 9) => edits.extend([("b/c/d.yaml", None)]),
                (2, 3) => edits.extend([("b/c", Some("a file"))]),
                _ => {}
            }
            commit(&format!("{round} {n}"), &edits)
        });
        let made = repository.commit(commits.collect()).await.unwrap();
        let newest = made.last().cloned().flatten();
        published(&repository, |state| state.ahead == 0 && state.remote_head == newest).await;
    }
    assert_eq!(subjects(&remote).len(), 3 * 45);
    fsck(&remote);
    let tree = |place: &Path| git(place, &["ls-tree", "-r", "main"]);
    assert_eq!(tree(&remote), tree(&data.path().join("repository.git")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_on_the_remote_is_told_apart_and_passes_when_it_is_gone() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    let lock = remote.join("refs/heads/main.lock");
    std::fs::write(&lock, "").unwrap();
    let server = Server::start(elsewhere.path()).await;
    let repository = open(&with_token(config(data.path(), Some(&server.url)))).await;
    repository.commit(vec![commit("One", &[("a.yaml", Some("1"))])]).await.unwrap();
    let state = published(&repository, |state| state.failure.is_some()).await;
    assert_eq!((state.failure.unwrap().failure, state.ahead), (PushFailure::Locked, 1));
    std::fs::remove_file(&lock).unwrap();
    repository.retry();
    published(&repository, |state| state.failure.is_none() && state.ahead == 0).await;
    assert_eq!(subjects(&remote), ["One"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_refuses_is_told_apart_and_passes_when_it_relents() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    let hook = remote.join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\necho protected; exit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let server = Server::start(elsewhere.path()).await;
    let repository = open(&with_token(config(data.path(), Some(&server.url)))).await;
    repository.commit(vec![commit("One", &[("a.yaml", Some("1"))])]).await.unwrap();
    let state = published(&repository, |state| state.failure.is_some()).await;
    assert_eq!((state.failure.unwrap().failure, state.ahead), (PushFailure::Refused, 1));
    std::fs::remove_file(&hook).unwrap();
    repository.retry();
    published(&repository, |state| state.failure.is_none() && state.ahead == 0).await;
    assert_eq!(subjects(&remote), ["One"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_has_its_name_and_tells_no_secret() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    bare(&elsewhere);
    let server = Server::start(elsewhere.path()).await;
    let repository = open(&with_token(config(data.path(), Some(&server.url)))).await;
    let other = "302 Found\r\nLocation: http://127.0.0.1:1/elsewhere";
    for (mode, expect) in [
        (Mode::Status("401 Unauthorized"), PushFailure::Denied),
        (Mode::Status("403 Forbidden"), PushFailure::Denied),
        (Mode::Status("404 Not Found"), PushFailure::Missing),
        (Mode::Status("502 Bad Gateway"), PushFailure::Unreachable),
        (Mode::Status(other), PushFailure::Redirected),
        (Mode::Page, PushFailure::Broken),
    ] {
        server.set(mode.clone());
        let text = format!("{mode:?}");
        repository.commit(vec![commit("x", &[("a.yaml", Some(text.as_str()))])]).await.unwrap();
        repository.retry();
        let state = published(&repository, |state| state.failure.is_some_and(|it| it.failure == expect)).await;
        let said = format!("{state:?} {} {}", expect.brief(), expect.remedy());
        assert!(!said.contains(TOKEN) && !said.contains("YWRh"), "{said}");
    }
    server.set(Mode::Git);
    repository.retry();
    published(&repository, |state| state.failure.is_none() && state.ahead == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_remote_holds_up_neither_commits_nor_the_end() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    bare(&elsewhere);
    let server = Server::start(elsewhere.path()).await;
    let repository = open(&with_token(config(data.path(), Some(&server.url)))).await;
    server.set(Mode::Silent);
    let begun = std::time::Instant::now();
    for n in 0..20 {
        let text = n.to_string();
        repository.commit(vec![commit("x", &[("a.yaml", Some(text.as_str()))])]).await.unwrap();
    }
    repository.close(Duration::from_millis(200)).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_that_was_created_again_over_http_gets_the_history_only_when_a_person_says_so() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let remote = bare(&elsewhere);
    let server = Server::start(elsewhere.path()).await;
    let repository = open(&with_token(config(data.path(), Some(&server.url)))).await;
    repository.commit(vec![commit("One", &[("a.yaml", Some("1"))])]).await.unwrap();
    published(&repository, |state| state.ahead == 0 && state.last_push.is_some()).await;
    std::fs::remove_dir_all(&remote).unwrap();
    bare(&elsewhere);
    repository.commit(vec![commit("Two", &[("a.yaml", Some("2"))])]).await.unwrap();
    let stopped = published(&repository, |state| state.failure.is_some()).await;
    assert_eq!((stopped.failure.unwrap().failure, stopped.ahead), (PushFailure::Emptied, 1));
    assert_eq!(git(&remote, &["for-each-ref"]), "");
    repository.decide(RemoteChoice::PushAgain);
    published(&repository, |state| state.failure.is_none() && state.ahead == 0).await;
    assert_eq!(subjects(&remote), ["One", "Two"]);

    std::fs::remove_dir_all(&remote).unwrap();
    bare(&elsewhere);
    somebody_commits(&elsewhere, &remote, "other.txt", "theirs");
    repository.commit(vec![commit("Three", &[("a.yaml", Some("3"))])]).await.unwrap();
    let stopped = published(&repository, |state| state.failure.is_some()).await;
    assert_eq!(stopped.choices(), [RemoteChoice::BuildOn, RemoteChoice::KeepHere]);
    repository.decide(RemoteChoice::BuildOn);
    published(&repository, |state| state.failure.is_none() && state.ahead == 0).await;
    assert_eq!(subjects(&remote), ["Somebody's", "One", "Two", "Three"]);
    fsck(&remote);
}
