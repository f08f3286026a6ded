//! Signing in and out with a cookie, for scripts that make their first token.

use axum::Json;
use axum::extract::State;
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use model::ErrorKind;
use model::user::{SignedIn, UserSummary};
use secrecy::SecretString;
use serde::Deserialize;
use tower_sessions::Session;

use super::Signed;
use super::failures::{Failure, Failures};
use super::writes::{Sent, WriteQuery};
use crate::client_address::ClientAddress;
use crate::state::AppState;

/// Who signs in.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    username: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Says who is signed in.
#[utoipa::path(get, path = "/api/session", tag = "session", responses((status = 200, body = SignedIn), Failures))]
pub(crate) async fn read_session(Signed(caller): Signed) -> Json<SignedIn> {
    Json(SignedIn { username: caller.username, role: caller.role, scope: caller.scope })
}

/// Signs in and answers with a session's cookie.
#[utoipa::path(post, path = "/api/session", tag = "session", request_body = Credentials, security(()),
    responses((status = 200, body = UserSummary), Failures))]
pub(crate) async fn sign_in(
    State(state): State<AppState>,
    session: Session,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Json<UserSummary>, Failure> {
    let (credentials, _) = sent.read::<Credentials>(&WriteQuery::default())?;
    let user = state.engine.sign_in(&credentials.username, credentials.password, address).await;
    let user = user.map_err(not_signed_in)?;
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let agent: String = agent.chars().take(200).collect();
    app::backend::begin_session(&session, &user, &agent).await.map_err(|error| error.error)?;
    Ok(Json(user))
}

/// Signs out; the cookie ends with the session.
#[utoipa::path(delete, path = "/api/session", tag = "session", responses((status = 204, description = "Signed out"), Failures))]
pub(crate) async fn sign_out(session: Session) -> Result<StatusCode, Failure> {
    session.flush().await.map_err(|error| engine::Error::unavailable("the database", error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Wrong credentials are no wrong request: whoever asks is simply not signed in.
fn not_signed_in(error: engine::Error) -> Failure {
    match error {
        engine::Error::Invalid { .. } => {
            Failure::Wire(model::Error { kind: ErrorKind::NotSignedIn, ..error.to_wire() })
        }
        error => error.into(),
    }
}
