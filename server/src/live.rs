//! One stream of server-sent events per page. It carries no data: it says that what the page shows has changed.

mod feed;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use engine::Caller;
use model::deployment::DeploymentRef;
use model::{Error, ErrorKind, Namespace, ResourceName};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use self::feed::{Feed, Notice, Subject};
use crate::api::Signed;
use crate::failure::{self, Reader};
use crate::state::AppState;

/// Streams at a time, for all visitors.
pub(crate) const STREAMS: usize = 2048;
/// A line that keeps proxies from ending a quiet stream.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Changes within this time become one event.
const PACE: Duration = Duration::from_millis(200);

/// The streams' routes.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/live/deployments/{namespace}/{name}", get(follow_deployment))
        .route("/live/deployments", get(follow_deployments))
        .route("/live/sync", get(follow_sync))
        .route("/live/{*rest}", axum::routing::any(unknown))
}

async fn unknown() -> Response {
    failure::answer(&failure::no_such_address(), Reader::Program)
}

async fn follow_deployment(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Path((namespace, name)): Path<(String, String)>,
) -> Response {
    match (namespace.parse::<Namespace>(), name.parse::<ResourceName>()) {
        (Ok(namespace), Ok(name)) => stream(&state, caller, &Subject::Deployment(DeploymentRef::new(namespace, name))),
        _ => unknown().await,
    }
}

async fn follow_deployments(State(state): State<AppState>, Signed(caller): Signed) -> Response {
    stream(&state, caller, &Subject::Deployments)
}

async fn follow_sync(State(state): State<AppState>, Signed(caller): Signed) -> Response {
    stream(&state, caller, &Subject::Sync)
}

fn stream(state: &AppState, caller: Caller, subject: &Subject) -> Response {
    let Ok(permit) = Arc::clone(&state.streams).try_acquire_owned() else {
        let error =
            Error::new(ErrorKind::TooMany, "Too many pages are open.").with_hint("Reload the page to see what is new.");
        return failure::answer(&error, Reader::Program);
    };
    let revoked = state.engine.revoked(&caller);
    let feed = match Feed::new(&state.engine, &caller, subject) {
        Ok(feed) => feed,
        Err(error) => return failure::from_engine(&error),
    };
    // One event may wait for a slow reader; later ones fall together with it.
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(feed_stream(state.stopping.clone(), feed, revoked, sender, permit));
    let keep_alive = KeepAlive::new().interval(HEARTBEAT).text("still here");
    Sse::new(ReceiverStream::new(receiver)).keep_alive(keep_alive).into_response()
}

/// Ends with the reader, the caller's rights, or the program.
async fn feed_stream(
    stopping: CancellationToken,
    mut feed: Feed,
    revoked: impl Future<Output = ()> + Send,
    sender: mpsc::Sender<Result<Event, Infallible>>,
    _permit: OwnedSemaphorePermit,
) {
    let mut revoked = std::pin::pin!(revoked);
    // Something may have changed between the page's rendering and now, or while the browser was away.
    let mut notice = Notice::Change;
    for id in 1_u64.. {
        let event = Event::default().event(notice.name()).id(id.to_string()).data(id.to_string());
        tokio::select! {
            // In this order: what is already known reaches the reader before the end does.
            biased;
            sent = sender.send(Ok(event)) => if sent.is_err() { return },
            () = &mut revoked => return end(&sender).await,
            () = stopping.cancelled() => return,
        }
        tokio::select! {
            next = feed.next(PACE) => match next {
                Some(next) => notice = next,
                None => return,
            },
            () = &mut revoked => return end(&sender).await,
            () = stopping.cancelled() => return,
            () = sender.closed() => return,
        }
    }
}

/// Tells the page not to come back: it is to read itself again and see that nobody is signed in.
async fn end(sender: &mpsc::Sender<Result<Event, Infallible>>) {
    let event = Event::default().event("end").data("end");
    // A reader that does not take it within a second is cut off.
    let _ = tokio::time::timeout(Duration::from_secs(1), sender.send(Ok(event))).await;
}
