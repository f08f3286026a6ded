//! Server functions for records; the engine checks every right.

use leptos::prelude::*;
use model::record::{RecordDetail, RecordRef};

use crate::AppError;
use crate::json::Json;

/// Reads a resource's record, without values that are nobody's business.
///
/// # Errors
/// Not signed in, it is not there, or the repository or the cluster cannot be asked.
#[server(prefix = "/fn", endpoint = "records/read_record", protocol = server_fn::Http<Json, Json>)]
pub async fn read_record(target: RecordRef) -> Result<RecordDetail, AppError> {
    let caller = crate::backend::caller().await?;
    Ok(crate::backend::engine().read_record(&caller, &target).await?)
}
