//! The record of any resource.

use axum::Json;
use axum::extract::{Path, State};
use model::record::{RecordDetail, RecordRef};

use super::Signed;
use super::failures::{Failure, Failures};
use crate::state::AppState;

/// Reads where a resource's record stands, what it says without values that are nobody's business, and its newest
/// commits.
#[utoipa::path(get, path = "/api/records/{kind}/{namespace}/{name}", tag = "gitops",
    params(
        ("kind" = String, Path, description = "With its group: Certificate.cert-manager.io, or ConfigMap"),
        ("namespace" = String, Path, description = "`_cluster` for what is in none"),
        ("name" = String, Path)),
    responses((status = 200, body = RecordDetail), Failures))]
pub(crate) async fn read_record(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Result<Json<RecordDetail>, Failure> {
    // A name that cannot be names nothing.
    let missing = |_| engine::Error::NotFound { what: format!("record of {kind} {namespace}/{name}") };
    let target = RecordRef::parse(&kind, &namespace, &name).map_err(missing)?;
    Ok(Json(state.engine.read_record(&caller, &target).await?))
}
