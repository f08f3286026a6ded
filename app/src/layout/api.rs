//! What the frame shows.

use leptos::prelude::*;
use model::sync::SyncChip;
use model::user::SignedIn;
use model::{ClusterName, Namespace};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;

use crate::AppError;
use crate::json::Json;

/// What stands on every page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameData {
    pub place: Place,
    pub chip: SyncChip,
}

/// Who is where: the part that seldom changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub user: SignedIn,
    pub cluster: ClusterName,
    /// Those the user may see.
    pub namespaces: Vec<Namespace>,
}

/// Reads what stands on every page. Anybody who is signed in may call it.
///
/// # Errors
/// Not signed in. A cluster that is away is no error: its namespaces are left out and the chip says so.
#[server(prefix = "/fn", endpoint = "frame/read_frame", protocol = server_fn::Http<GetUrl, Json>)]
pub async fn read_frame() -> Result<FrameData, AppError> {
    let caller = crate::backend::caller().await?;
    let engine = crate::backend::engine();
    let namespaces = engine.list_namespaces(&caller).await.unwrap_or_default();
    let user = SignedIn { username: caller.username, role: caller.role, scope: caller.scope };
    let place = Place { user, cluster: engine.cluster_name().clone(), namespaces };
    Ok(FrameData { place, chip: engine.sync_chip() })
}
