//! Bounds on what one request may cost: bytes, time, and a panic that stays its own.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt;
use model::{Error, ErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_http::catch_panic::CatchPanicLayer;

use crate::failure::{self, Reader};

/// A body that holds no manifest.
const SMALL: usize = 64 * 1024;
/// A body that may hold a manifest.
const MANIFEST: usize = 1024 * 1024;
/// The same in a form, where each mark may take three bytes. The parser keeps to [`MANIFEST`] itself.
const MANIFEST_FORM: usize = 3 * MANIFEST;
/// The API server's largest batch when it truncates events, 10 MiB, and some room.
const AUDIT_BATCH: usize = 12 * MANIFEST;
/// How much of a body that is too long is still taken, and for how long.
const DRAINED: usize = 32 * MANIFEST;
const DRAIN_TIME: Duration = Duration::from_secs(10);
/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(30);
/// How much of unfinished requests' bodies is held in memory at a time, in KiB.
const HELD: usize = 128 * 1024;
/// How long an answer may take.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// What all bodies that are being read may cost together, and each may take; cheap to clone.
#[derive(Clone)]
pub(crate) struct BodyBounds {
    memory: Arc<Semaphore>,
    time: Duration,
}

impl Default for BodyBounds {
    fn default() -> Self {
        Self { memory: Arc::new(Semaphore::new(HELD)), time: BODY_TIME }
    }
}

/// How long each answer may take.
#[derive(Clone, Copy)]
pub(crate) struct TimeBound {
    time: Duration,
}

impl Default for TimeBound {
    fn default() -> Self {
        Self { time: ANSWER_TIME }
    }
}

/// Reads the body before anybody asks who sent it, and refuses what is too long or too slow.
pub(crate) async fn limit_body(State(bounds): State<BodyBounds>, request: Request, next: Next) -> Response {
    let limit = limit_of(request.uri().path());
    let reader = Reader::of(request.uri(), request.headers());
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(bounds.time, read_body(body, limit, bounds.memory)).await {
        // What the body holds of the memory is given back with the answer.
        Ok(Ok((bytes, _held))) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(Unread::TooLong)) => too_long(limit, reader),
        Ok(Err(Unread::Broken)) => unreadable(reader),
        Ok(Err(Unread::NoMemory)) => busy(reader),
        Err(_) => too_slow(reader),
    }
}

/// Why a body was not read to its end.
enum Unread {
    TooLong,
    Broken,
    NoMemory,
}

async fn read_body(
    body: Body,
    limit: usize,
    memory: Arc<Semaphore>,
) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Unread> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut held: Option<OwnedSemaphorePermit> = None;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Unread::Broken)?;
        if bytes.len() + chunk.len() > limit {
            drain(chunks).await;
            return Err(Unread::TooLong);
        }
        bytes.extend_from_slice(&chunk);
        let holding = held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = u32::try_from(bytes.len().div_ceil(1024).saturating_sub(holding)).unwrap_or(u32::MAX);
        let more = memory.clone().try_acquire_many_owned(missing).map_err(|_| Unread::NoMemory)?;
        match &mut held {
            Some(held) => held.merge(more),
            None => held = Some(more),
        }
    }
    Ok((bytes, held))
}

/// Takes the rest and forgets it: who is still sending would not see the answer.
async fn drain(mut chunks: BodyDataStream) {
    let all = async {
        let mut taken = 0;
        while let Some(Ok(chunk)) = chunks.next().await {
            taken += chunk.len();
            if taken > DRAINED {
                break;
            }
        }
    };
    // Whoever sends more, or slower, sees a closed connection.
    let _ = tokio::time::timeout(DRAIN_TIME, all).await;
}

/// Ends what takes too long; streams live as long as they like.
pub(crate) async fn limit_time(State(bound): State<TimeBound>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/live/") {
        return next.run(request).await;
    }
    let reader = Reader::of(request.uri(), request.headers());
    match tokio::time::timeout(bound.time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!("a request took too long and was given up");
            let error = Error::new(ErrorKind::Unavailable, "The answer took too long.")
                .with_hint("What was asked may still happen: look at the page again before you repeat it.");
            failure::answer(&error, reader)
        }
    }
}

/// Turns a panic into an answer, so that it ends one request and nothing else.
pub(crate) fn catch_panic() -> CatchPanicLayer<fn(Box<dyn Any + Send + 'static>) -> Response> {
    CatchPanicLayer::custom(panicked)
}

fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("of an unknown kind");
    tracing::error!(panic = text, "a request panicked");
    let error = Error::new(ErrorKind::Internal, "Something went wrong inside Denshimon.")
        .with_hint("The server's log says what; please report it.");
    failure::answer(&error, Reader::Program)
}

fn limit_of(path: &str) -> usize {
    if path.starts_with("/api/deployments") {
        MANIFEST
    } else if path.starts_with("/fn/deployments") {
        MANIFEST_FORM
    } else if path == crate::audit_webhook::PATH {
        AUDIT_BATCH
    } else {
        SMALL
    }
}

fn too_long(limit: usize, reader: Reader) -> Response {
    let error = Error::new(ErrorKind::Invalid, format!("This is too long: at most {} KiB are taken.", limit / 1024))
        .with_hint("Go back, make it shorter and send it again.");
    failure::answer_as(StatusCode::PAYLOAD_TOO_LARGE, &error, reader)
}

fn too_slow(reader: Reader) -> Response {
    let error = Error::new(ErrorKind::Invalid, "The request took too long to arrive.").with_hint("Send it again.");
    failure::answer_as(StatusCode::REQUEST_TIMEOUT, &error, reader)
}

fn busy(reader: Reader) -> Response {
    let error =
        Error::new(ErrorKind::Unavailable, "Too much is being sent at once.").with_hint("Try again in a moment.");
    failure::answer(&error, reader)
}

fn unreadable(reader: Reader) -> Response {
    let error = Error::new(ErrorKind::Invalid, "The request ended too early.").with_hint("Send it again.");
    failure::answer(&error, reader)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::Request;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn fail() -> &'static str {
        panic!("on purpose")
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let bounds = BodyBounds { time: Duration::from_millis(50), ..BodyBounds::default() };
        let router = Router::new()
            .route("/", axum::routing::post(|| async { "fine" }))
            .layer(axum::middleware::from_fn_with_state(bounds.clone(), limit_body));
        let first = futures::stream::iter([Ok::<_, std::convert::Infallible>("begun")]);
        let endless = Body::from_stream(first.chain(futures::stream::pending()));
        let slow = router.clone().oneshot(Request::post("/").body(endless).unwrap()).await.unwrap();
        assert_eq!(slow.status(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(bounds.memory.available_permits(), HELD, "what it held is free again");
        let all = bounds.memory.clone().acquire_many_owned(HELD as u32).await.unwrap();
        let full = router.clone().oneshot(Request::post("/").body(Body::from("text")).unwrap()).await.unwrap();
        assert_eq!(full.status(), StatusCode::SERVICE_UNAVAILABLE);
        drop(all);
        let fine = router.oneshot(Request::post("/").body(Body::from("text")).unwrap()).await.unwrap();
        assert_eq!(fine.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn an_answer_that_never_comes_is_given_up() {
        let bound = TimeBound { time: Duration::from_millis(50) };
        let router = Router::new()
            .route("/never", get(std::future::pending::<&'static str>))
            .route("/", get(|| async { "fine" }))
            .layer(axum::middleware::from_fn_with_state(bound, limit_time));
        for (path, status) in [("/never", StatusCode::SERVICE_UNAVAILABLE), ("/", StatusCode::OK)] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            assert_eq!(router.clone().oneshot(request).await.unwrap().status(), status, "{path}");
        }
    }

    #[tokio::test]
    async fn a_panic_ends_one_request_and_nothing_else() {
        let router = Router::new().route("/fail", get(fail)).route("/", get(|| async { "fine" })).layer(catch_panic());
        for (path, status) in [("/fail", StatusCode::INTERNAL_SERVER_ERROR), ("/", StatusCode::OK)] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            assert_eq!(router.clone().oneshot(request).await.unwrap().status(), status, "{path}");
        }
    }
}
