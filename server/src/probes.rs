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
use engine::SyncTotals;
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
    let mut away = Vec::new();
    if let Err(error) = state.engine.setup_needed().await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the database does not answer");
        away.push(Away { what: "database", why: "It does not answer.".into() });
    }
    away.extend(away_of(&state.engine.sync_totals(), &state.engine.sync_chip()));
    // Without the remote everything is shown and written; commits wait for it.
    let ready = away.iter().all(|away| away.what == "remote");
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, away })).into_response()
}

/// Names all that is away. The chip says only the worst, so it lends its words where it is about the same.
fn away_of(totals: &SyncTotals, chip: &SyncChip) -> Vec<Away> {
    let mut away = Vec::new();
    // No kinds are known before the API server has been asked for them.
    if !totals.cluster_up || totals.kinds == 0 {
        let why = match chip {
            SyncChip::ClusterAway { since } => format!("It is away since {since}."),
            _ => "It is being read for the first time.".into(),
        };
        away.push(Away { what: "cluster", why });
    }
    if !totals.remote_up {
        let why = match chip {
            SyncChip::CannotPush { reason } => reason.clone(),
            _ => "Commits do not reach it.".into(),
        };
        away.push(Away { what: "remote", why });
    }
    away
}

async fn read_metrics(State(state): State<AppState>) -> Response {
    match state.metrics.render(&state.engine.sync_totals()) {
        Ok(text) => {
            ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
        }
        Err(error) => crate::failure::from_engine(&engine::Error::internal("writing the metrics", error)),
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    fn check(totals: &SyncTotals, chip: &SyncChip, expect: &[&str]) {
        let named: Vec<&str> = away_of(totals, chip).iter().map(|away| away.what).collect();
        assert_eq!(named, expect, "{chip:?}");
    }

    #[test]
    fn all_that_is_away_is_named_whatever_the_chip_says() {
        let since = Timestamp::UNIX_EPOCH;
        let up = SyncTotals { cluster_up: true, remote_up: true, kinds: 60, ..SyncTotals::default() };
        check(&up, &SyncChip::InStep { since }, &[]);
        check(&up, &SyncChip::CannotRecord { reason: "the disk is full".into() }, &[]);
        let unreached = SyncTotals { remote_up: false, ..up.clone() };
        check(&unreached, &SyncChip::CannotPush { reason: "no answer".into() }, &["remote"]);
        check(&unreached, &SyncChip::CannotRecord { reason: "the disk is full".into() }, &["remote"]);
        let alone = SyncTotals { cluster_up: false, ..unreached };
        check(&alone, &SyncChip::ClusterAway { since }, &["cluster", "remote"]);
    }

    #[test]
    fn what_was_not_read_once_is_away() {
        let starting = SyncTotals { remote_up: true, ..SyncTotals::default() };
        check(&starting, &SyncChip::Starting, &["cluster"]);
        let cut = SyncTotals { cluster_up: true, ..SyncTotals::default() };
        check(&cut, &SyncChip::CannotPush { reason: "no answer".into() }, &["cluster", "remote"]);
    }
}
