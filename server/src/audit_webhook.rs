//! `/webhooks/audit`: where the API server sends its audit events.
//!
//! It proves itself with a token of its own and has neither session nor cookie, so this route passes by all that is
//! for people.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use model::{Error, ErrorKind};
use secrecy::SecretString;

use crate::failure::{self, Reader};
use crate::middleware::{BodyBounds, TimeBound, limit_body, limit_time};
use crate::state::AppState;

/// Where the events go.
pub(crate) const PATH: &str = "/webhooks/audit";

/// The route; nothing of a body is read before the token is known.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    Router::new()
        .route(PATH, post(take_events))
        .layer(from_fn_with_state(TimeBound::default(), limit_time))
        .layer(from_fn_with_state(BodyBounds::default(), limit_body))
        .layer(from_fn_with_state(state.clone(), require_token))
}

async fn take_events(State(state): State<AppState>, body: Bytes) -> Response {
    match state.engine.take_audit_events(&body) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failure::from_engine(&error),
    }
}

/// Reads the token: by TLS it comes as a bearer's; without, Kubernetes sends none but what stands in the address.
fn token_in(headers: &HeaderMap) -> SecretString {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let password = |encoded: &str| {
        let pair = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
        pair.split_once(':').map(|(_, password)| password.to_owned())
    };
    let token = match header.split_once(' ') {
        Some(("Bearer", token)) => Some(token.to_owned()),
        Some(("Basic", encoded)) => password(encoded),
        _ => None,
    };
    SecretString::from(token.unwrap_or_default())
}

async fn require_token(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match state.engine.accepts_audit_webhook(&token_in(request.headers())) {
        None => failure::answer(&failure::no_such_address(), Reader::Program),
        Some(true) => next.run(request).await,
        Some(false) => {
            let error = Error::new(ErrorKind::NotSignedIn, "This is not the token of the audit webhook.")
                .with_hint("Set the one of DENSHIMON_AUDIT_WEBHOOK_TOKEN in the API server's kubeconfig for it.");
            failure::answer(&error, Reader::Program)
        }
    }
}
