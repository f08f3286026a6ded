//! The audit: who did what to accounts, from sign-ins to deletions.

use axum::Json;
use axum::extract::State;
use model::Page;
use model::user::AuditEntry;

use super::Signed;
use super::failures::{Failure, Failures};
use super::listing::{Asked, Paging};
use crate::state::AppState;

/// Lists what was done to accounts, newest first; for administrators.
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(Paging),
    responses((status = 200, body = Page<AuditEntry>), Failures))]
pub(crate) async fn list_audit(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<AuditEntry>>, Failure> {
    Ok(Json(state.engine.list_audit(&caller, paging.into()).await?))
}
