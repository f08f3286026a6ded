//! Server functions for the sync engine and its repository; the engine checks every right.

use leptos::prelude::*;
use model::Page;
use model::git::{CommitDetail, CommitId, CommitQuery, CommitSummary};
use model::sync::{RemoteChoice, SyncStatus};

use crate::AppError;
use crate::json::Json;

/// Reads how far cluster and repository are in step.
///
/// # Errors
/// Not signed in.
#[server(prefix = "/fn", endpoint = "gitops/read_sync_status", protocol = server_fn::Http<Json, Json>)]
pub async fn read_sync_status() -> Result<SyncStatus, AppError> {
    let caller = crate::backend::caller().await?;
    Ok(crate::backend::engine().sync_status(&caller).await?)
}

/// Lists commits, newest first.
///
/// # Errors
/// Not signed in.
#[server(prefix = "/fn", endpoint = "gitops/list_commits", protocol = server_fn::Http<Json, Json>)]
pub async fn list_commits(query: CommitQuery) -> Result<Page<CommitSummary>, AppError> {
    let caller = crate::backend::caller().await?;
    Ok(crate::backend::engine().list_commits(&caller, &query).await?)
}

/// Reads one commit with the files that the caller may see.
///
/// # Errors
/// Not signed in, or it is not there.
#[server(prefix = "/fn", endpoint = "gitops/read_commit", protocol = server_fn::Http<Json, Json>)]
pub async fn read_commit(id: CommitId) -> Result<CommitDetail, AppError> {
    let caller = crate::backend::caller().await?;
    Ok(crate::backend::engine().read_commit(&caller, &id).await?)
}

/// Tries again what failed, without waiting. Operators of the whole cluster may call it.
///
/// # Errors
/// Not signed in, or not allowed.
#[server(prefix = "/fn", endpoint = "gitops/retry_sync")]
pub async fn retry_sync() -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    crate::backend::engine().retry_sync(&caller).await?;
    crate::backend::redirect("/gitops/status");
    Ok(())
}

/// Records the cluster's state over the commits of others. Operators of the whole cluster may call it.
///
/// # Errors
/// Not signed in, or not allowed.
#[server(prefix = "/fn", endpoint = "gitops/record_again")]
pub async fn record_again() -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    crate::backend::engine().record_again(&caller).await?;
    crate::backend::redirect("/gitops/status");
    Ok(())
}

/// Commits what waits, without waiting for silence. Operators of the whole cluster may call it.
///
/// # Errors
/// Not signed in, or not allowed.
#[server(prefix = "/fn", endpoint = "gitops/commit_now")]
pub async fn commit_now() -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    crate::backend::engine().commit_now(&caller).await?;
    crate::backend::redirect("/gitops/status");
    Ok(())
}

/// Decides about a remote with another history: `build_on`, `push_again` or `keep_here`. Operators of the whole cluster
/// may call it.
///
/// # Errors
/// Not signed in, not allowed, or there is no such choice.
#[server(prefix = "/fn", endpoint = "gitops/decide_remote")]
pub async fn decide_remote(choice: RemoteChoice) -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    crate::backend::engine().decide_remote(&caller, choice).await?;
    crate::backend::redirect("/gitops/status");
    Ok(())
}

/// Lets the held deletions of records happen. Operators of the whole cluster may call it.
///
/// # Errors
/// Not signed in, or not allowed.
#[server(prefix = "/fn", endpoint = "gitops/approve_deletions")]
pub async fn approve_deletions() -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    crate::backend::engine().approve_deletions(&caller).await?;
    crate::backend::redirect("/gitops/status");
    Ok(())
}

/// Keeps the records whose deletion is held. Operators of the whole cluster may call it.
///
/// # Errors
/// Not signed in, or not allowed.
#[server(prefix = "/fn", endpoint = "gitops/refuse_deletions")]
pub async fn refuse_deletions() -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    crate::backend::engine().refuse_deletions(&caller).await?;
    crate::backend::redirect("/gitops/status");
    Ok(())
}

/// Lets a kind have records from now on (`record`) or none (`leave_out`). Operators of the whole cluster may call it.
///
/// # Errors
/// Not signed in, not allowed, or no such kind.
#[server(prefix = "/fn", endpoint = "gitops/set_kind_recorded")]
pub async fn set_kind_recorded(kind: String, decision: String) -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    let wrong = |field: &str, message: String| AppError::field(field, message).answered();
    let kind = kind.parse().map_err(|error: model::InvalidName| wrong("kind", error.0))?;
    let recorded = match decision.as_str() {
        "record" => true,
        "leave_out" => false,
        _ => return Err(wrong("decision", "The decision is record or leave_out.".into())),
    };
    crate::backend::engine().set_kind_recorded(&caller, &kind, recorded).await?;
    crate::backend::redirect("/gitops/status");
    Ok(())
}

/// Switches a rule for what looks like a credential `on` or `off`. Operators of the whole cluster may call it.
///
/// # Errors
/// Not signed in, not allowed, or no such rule.
#[server(prefix = "/fn", endpoint = "gitops/set_mask_rule")]
pub async fn set_mask_rule(rule: String, turn: String) -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    let on = match turn.as_str() {
        "on" => true,
        "off" => false,
        _ => return Err(AppError::field("turn", "A rule is switched on or off.").answered()),
    };
    crate::backend::engine().set_mask_rule(&caller, &rule, on).await?;
    crate::backend::redirect("/gitops/status");
    Ok(())
}
