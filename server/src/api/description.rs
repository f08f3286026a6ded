//! How the API describes itself: OpenAPI for programs, a page of our own for people.

use std::fmt::Write;

use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, IntoResponse, Response};
use utoipa::Modify;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr};

use crate::failure::escape;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Denshimon",
        description = "Deploy to a Kubernetes cluster whose changes become commits. Errors are `{kind, message, hint}`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    security(("token" = []), ("session" = [])),
    modifiers(&Schemes)
)]
pub(crate) struct Description;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, openapi: &mut OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token of POST /api/tokens"));
        components.add_security_scheme("token", SecurityScheme::Http(bearer.build()));
        let cookie = ApiKeyValue::with_description(crate::session_layer::COOKIE, "The cookie of POST /api/session");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// Serves the page, which needs neither script nor style.
pub(crate) fn answer(page: String) -> Response {
    let policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    ([(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy))], Html(page)).into_response()
}

/// Writes the description as a page.
pub(crate) fn page(openapi: &OpenApi) -> String {
    let mut html = String::from(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"dark light\">\
         <title>Denshimon API</title></head><body><main><h1>Denshimon API</h1>\
         <p>Make a token on the account page or with <code>POST /api/tokens</code>, and send it as \
         <code>Authorization: Bearer …</code>. Errors are JSON: <code>{kind, message, hint}</code>. \
         Machines read <a href=\"/api/openapi.json\">openapi.json</a>.</p>",
    );
    for (path, item) in &openapi.paths.paths {
        for (method, operation) in operations(item) {
            write_operation(&mut html, method, path, operation);
        }
    }
    html.push_str("</main></body></html>");
    html
}

fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let all = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| operation.as_ref().map(|operation| (method, operation)))
}

fn write_operation(html: &mut String, method: &str, path: &str, operation: &Operation) {
    // Writing to a String cannot fail.
    let _ = write!(html, "<section><h2><code>{method} {}</code></h2>", escape(path));
    let words = [operation.summary.as_deref(), operation.description.as_deref()];
    for text in words.into_iter().flatten() {
        let _ = write!(html, "<p>{}</p>", escape(text));
    }
    if let Some(parameters) = operation.parameters.as_ref().filter(|list| !list.is_empty()) {
        html.push_str("<dl>");
        for parameter in parameters {
            let RefOr::T(parameter) = parameter else { continue };
            let description = parameter.description.as_deref().unwrap_or_default();
            let _ = write!(html, "<dt><code>{}</code></dt><dd>{}</dd>", escape(&parameter.name), escape(description));
        }
        html.push_str("</dl>");
    }
    if let Some(RefOr::T(body)) = &operation.request_body {
        let kinds: Vec<&str> = body.content.keys().map(String::as_str).collect();
        let _ = write!(html, "<p>Takes {}.</p>", escape(&kinds.join(" or ")));
    }
    html.push_str("<ul>");
    for (status, response) in &operation.responses.responses {
        if let RefOr::T(response) = response {
            let _ = write!(html, "<li><code>{}</code> {}</li>", escape(status), escape(&response.description));
        }
    }
    html.push_str("</ul></section>");
}
