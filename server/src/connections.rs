//! Accepts connections and bounds what each may hold: how many there are, and how long one may take to ask.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// How many connections there may be. More wait in the system's queue.
const CONNECTIONS: usize = 2048;
/// How long a request's head may take, counted from the connection's start or the answer before.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long to wait when the system has no more files to give.
const FULL_TIME: Duration = Duration::from_secs(1);

/// What connections may cost.
#[derive(Clone, Copy)]
pub(crate) struct ConnectionBounds {
    count: usize,
    head_time: Duration,
}

impl Default for ConnectionBounds {
    fn default() -> Self {
        Self { count: CONNECTIONS, head_time: HEAD_TIME }
    }
}

/// Serves until it is told to stop and each connection has had its answer.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: ConnectionBounds,
    stopping: CancellationToken,
) {
    let open = Arc::new(Semaphore::new(bounds.count));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(bounds.head_time);
    loop {
        let accepted = async {
            // It is never closed.
            let permit = open.clone().acquire_owned().await.ok()?;
            let (stream, peer) = accept(&listener).await?;
            Some((permit, stream, peer))
        };
        let accepted = tokio::select! {
            () = stopping.cancelled() => break,
            accepted = accepted => accepted,
        };
        let Some((permit, stream, peer)) = accepted else { continue };
        let router = router.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // Who goes away in mid-request, or never asks, is no news.
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn accept(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Small answers should not wait for more.
            let _ = stream.set_nodelay(true);
            Some((stream, peer))
        }
        Err(error) => {
            let gone = [ErrorKind::ConnectionRefused, ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset];
            if !gone.contains(&error.kind()) {
                tracing::error!(%error, "cannot take connections");
                tokio::time::sleep(FULL_TIME).await;
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n";

    async fn start(count: usize) -> (SocketAddr, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stopping = CancellationToken::new();
        let from = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
        let router = Router::new().route("/", get(from));
        let bounds = ConnectionBounds { count, head_time: Duration::from_millis(200) };
        tokio::spawn(serve(listener, router, bounds, stopping.clone()));
        (address, stopping)
    }

    async fn say(stream: &mut TcpStream, words: &[u8]) {
        stream.write_all(words).await.unwrap();
    }

    /// Reads until the other side ends the connection.
    async fn all(mut stream: TcpStream) -> String {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_head_that_never_ends_and_a_connection_that_never_asks_are_given_up() {
        let (address, _stopping) = start(8).await;
        let mut slow = TcpStream::connect(address).await.unwrap();
        say(&mut slow, b"GET / HTTP/1.1\r\nhost: te").await;
        assert!(!all(slow).await.contains("200 OK"));
        let mut idle = TcpStream::connect(address).await.unwrap();
        say(&mut idle, ASK).await;
        let answer = all(idle).await;
        assert!(answer.contains("200 OK") && answer.ends_with("127.0.0.1"), "{answer}");
    }

    #[tokio::test]
    async fn who_comes_when_all_is_taken_waits_for_a_place() {
        let (address, _stopping) = start(1).await;
        let _idle = TcpStream::connect(address).await.unwrap();
        let mut next = TcpStream::connect(address).await.unwrap();
        say(&mut next, ASK).await;
        assert!(all(next).await.contains("200 OK"), "the first is given up and makes room");
    }

    #[tokio::test]
    async fn the_end_waits_for_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stopping = CancellationToken::new();
        let ending = stopping.clone();
        let slow = || async move {
            ending.cancel();
            tokio::time::sleep(Duration::from_millis(100)).await;
            "done"
        };
        let router = Router::new().route("/", get(slow));
        let serving = tokio::spawn(serve(listener, router, ConnectionBounds::default(), stopping));
        let mut stream = TcpStream::connect(address).await.unwrap();
        say(&mut stream, ASK).await;
        assert!(all(stream).await.ends_with("done"));
        serving.await.unwrap();
    }
}
