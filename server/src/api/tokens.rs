//! API tokens: a name, rights that are one's own or fewer, and an end.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use model::Namespace;
use model::user::{Role, Scope, TokenRequest, TokenSummary};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::Signed;
use super::failures::{Failure, Failures};
use super::writes::{Sent, WriteQuery};
use crate::state::AppState;

/// What a token is made from.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    name: String,
    role: Role,
    /// Where the role holds; left out, wherever the maker's does.
    namespaces: Option<Vec<Namespace>>,
    /// 1 to 365.
    #[serde(default = "thirty")]
    #[schema(default = 30, minimum = 1, maximum = 365)]
    expires_in_days: u16,
}

/// A token that was just made.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct MadeToken {
    /// The token itself; it cannot be read again.
    token: String,
    #[serde(flatten)]
    summary: TokenSummary,
}

fn thirty() -> u16 {
    30
}

/// Lists one's own tokens, newest first; nobody sees those of others.
#[utoipa::path(get, path = "/api/tokens", tag = "tokens", responses((status = 200, body = Vec<TokenSummary>), Failures))]
pub(crate) async fn list_tokens(
    State(state): State<AppState>,
    Signed(caller): Signed,
) -> Result<Json<Vec<TokenSummary>>, Failure> {
    Ok(Json(state.engine.list_tokens(&caller).await?))
}

/// Makes a token; send it as `Authorization: Bearer ...`, never in an address.
#[utoipa::path(post, path = "/api/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, body = MadeToken), Failures))]
pub(crate) async fn create_token(
    State(state): State<AppState>,
    Signed(caller): Signed,
    sent: Sent,
) -> Result<(StatusCode, Json<MadeToken>), Failure> {
    let (new, _) = sent.read::<NewToken>(&WriteQuery::default())?;
    let scope = match new.namespaces {
        None => caller.scope.clone(),
        Some(list) if list.is_empty() => Scope::Everywhere,
        Some(list) => Scope::Namespaces(list),
    };
    let request = TokenRequest { name: new.name, role: new.role, scope, expires_in_days: new.expires_in_days };
    let (summary, token) = state.engine.create_token(&caller, request).await?;
    Ok((StatusCode::CREATED, Json(MadeToken { token: token.expose_secret().to_owned(), summary })))
}

/// Ends a token.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "tokens", params(("id" = String, Path)),
    responses((status = 204, description = "It works no more"), Failures))]
pub(crate) async fn revoke_token(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    state.engine.revoke_token(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
