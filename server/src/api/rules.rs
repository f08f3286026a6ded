//! The rules for what is left out of records.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use model::ignore::{IgnorePreview, IgnoreRule, IgnoreRules};
use serde::{Deserialize, Serialize};

use super::Signed;
use super::failures::{Failure, Failures};
use super::writes::{Sent, WriteQuery};
use crate::state::AppState;

/// Names the new rule.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CreatedRule {
    id: String,
}

/// Whether a rule is on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleDecision {
    on: bool,
}

/// Lists the rules: Denshimon's own, those of the settings, and people's.
#[utoipa::path(get, path = "/api/gitops/rules", tag = "gitops", responses((status = 200, body = IgnoreRules), Failures))]
pub(crate) async fn list_rules(
    State(state): State<AppState>,
    Signed(caller): Signed,
) -> Result<Json<IgnoreRules>, Failure> {
    Ok(Json(state.engine.list_ignore_rules(&caller).await?))
}

/// Makes a rule, which is on; all records follow.
#[utoipa::path(post, path = "/api/gitops/rules", tag = "gitops", request_body = IgnoreRule,
    responses((status = 201, body = CreatedRule), Failures))]
pub(crate) async fn create_rule(
    State(state): State<AppState>,
    Signed(caller): Signed,
    sent: Sent,
) -> Result<(StatusCode, Json<CreatedRule>), Failure> {
    let (rule, _) = sent.read::<IgnoreRule>(&WriteQuery::default())?;
    let id = state.engine.create_ignore_rule(&caller, &rule).await?;
    Ok((StatusCode::CREATED, Json(CreatedRule { id })))
}

/// Says which of the newest 500 commits a rule would have left out, and which records it would change; saves nothing.
#[utoipa::path(post, path = "/api/gitops/rules/preview", tag = "gitops", request_body = IgnoreRule,
    responses((status = 200, body = IgnorePreview), Failures))]
pub(crate) async fn preview_rule(
    State(state): State<AppState>,
    Signed(caller): Signed,
    sent: Sent,
) -> Result<Json<IgnorePreview>, Failure> {
    let (rule, _) = sent.read::<IgnoreRule>(&WriteQuery::default())?;
    Ok(Json(state.engine.preview_ignore_rule(&caller, &rule).await?))
}

/// Switches a rule on or off; all records follow.
#[utoipa::path(put, path = "/api/gitops/rules/{id}", tag = "gitops", request_body = RuleDecision,
    params(("id" = String, Path, description = "As the list names it")),
    responses((status = 204, description = "Decided"), Failures))]
pub(crate) async fn set_rule(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<StatusCode, Failure> {
    let (decision, _) = sent.read::<RuleDecision>(&WriteQuery::default())?;
    state.engine.set_ignore_rule(&caller, &id, decision.on).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a rule; all records follow.
#[utoipa::path(delete, path = "/api/gitops/rules/{id}", tag = "gitops",
    params(("id" = String, Path, description = "As the list names it")),
    responses((status = 204, description = "Removed"), Failures))]
pub(crate) async fn delete_rule(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    state.engine.delete_ignore_rule(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
