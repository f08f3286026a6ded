//! A watch that stands on something too old (410), against a server that answers as kube-apiserver does.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::cluster::kinds::followed;

const EXPIRED: &str = r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version: 1 (2)","reason":"Expired","code":410}}"#;
const OBJECT: &str = r#"{"type":"ADDED","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"api","namespace":"shop","uid":"u","resourceVersion":"7"}}}"#;
const COMPLETE: &str = r#"{"type":"BOOKMARK","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"resourceVersion":"8","annotations":{"k8s.io/initial-events-end":"true"}}}}"#;

/// Answers the first watch with 410 and each later one with a whole list.
async fn serve(listener: TcpListener) {
    for watch in 0.. {
        let Ok((stream, _)) = listener.accept().await else { return };
        let lines: &[&str] = if watch == 0 { &[EXPIRED] } else { &[OBJECT, COMPLETE] };
        answer_watch(stream, lines).await;
    }
}

async fn answer_watch(mut stream: TcpStream, lines: &[&str]) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.unwrap());
    }
    assert!(String::from_utf8_lossy(&request).contains("watch=true"));
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n").await.unwrap();
    for line in lines {
        stream.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn a_watch_that_is_too_old_lists_anew() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(serve(listener));
    let folder = tempfile::TempDir::new().unwrap();
    let clock = Clock::new(jiff::Timestamp::now);
    let (observed, mut seen) = mpsc::channel(16);
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
    let mut names = Vec::new();
    let listed = loop {
        match tokio::time::timeout(Duration::from_secs(20), seen.recv()).await.unwrap().unwrap() {
            Observed::Changed { resource, .. } => names.push(resource.name.to_string()),
            Observed::Listed { present, .. } => break present,
            _ => {}
        }
    };
    assert_eq!(names, ["api"]);
    assert_eq!(listed.len(), 1);
    following.abort();
    server.abort();
}
