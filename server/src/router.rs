//! All routes on one screen.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::compression::CompressionLayer;

use crate::api;
use crate::audit_webhook;
use crate::live;
use crate::middleware::{
    BodyBounds, catch_panic, limit_body, limit_time, log_request, require_same_origin, secure_headers,
};
use crate::pages;
use crate::probes;
use crate::session_layer;
use crate::state::AppState;

/// Lays out the routes and what every request passes through; the last layer here is the first one entered.
pub(crate) fn routes(state: AppState) -> Router {
    // Whatever asks who somebody is comes through the session; probes and files do not.
    let known = Router::new()
        .merge(api::routes())
        .merge(live::routes())
        .merge(pages::routes(&state))
        .layer(session_layer::session_layer(&state));
    Router::new()
        .merge(probes::routes())
        .merge(state.assets.routes())
        .merge(known)
        .layer(CompressionLayer::new())
        .layer(from_fn(limit_time))
        .layer(from_fn_with_state(BodyBounds::default(), limit_body))
        .layer(from_fn_with_state(state.clone(), require_same_origin))
        // The API server has neither cookies nor pages.
        .merge(audit_webhook::routes(&state))
        .layer(catch_panic())
        .layer(from_fn_with_state(state.clone(), secure_headers))
        .layer(from_fn_with_state(state.clone(), log_request))
        .with_state(state)
}
