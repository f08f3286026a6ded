//! What Home shows.

use leptos::prelude::*;
use model::Page;
use model::deployment::DeploymentSummary;
use model::history::HistoryEntry;
use model::sync::SyncStatus;
use serde::{Deserialize, Serialize};

use crate::AppError;
use crate::json::Json;

/// The three blocks; each may fail alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeData {
    /// The ones that are worst, worst first.
    pub worst: Result<Page<DeploymentSummary>, AppError>,
    pub lately: Result<Vec<HistoryEntry>, AppError>,
    pub sync: Result<SyncStatus, AppError>,
}

/// Reads Home. Anybody who is signed in may call it.
///
/// # Errors
/// Not signed in; the rest is part of the answer.
#[server(prefix = "/fn", endpoint = "home/read_home", protocol = server_fn::Http<Json, Json>)]
pub async fn read_home() -> Result<HomeData, AppError> {
    use model::PageRequest;
    use model::deployment::{DeploymentQuery, DeploymentSort};
    let caller = crate::backend::caller().await?;
    let engine = crate::backend::engine();
    let worst_first = DeploymentQuery {
        sort: DeploymentSort::Health,
        descending: true,
        page: PageRequest { number: 1, size: 20 },
        ..DeploymentQuery::default()
    };
    let newest = PageRequest { number: 1, size: 100 };
    let lately = engine.recent_history(&caller, newest).await.map(|page| {
        let mut joined = super::lately::join_found(page.items);
        joined.truncate(15);
        joined
    });
    let part = |error: engine::Error| AppError::from(error.to_wire());
    Ok(HomeData {
        worst: engine.list_deployments(&caller, &worst_first).await.map_err(part),
        lately: lately.map_err(part),
        sync: engine.sync_status(&caller).await.map(in_short).map_err(part),
    })
}

/// Leaves out what only the status page shows.
#[cfg(feature = "ssr")]
fn in_short(status: SyncStatus) -> SyncStatus {
    SyncStatus { kinds: Vec::new(), plots: Vec::new(), held_deletions: Vec::new(), ..status }
}
