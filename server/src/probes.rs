//! `/health/live`, `/health/ready` and `/metrics`: for Kubernetes and Prometheus, so without sign-in, so only totals.

mod metrics;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

pub(crate) use self::metrics::Metrics;
use crate::state::AppState;

/// The probes' routes.
pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/health/live", get(|| async { "live\n" })).route("/metrics", get(read_metrics))
}

async fn read_metrics(State(state): State<AppState>) -> Response {
    match state.metrics.render() {
        Ok(text) => {
            ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
        }
        Err(error) => crate::failure::from_engine(&engine::Error::internal("writing the metrics", error)),
    }
}
