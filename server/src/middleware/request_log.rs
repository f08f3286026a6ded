//! One log line and one set of figures per request.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use crate::state::AppState;

/// Names the request, logs it and counts it.
///
/// The query string stays out of the log: it may hold a form's error or a one-time token.
pub(crate) async fn log_request(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let id = ulid::Ulid::generate().to_string();
    let began = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // The pattern, not the path: the number of series must not depend on what is asked.
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", request.id = %id);
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let elapsed = began.elapsed();
    state.metrics.count_request(&method, &route, status, elapsed);
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    if path.starts_with("/health/") || path.starts_with("/assets/") {
        span.in_scope(|| tracing::debug!(http.method = %method, http.path = %path, http.status = status, milliseconds, "answered"));
    } else {
        span.in_scope(
            || tracing::info!(http.method = %method, http.path = %path, http.status = status, milliseconds, "answered"),
        );
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}
