//! What is kept in the session.

use model::deployment::Applied;
use model::user::UserSummary;
use tower_sessions::Session;

use super::request;
use crate::AppError;

/// The session's key for the id of the user who is signed in.
pub const USER_KEY: &str = "user_id";
/// The session's key for what the browser said it was when it signed in.
pub const AGENT_KEY: &str = "user_agent";
/// The session's key for when the user signed in.
pub const SIGNED_IN_KEY: &str = "signed_in_at";

const APPLIED_KEY: &str = "applied";
const APPLIED_KEPT: usize = 5;

/// Returns the request's session.
pub fn request_session() -> Session {
    request().session
}

/// Signs a user in, under a new session id.
///
/// # Errors
/// The store is away.
pub async fn begin_session(session: &Session, user: &UserSummary, user_agent: &str) -> Result<(), AppError> {
    let signed_in_at = user.last_sign_in.unwrap_or(model::Timestamp::UNIX_EPOCH).to_string();
    session.cycle_id().await.map_err(away)?;
    session.insert(USER_KEY, &user.id).await.map_err(away)?;
    session.insert(SIGNED_IN_KEY, signed_in_at).await.map_err(away)?;
    session.insert(AGENT_KEY, user_agent).await.map_err(away)
}

/// Signs the user out here.
///
/// # Errors
/// The store is away.
pub async fn end_session() -> Result<(), AppError> {
    request().session.flush().await.map_err(away)
}

/// Remembers what a quick write did, so that the next page can offer to take it back.
pub async fn keep_applied(applied: Applied) {
    let session = request().session;
    let mut kept: Vec<Applied> = session.get(APPLIED_KEY).await.ok().flatten().unwrap_or_default();
    kept.push(applied);
    kept.drain(..kept.len().saturating_sub(APPLIED_KEPT));
    if let Err(error) = session.insert(APPLIED_KEY, kept).await {
        tracing::warn!(%error, "the undo bar is lost: the session cannot be kept");
    }
}

/// Reads what a quick write of this session did.
pub async fn read_applied(operation: &str) -> Option<Applied> {
    let kept: Vec<Applied> = request().session.get(APPLIED_KEY).await.ok().flatten()?;
    kept.into_iter().find(|applied| applied.operation == operation)
}

fn away(error: tower_sessions::session::Error) -> AppError {
    engine::Error::unavailable("the database", error).into()
}
