//! Watches that stand on something too old (410), end before their list is whole or are not streamed, against a server
//! that answers as kube-apiserver does.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;
use crate::cluster::kinds::followed;

const EXPIRED: &str = r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version: 1 (2)","reason":"Expired","code":410}}"#;
const OBJECT: &str = r#"{"type":"ADDED","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"api","namespace":"shop","uid":"u","resourceVersion":"7"}}}"#;
const EARLIER: &str = r#"{"type":"ADDED","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"old","namespace":"shop","uid":"o","resourceVersion":"6"}}}"#;
const COMPLETE: &str = r#"{"type":"BOOKMARK","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"resourceVersion":"8","annotations":{"k8s.io/initial-events-end":"true"}}}}"#;
/// What a server says that does not stream lists.
const NO_STREAMING: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled","reason":"Invalid","code":422}"#;
const FIRST_PAGE: &str = r#"{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"8","continue":"the-rest"},"items":[{"metadata":{"name":"api","namespace":"shop","uid":"u","resourceVersion":"7"}}]}"#;
const LAST_PAGE: &str = r#"{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"8"},"items":[{"metadata":{"name":"web","namespace":"shop","uid":"w","resourceVersion":"5"}}]}"#;

/// What the server answers a request with.
enum Answer {
    /// Lines of a watch that ends after them.
    Ends(&'static [&'static str]),
    /// Lines of a watch after which nothing comes any more.
    GoesOn(&'static [&'static str]),
    /// A status and a body.
    Says(&'static str, &'static str),
}

/// A watch on ConfigMaps, and its server.
struct Watched {
    seen: mpsc::Receiver<Observed>,
    asked: mpsc::UnboundedReceiver<String>,
    following: JoinHandle<()>,
    server: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

/// Gives the answers one after the other and notes what was asked.
async fn serve(listener: TcpListener, answers: Vec<Answer>, asked: mpsc::UnboundedSender<String>) {
    for answer in answers {
        let (mut stream, _) = listener.accept().await.unwrap();
        asked.send(request(&mut stream).await).unwrap();
        match answer {
            Answer::Ends(lines) => watch_lines(&mut stream, lines).await,
            Answer::GoesOn(lines) => {
                watch_lines(&mut stream, lines).await;
                std::future::pending::<()>().await;
            }
            Answer::Says(status, body) => {
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: \
                     close\r\n\r\n",
                    body.len()
                );
                stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
        }
    }
}

/// Reads a request and returns its first line.
async fn request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8_lossy(&request).lines().next().unwrap().to_owned()
}

async fn watch_lines(stream: &mut TcpStream, lines: &[&str]) {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n").await.unwrap();
    for line in lines {
        stream.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }
}

impl Watched {
    async fn follow(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (asking, asked) = mpsc::unbounded_channel();
        let server = tokio::spawn(serve(listener, answers, asking));
        let folder = tempfile::TempDir::new().unwrap();
        let clock = Clock::new(jiff::Timestamp::now);
        let (observed, seen) = mpsc::channel(16);
        let ignored = Arc::new(Ignored::new(crate::IgnoreRules::default()));
        ignored.autoscaled.settle();
        let follower = Follower {
            client: Client::try_from(kube::Config::new(address.parse().unwrap())).unwrap(),
            name: "c".parse().unwrap(),
            clock: clock.clone(),
            inventory: Inventory::default(),
            changes: Changes::default(),
            state: Arc::new(WatchStates::new(clock)),
            observed,
            sealer: Arc::new(Sealer::open(folder.path(), None).unwrap()),
            ignored,
            rules: watch::Sender::default(),
            lister: Lister::default(),
            kinds_changed: Arc::default(),
            retry: Arc::default(),
        };
        let resource = kube::core::ApiResource::erase::<k8s_openapi::api::core::v1::ConfigMap>(&());
        let kind = followed(Kind::new("", "ConfigMap"), resource, &KindRules::default());
        let following = tokio::spawn(follower.follow(kind, CancellationToken::new()));
        Self { seen, asked, following, server, _folder: folder }
    }

    /// Returns the names that are told up to the first complete list, and those in it.
    async fn first_list(&mut self) -> (Vec<String>, Vec<String>) {
        let name = |resource: &ResourceRef| resource.name.to_string();
        let mut names = Vec::new();
        loop {
            match tokio::time::timeout(Duration::from_secs(20), self.seen.recv()).await.unwrap().unwrap() {
                Observed::Changed { resource, initial, .. } => {
                    assert!(initial, "{resource} belongs to the list");
                    names.push(name(&resource));
                }
                Observed::Listed { present, .. } => {
                    let mut present: Vec<String> = present.iter().map(name).collect();
                    present.sort();
                    return (names, present);
                }
                _ => {}
            }
        }
    }

    /// Returns what the server was asked so far.
    fn asked(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.asked.try_recv().ok()).collect()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.following.abort();
        self.server.abort();
    }
}

#[tokio::test]
async fn a_watch_that_is_too_old_lists_anew() {
    let mut watched = Watched::follow(vec![Answer::Ends(&[EXPIRED]), Answer::GoesOn(&[OBJECT, COMPLETE])]).await;
    let (names, listed) = watched.first_list().await;
    assert_eq!((names, listed), (vec!["api".to_owned()], vec!["api".to_owned()]));
    assert!(watched.asked().iter().all(|asked| asked.contains("watch=true")));
}

#[tokio::test]
async fn a_list_that_ends_before_it_is_whole_tells_of_nothing_that_is_gone() {
    let answers = vec![
        // By its server, and by an error of it.
        Answer::Ends(&[EARLIER]),
        Answer::Ends(&[EARLIER, EXPIRED]),
        Answer::GoesOn(&[OBJECT, COMPLETE]),
    ];
    let mut watched = Watched::follow(answers).await;
    let (names, listed) = watched.first_list().await;
    assert_eq!(names, ["old", "old", "api"]);
    assert_eq!(listed, ["api"], "what is there is what the whole list says");
    assert_eq!(watched.asked().len(), 3);
}

#[tokio::test]
async fn a_server_that_streams_no_lists_is_asked_for_pages() {
    let answers = vec![
        Answer::Says("422 Unprocessable Entity", NO_STREAMING),
        Answer::Says("200 OK", FIRST_PAGE),
        Answer::Says("200 OK", LAST_PAGE),
        Answer::GoesOn(&[]),
    ];
    let mut watched = Watched::follow(answers).await;
    let (names, listed) = watched.first_list().await;
    assert_eq!(names, ["api", "web"]);
    assert_eq!(listed, ["api", "web"]);
    let asked = watched.asked();
    assert!(asked[0].contains("sendInitialEvents=true"), "{asked:?}");
    assert!(asked[1].contains("limit=500") && !asked[1].contains("watch=true"), "{asked:?}");
    assert!(asked[2].contains("limit=500") && asked[2].contains("continue=the-rest"), "{asked:?}");
}
