//! The repository and how far cluster and records are in step.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use model::Page;
use model::git::{CommitDetail, CommitId, CommitQuery, CommitSummary};
use model::sync::{RemoteChoice, SyncStatus};
use serde::Deserialize;

use super::Signed;
use super::failures::{Failure, Failures};
use super::listing::{Asked, Paging};
use super::writes::{Sent, WriteQuery};
use crate::state::AppState;

/// Which commits are listed.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogQuery {
    /// Only commits that touch this file or folder.
    path: Option<String>,
    /// Only commits of this author: part of the name, any case.
    author: Option<String>,
    /// Only commits with this in the subject, any case.
    text: Option<String>,
}

/// Reads the state of repository, remote, watches and queue.
#[utoipa::path(get, path = "/api/gitops/status", tag = "gitops", responses((status = 200, body = SyncStatus), Failures))]
pub(crate) async fn read_status(
    State(state): State<AppState>,
    Signed(caller): Signed,
) -> Result<Json<SyncStatus>, Failure> {
    Ok(Json(state.engine.sync_status(&caller).await?))
}

/// Lists commits, newest first.
#[utoipa::path(get, path = "/api/gitops/commits", tag = "gitops", params(LogQuery, Paging),
    responses((status = 200, body = Page<CommitSummary>), Failures))]
pub(crate) async fn list_commits(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Asked(query): Asked<LogQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<CommitSummary>>, Failure> {
    let query = CommitQuery { path: query.path, author: query.author, text: query.text, page: paging.into() };
    Ok(Json(state.engine.list_commits(&caller, &query).await?))
}

/// Reads one commit with its diff.
#[utoipa::path(get, path = "/api/gitops/commits/{sha}", tag = "gitops", params(("sha" = String, Path, description = "All 40 digits")),
    responses((status = 200, body = CommitDetail), Failures))]
pub(crate) async fn read_commit(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Path(sha): Path<String>,
) -> Result<Json<CommitDetail>, Failure> {
    let id: CommitId = sha.parse().map_err(|error: model::InvalidName| Failure::field("sha", error.0))?;
    Ok(Json(state.engine.read_commit(&caller, &id).await?))
}

/// Commits what waits without waiting for silence.
#[utoipa::path(post, path = "/api/gitops/commit", tag = "gitops", responses((status = 202, description = "Under way"), Failures))]
pub(crate) async fn commit_now(State(state): State<AppState>, Signed(caller): Signed) -> Result<StatusCode, Failure> {
    state.engine.commit_now(&caller).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Tries at once what failed before, and pushes.
#[utoipa::path(post, path = "/api/gitops/push", tag = "gitops", responses((status = 202, description = "Under way"), Failures))]
pub(crate) async fn push(State(state): State<AppState>, Signed(caller): Signed) -> Result<StatusCode, Failure> {
    state.engine.retry_sync(&caller).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What to do about a remote whose history is not the one that was pushed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoteDecision {
    choice: RemoteChoice,
}

/// Decides about a remote with another history; the status lists the choices. Nothing there is overwritten.
#[utoipa::path(post, path = "/api/gitops/remote", tag = "gitops", request_body = RemoteDecision,
    responses((status = 202, description = "Under way"), Failures))]
pub(crate) async fn decide_remote(
    State(state): State<AppState>,
    Signed(caller): Signed,
    sent: Sent,
) -> Result<StatusCode, Failure> {
    let (decision, _) = sent.read::<RemoteDecision>(&WriteQuery::default())?;
    state.engine.decide_remote(&caller, decision.choice).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Records the cluster's state over what others have committed.
#[utoipa::path(post, path = "/api/gitops/record", tag = "gitops", responses((status = 202, description = "Under way"), Failures))]
pub(crate) async fn record_again(State(state): State<AppState>, Signed(caller): Signed) -> Result<StatusCode, Failure> {
    state.engine.record_again(&caller).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Lets records go whose resources are gone and that were too many to delete without a person's word.
#[utoipa::path(post, path = "/api/gitops/deletions/approve", tag = "gitops",
    responses((status = 202, description = "Under way"), Failures))]
pub(crate) async fn approve_deletions(
    State(state): State<AppState>,
    Signed(caller): Signed,
) -> Result<StatusCode, Failure> {
    state.engine.approve_deletions(&caller).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Keeps those records.
#[utoipa::path(post, path = "/api/gitops/deletions/refuse", tag = "gitops",
    responses((status = 202, description = "Under way"), Failures))]
pub(crate) async fn refuse_deletions(
    State(state): State<AppState>,
    Signed(caller): Signed,
) -> Result<StatusCode, Failure> {
    state.engine.refuse_deletions(&caller).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Whether a kind has records.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KindDecision {
    recorded: bool,
}

/// Lets a kind have records from now on, or none; the records that there are stay.
#[utoipa::path(put, path = "/api/gitops/kinds/{kind}", tag = "gitops", request_body = KindDecision,
    params(("kind" = String, Path, description = "With its group: Lease.coordination.k8s.io, or Node")),
    responses((status = 204, description = "Decided"), Failures))]
pub(crate) async fn set_kind_recorded(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Path(kind): Path<String>,
    sent: Sent,
) -> Result<StatusCode, Failure> {
    let kind = kind.parse().map_err(|error: model::InvalidName| Failure::field("kind", error.0))?;
    let (decision, _) = sent.read::<KindDecision>(&WriteQuery::default())?;
    state.engine.set_kind_recorded(&caller, &kind, decision.recorded).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a rule for credentials is on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MaskDecision {
    on: bool,
}

/// Switches a rule for what looks like a credential on or off; all records follow.
#[utoipa::path(put, path = "/api/gitops/masks/{rule}", tag = "gitops", request_body = MaskDecision,
    params(("rule" = String, Path, description = "As the status names it")),
    responses((status = 204, description = "Decided"), Failures))]
pub(crate) async fn set_mask_rule(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Path(rule): Path<String>,
    sent: Sent,
) -> Result<StatusCode, Failure> {
    let (decision, _) = sent.read::<MaskDecision>(&WriteQuery::default())?;
    state.engine.set_mask_rule(&caller, &rule, decision.on).await?;
    Ok(StatusCode::NO_CONTENT)
}
