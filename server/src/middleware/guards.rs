//! Bounds on what one request may cost: bytes, time, and a panic that stays its own.

use std::any::Any;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt;
use model::{Error, ErrorKind};
use tower_http::catch_panic::CatchPanicLayer;

use crate::failure::{self, Reader};

/// A body that holds no manifest.
const SMALL: usize = 64 * 1024;
/// A body that may hold a manifest.
const MANIFEST: usize = 1024 * 1024;
/// The same in a form, where each mark may take three bytes. The parser keeps to [`MANIFEST`] itself.
const MANIFEST_FORM: usize = 3 * MANIFEST;
/// How much of a body that is too long is still taken, and for how long.
const DRAINED: usize = 32 * MANIFEST;
const DRAIN_TIME: Duration = Duration::from_secs(10);
const TIME: Duration = Duration::from_secs(30);

/// Reads the body before anybody asks who sent it, and refuses what is too long.
pub(crate) async fn limit_body(request: Request, next: Next) -> Response {
    let limit = limit_of(request.uri().path());
    let reader = Reader::of(request.uri(), request.headers());
    let (parts, body) = request.into_parts();
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let Ok(chunk) = chunk else { return unreadable(reader) };
        if bytes.len() + chunk.len() > limit {
            drain(chunks).await;
            return too_long(limit, reader);
        }
        bytes.extend_from_slice(&chunk);
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
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
pub(crate) async fn limit_time(request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/live/") {
        return next.run(request).await;
    }
    let reader = Reader::of(request.uri(), request.headers());
    match tokio::time::timeout(TIME, next.run(request)).await {
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
    } else {
        SMALL
    }
}

fn too_long(limit: usize, reader: Reader) -> Response {
    let error = Error::new(ErrorKind::Invalid, format!("This is too long: at most {} KiB are taken.", limit / 1024))
        .with_hint("Go back, make it shorter and send it again.");
    failure::answer_as(StatusCode::PAYLOAD_TOO_LARGE, &error, reader)
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

    #[expect(clippy::panic, reason = "that is what is caught")]
    async fn fail() -> &'static str {
        panic!("on purpose")
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
