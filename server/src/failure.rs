//! How an error looks that no page and no API operation words: JSON for programs, a plain page for people.

use axum::Json;
use axum::http::header::{ACCEPT, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use model::{Error, ErrorKind};

/// Who will read the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Program,
    Person,
}

impl Reader {
    /// Tells from the address and from what is accepted.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let accepts_html =
            headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"));
        let path = uri.path();
        let for_programs = ["/api/", "/live/", "/health/", "/webhooks/"].iter().any(|prefix| path.starts_with(prefix));
        if accepts_html && !for_programs { Self::Person } else { Self::Program }
    }
}

/// Words the error with the status of its kind.
pub(crate) fn answer(error: &Error, reader: Reader) -> Response {
    let status = StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer_as(status, error, reader)
}

/// Words the error with a status that says more than its kind.
pub(crate) fn answer_as(status: StatusCode, error: &Error, reader: Reader) -> Response {
    match reader {
        Reader::Program => (status, Json(error)).into_response(),
        Reader::Person => (status, Html(page(error))).into_response(),
    }
}

/// Words the engine's error for a program, and logs what only the log may know.
pub(crate) fn from_engine(error: &engine::Error) -> Response {
    match error {
        engine::Error::Internal { .. } => tracing::error!(error = error as &dyn std::error::Error, "a request failed"),
        engine::Error::Unavailable { .. } | engine::Error::Unanswered { .. } => {
            tracing::warn!(error = error as &dyn std::error::Error, "a dependency is away");
        }
        _ => {}
    }
    let mut response = answer(&error.to_wire(), Reader::Program);
    if let engine::Error::TooMany { retry_after } = error {
        response.headers_mut().insert(RETRY_AFTER, retry_after.as_secs().max(1).into());
    }
    response
}

/// There is nothing at this address.
pub(crate) fn no_such_address() -> Error {
    Error::new(ErrorKind::NotFound, "There is nothing at this address.")
        .with_hint("GET /api/openapi.json lists what there is.")
}

fn page(error: &Error) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Denshimon</title><main><h1>{}</h1><p>{}</p><p><a href=\"/\">Home</a></p></main></html>",
        escape(&error.message),
        escape(&error.hint)
    )
}

/// Makes a text harmless between tags.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
