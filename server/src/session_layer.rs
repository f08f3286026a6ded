//! The session's cookie.

use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, SessionManagerLayer};

use crate::session_store::EngineSessions;
use crate::state::AppState;

/// The cookie's name over plain HTTP; over HTTPS it has the prefix `__Host-`, which ties it to the host.
pub(crate) const COOKIE: &str = "denshimon-session";
const SECURE_COOKIE: &str = "__Host-denshimon-session";

/// Loads and keeps sessions. The cookie outlives an idle session: the engine says when one is over.
pub(crate) fn session_layer(state: &AppState) -> SessionManagerLayer<EngineSessions> {
    let name = if state.is_secure() { SECURE_COOKIE } else { COOKIE };
    SessionManagerLayer::new(EngineSessions::new(state.engine.clone()))
        .with_name(name)
        .with_secure(state.is_secure())
        .with_http_only(true)
        // A link from a chat or a mail should find the visitor signed in; writes are guarded by their origin.
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(Duration::days(7)))
}
