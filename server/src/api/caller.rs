//! Who calls: the owner of a bearer token, or of a session's cookie.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use engine::{Caller, Engine};
use secrecy::SecretString;
use tower_sessions::Session;

use super::failures::Failure;
use crate::state::AppState;

/// Somebody who has proved who they are.
pub(crate) struct Signed(pub(crate) Caller);

impl FromRequestParts<AppState> for Signed {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        // A header that is there decides: no cookie speaks for a token that is wrong.
        if let Some(header) = parts.headers.get(AUTHORIZATION) {
            let token = header.to_str().ok().and_then(bearer).ok_or(engine::Error::NotSignedIn)?;
            return Ok(Self(state.engine.authenticate_token(&token).await?));
        }
        let session = parts.extensions.get::<Session>().ok_or(engine::Error::NotSignedIn)?;
        Ok(Self(caller_of(&state.engine, session).await?))
    }
}

async fn caller_of(engine: &Engine, session: &Session) -> Result<Caller, engine::Error> {
    let user = session.get::<String>(app::backend::USER_KEY).await;
    let user = user.map_err(|error| engine::Error::unavailable("the database", error))?;
    let (Some(user), Some(id)) = (user, session.id()) else { return Err(engine::Error::NotSignedIn) };
    engine.caller_for_session(&user, &id.to_string()).await
}

/// Takes the token out of `Bearer ...`. Tokens in an address are not looked at: addresses are logged and kept.
fn bearer(header: &str) -> Option<SecretString> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| SecretString::from(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_header_holds_a_token() {
        assert!(bearer("Bearer x").is_some() && bearer("bearer x").is_some());
        for header in ["", "Bearer", "Bearer ", "Basic x", "x", "Bearerx"] {
            assert!(bearer(header).is_none(), "{header:?}");
        }
    }
}
