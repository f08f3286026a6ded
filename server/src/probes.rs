//! `/health/live`, `/health/ready` and `/metrics`: for Kubernetes and Prometheus, so without sign-in, so only totals and the
//! names of kinds.

mod metrics;
mod sync_metrics;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use model::sync::SyncChip;
use serde::Serialize;

pub(crate) use self::metrics::Metrics;
use crate::state::AppState;

/// Whether requests can be served as they should.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    /// What does not answer.
    away: Vec<Away>,
}

/// A dependency that does not answer.
#[derive(Debug, Serialize)]
struct Away {
    /// `cluster`, `database` or `remote`.
    what: &'static str,
    why: String,
}

/// The probes' routes.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/health/live", get(|| async { "live\n" }))
        .route("/health/ready", get(read_readiness))
        .route("/metrics", get(read_metrics))
}

async fn read_readiness(State(state): State<AppState>) -> Response {
    let chip = state.engine.sync_chip();
    let mut away = Vec::new();
    if let Err(error) = state.engine.setup_needed().await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the database does not answer");
        away.push(Away { what: "database", why: "It does not answer.".into() });
    }
    away.extend(away_of(&chip));
    // Without the remote everything is shown and written; commits wait for it.
    let ready = away.iter().all(|away| away.what == "remote");
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, away })).into_response()
}

fn away_of(chip: &SyncChip) -> Option<Away> {
    match chip {
        SyncChip::ClusterAway { since } => Some(Away { what: "cluster", why: format!("It is away since {since}.") }),
        SyncChip::Starting => Some(Away { what: "cluster", why: "It is being read for the first time.".into() }),
        SyncChip::CannotPush { reason } => Some(Away { what: "remote", why: reason.clone() }),
        SyncChip::CannotRecord { .. }
        | SyncChip::Held { .. }
        | SyncChip::Blocked { .. }
        | SyncChip::Waiting { .. }
        | SyncChip::Drifted { .. }
        | SyncChip::InStep { .. } => None,
    }
}

async fn read_metrics(State(state): State<AppState>) -> Response {
    match state.metrics.render(&state.engine.sync_totals()) {
        Ok(text) => {
            ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
        }
        Err(error) => crate::failure::from_engine(&engine::Error::internal("writing the metrics", error)),
    }
}
