//! Refuses writes that another site's page makes with a visitor's cookie, and words that it puts into ours.

use app::backend::without_form_error;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use model::{Error, ErrorKind};

use crate::failure::{self, Reader};
use crate::state::AppState;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets unsafe methods through only from our own pages and from what is no browser, whatever the body's type.
pub(crate) async fn require_same_origin(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let public = state.public_url.as_ref().map(|url| url.origin());
    if is_allowed(request.method(), request.uri(), request.headers(), public) {
        return next.run(request).await;
    }
    tracing::warn!("refused a write that came from another site");
    let error = Error::new(ErrorKind::NotAllowed, "This request came from another site's page.")
        .with_hint("Open Denshimon by its own address and try again. Behind a proxy, set DENSHIMON_PUBLIC_URL.");
    failure::answer(&error, Reader::of(request.uri(), request.headers()))
}

/// Leaves a form's error out of an address that another site leads to: those words would seem to be ours.
pub(crate) async fn drop_foreign_words(request: Request, next: Next) -> Response {
    let has_words = request.uri().query().is_some_and(|query| query.contains("__err="));
    if has_words && is_from_elsewhere(request.headers()) {
        return Redirect::to(&without_form_error(request.uri())).into_response();
    }
    next.run(request).await
}

fn is_allowed(method: &Method, uri: &Uri, headers: &HeaderMap, public: Option<&str>) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    // A page of another site cannot set this header without a preflight, which nobody answers here.
    if headers.contains_key(AUTHORIZATION) && !headers.contains_key(COOKIE) {
        return true;
    }
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let site_is_ours = !is_from_elsewhere(headers);
    let origin_is_ours = text(&ORIGIN).is_none_or(|origin| is_ours(origin, host(uri, headers), public));
    site_is_ours && origin_is_ours
}

/// Says whether a browser says that another site's page made it ask.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers.get(SEC_FETCH_SITE).map(|site| site.to_str().unwrap_or("unreadable"));
    site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let authority = uri.authority().map(|authority| authority.as_str());
    authority.or_else(|| headers.get(HOST).and_then(|value| value.to_str().ok()))
}

/// Says whether a page of `origin` is one that was asked for here.
///
/// The scheme counts where the public address tells it; elsewhere a proxy may speak TLS for us.
fn is_ours(origin: &str, host: Option<&str>, public: Option<&str>) -> bool {
    if public.is_some_and(|public| public.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let asked_in_public = public.and_then(authority).is_some_and(|public| authority(origin) == Some(public));
    match (authority(origin), host) {
        (Some(authority), Some(host)) => authority.eq_ignore_ascii_case(host) && !asked_in_public,
        _ => false,
    }
}

fn authority(origin: &str) -> Option<&str> {
    origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, headers: &[(&str, &str)], allowed: bool) {
        let mut map = HeaderMap::new();
        map.insert(HOST, "denshimon.test:3000".parse().unwrap());
        for (name, value) in headers {
            map.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        let public = Some("https://public.test");
        assert_eq!(is_allowed(&method, &Uri::from_static("/fn/x"), &map, public), allowed, "{method} {headers:?}");
    }

    #[test]
    fn reads_pass() {
        check(Method::GET, &[("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")], true);
    }

    #[test]
    fn our_own_pages_and_programs_may_write() {
        check(Method::POST, &[], true);
        check(Method::POST, &[("origin", "http://denshimon.test:3000"), ("sec-fetch-site", "same-origin")], true);
        check(Method::POST, &[("origin", "https://public.test"), ("sec-fetch-site", "same-origin")], true);
        check(Method::DELETE, &[("authorization", "Bearer x"), ("origin", "https://evil.test")], true);
    }

    #[test]
    fn other_sites_may_not() {
        check(Method::POST, &[("origin", "https://evil.test")], false);
        check(Method::POST, &[("origin", "null")], false);
        check(Method::POST, &[("sec-fetch-site", "cross-site")], false);
        check(Method::POST, &[("sec-fetch-site", "same-site")], false);
        check(Method::POST, &[("host", "public.test"), ("origin", "http://public.test")], false);
        check(Method::POST, &[("origin", "http://denshimon.test:3001"), ("sec-fetch-site", "same-site")], false);
        check(Method::PUT, &[("origin", "http://denshimon.test:3000"), ("sec-fetch-site", "cross-site")], false);
        check(
            Method::POST,
            &[("authorization", "Basic x"), ("cookie", "id=1"), ("origin", "https://evil.test")],
            false,
        );
    }
}
