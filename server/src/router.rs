//! All routes on one screen.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use tower_http::compression::CompressionLayer;

use crate::failure::{self, Reader};
use crate::middleware::{catch_panic, limit_body, limit_time, log_request, require_same_origin, secure_headers};
use crate::probes;
use crate::state::AppState;

/// Lays out the routes and what every request passes through; the last layer here is the first one entered.
pub(crate) fn routes(state: AppState) -> Router {
    Router::new()
        .merge(probes::routes())
        .merge(state.assets.routes())
        .fallback(unknown)
        .layer(CompressionLayer::new())
        .layer(from_fn(limit_time))
        .layer(from_fn(limit_body))
        .layer(from_fn_with_state(state.clone(), require_same_origin))
        .layer(catch_panic())
        .layer(from_fn_with_state(state.clone(), secure_headers))
        .layer(from_fn_with_state(state.clone(), log_request))
        .with_state(state)
}

async fn unknown(request: Request) -> Response {
    failure::answer(&failure::no_such_address(), Reader::of(request.uri(), request.headers()))
}
