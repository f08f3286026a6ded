//! What the server knows about a request; the only reader of the server's context.

mod caller;
mod reveals;
mod same_site;
mod session;

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::header::{ACCEPT, COOKIE, HeaderValue, LOCATION, REFERER, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use engine::{Caller, Engine};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use model::ErrorKind;
use tokio::sync::OnceCell;
use tower_sessions::Session;

pub use caller::{caller, signed_in_or_away, signed_in_or_back};
pub use reveals::Reveals;
pub use same_site::same_site;
pub use session::{
    AGENT_KEY, SIGNED_IN_KEY, USER_KEY, begin_session, end_session, keep_applied, read_applied, request_session,
};

use crate::AppError;
use crate::address::encode;
use crate::theme::Theme;

/// What pages and server functions need of a request; the server provides one for each request.
#[derive(Clone)]
pub struct RequestContext {
    pub engine: Engine,
    pub session: Session,
    /// Where the request comes from, for throttling.
    pub address: IpAddr,
    reveals: Reveals,
    caller: Arc<OnceCell<Caller>>,
}

impl RequestContext {
    /// Joins what belongs to one request; `reveals` is the same for all of them.
    pub fn new(engine: Engine, session: Session, address: IpAddr, reveals: Reveals) -> Self {
        Self { engine, session, address, reveals, caller: Arc::default() }
    }
}

/// Returns the way to everything.
pub fn engine() -> Engine {
    request().engine
}

/// Returns where the request comes from.
pub fn address() -> IpAddr {
    request().address
}

/// Keeps a secret until the next page has shown it, and returns the name to ask for it.
pub fn keep_reveal(caller: &Caller, secret: secrecy::SecretString) -> String {
    request().reveals.keep(&caller.user_id, secret)
}

/// Takes a secret out, so that it is shown once and to the one who made it.
pub fn take_reveal(caller: &Caller, id: &str) -> Option<secrecy::SecretString> {
    request().reveals.take(&caller.user_id, id)
}

/// Sends the browser to a page of this site.
pub fn redirect(path: &str) {
    // An error that was overcome, such as a session that has ended, may have set its status already.
    if let Some(response) = use_context::<ResponseOptions>()
        && let Ok(mut parts) = response.0.write()
    {
        parts.status = None;
    }
    leptos_axum::redirect(same_site(path));
}

/// Returns the page that a form was on, or the page that is asked for, without an older form's error.
pub fn page_address() -> String {
    let Some(parts) = use_context::<Parts>() else { return "/".into() };
    let page = if is_server_function(&parts) {
        let referer = parts.headers.get(REFERER).and_then(|value| value.to_str().ok()).unwrap_or("/");
        referer.parse::<Uri>().unwrap_or_default()
    } else {
        parts.uri.clone()
    };
    without_form_error(&page)
}

/// Returns a page's address without what a form that failed there has added to it.
pub fn without_form_error(page: &Uri) -> String {
    let query: Vec<&str> = page
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("__path=") && !pair.starts_with("__err="))
        .collect();
    let address =
        if query.is_empty() { page.path().to_owned() } else { format!("{}?{}", page.path(), query.join("&")) };
    same_site(&address).to_owned()
}

/// Returns the address of the sign-in page that leads back to the current one.
pub fn sign_in_address(next: &str) -> String {
    match next {
        "/" => "/sign-in".to_owned(),
        next => format!("/sign-in?next={}", encode(next)),
    }
}

/// Sets a cookie of our own words.
pub fn set_cookie(cookie: &str) {
    if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(cookie)) {
        response.append_header(SET_COOKIE, value);
    }
}

/// The cookie that names the draft which was typed in this browser before anybody had signed in.
const TYPED_COOKIE: &str = "draft";

/// Lets this browser, and no other, find an anonymous draft again.
pub fn remember_typed_here(id: &str) {
    set_cookie(&format!("{TYPED_COOKIE}={id}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"));
}

/// Returns the id of the anonymous draft that was typed in this browser.
pub fn typed_here() -> Option<String> {
    let header = cookies()?;
    let id = cookie_in(&header, TYPED_COOKIE)?;
    Some(id.to_owned())
}

fn cookies() -> Option<String> {
    let parts = use_context::<Parts>()?;
    parts.headers.get(COOKIE)?.to_str().ok().map(ToOwned::to_owned)
}

fn cookie_in<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Reads the theme's cookie.
pub fn theme() -> Theme {
    cookies().map(|header| theme_in(&header)).unwrap_or_default()
}

/// Reads the theme out of a `Cookie` header, and takes the system's when there is none.
fn theme_in(header: &str) -> Theme {
    let value = cookie_in(header, "theme").unwrap_or_default();
    Theme::ALL.into_iter().find(|theme| theme.as_str() == value).unwrap_or_default()
}

/// Returns what the browser says it is, at most 200 characters of it.
pub fn user_agent() -> String {
    use_context::<Parts>()
        .and_then(|parts| parts.headers.get(USER_AGENT)?.to_str().ok().map(|text| text.chars().take(200).collect()))
        .unwrap_or_default()
}

/// Sets the status of a page that shows an error.
pub fn set_page_status(kind: ErrorKind) {
    set_status(kind, |parts| !is_server_function(parts));
}

/// Sets the status of a server function's answer; a plain form post is left alone, since it is answered by a redirect.
fn set_answer_status(kind: ErrorKind) {
    set_status(kind, |parts| is_server_function(parts) && !accepts_html(parts));
}

fn set_status(kind: ErrorKind, applies: impl Fn(&Parts) -> bool) {
    let (Some(parts), Some(response)) = (use_context::<Parts>(), use_context::<ResponseOptions>()) else { return };
    // Whoever is sent elsewhere keeps that answer.
    let sent_away = response.0.read().is_ok_and(|parts| parts.headers.contains_key(LOCATION));
    if let (true, false, Ok(status)) = (applies(&parts), sent_away, StatusCode::from_u16(kind.status())) {
        response.set_status(status);
    }
}

fn is_server_function(parts: &Parts) -> bool {
    parts.uri.path().starts_with("/fn/")
}

fn accepts_html(parts: &Parts) -> bool {
    parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

fn request() -> RequestContext {
    expect_context::<RequestContext>()
}

/// The one place where the engine's error becomes words for people, and where its whole chain is logged.
impl From<engine::Error> for AppError {
    fn from(error: engine::Error) -> Self {
        let wire = error.to_wire();
        set_answer_status(wire.kind);
        match wire.kind {
            ErrorKind::Internal => tracing::error!(error = chain(&error), "a request failed through our own fault"),
            ErrorKind::Unavailable => tracing::warn!(error = chain(&error), "a request failed: a dependency is away"),
            // What was typed may be quoted in the words, and is nothing for a log.
            kind => tracing::debug!(?kind, "a request was refused"),
        }
        wire.into()
    }
}

impl AppError {
    /// Answers with this error and the status that fits.
    pub(crate) fn answered(self) -> Self {
        set_answer_status(self.error.kind);
        self
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_themes_are_read() {
        assert_eq!(theme_in("a=b; theme=dark"), Theme::Dark);
        assert_eq!(theme_in("theme=\"><script>"), Theme::System);
        assert_eq!(theme_in("mytheme=dark"), Theme::System);
    }
}
