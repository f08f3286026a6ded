//! The audit's server function.

use leptos::prelude::*;
use model::user::AuditEntry;
use model::{Page, PageRequest};

use crate::AppError;
use crate::json::Json;

/// Reads the audit, newest first. Administrators may call it.
///
/// # Errors
/// Not signed in, or not an administrator.
#[server(prefix = "/fn", endpoint = "audit/list_audit", protocol = server_fn::Http<Json, Json>)]
pub async fn list_audit(page: PageRequest) -> Result<Page<AuditEntry>, AppError> {
    let caller = crate::backend::caller().await?;
    Ok(crate::backend::engine().list_audit(&caller, page).await?)
}
