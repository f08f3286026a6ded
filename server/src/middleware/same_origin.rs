//! Refuses writes that another site's page makes with a visitor's cookie.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, Method, Uri};
use axum::middleware::Next;
use axum::response::Response;
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

fn is_allowed(method: &Method, uri: &Uri, headers: &HeaderMap, public: Option<&str>) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    // A page of another site cannot set this header without a preflight, which nobody answers here.
    if headers.contains_key(AUTHORIZATION) && !headers.contains_key(COOKIE) {
        return true;
    }
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let site_is_ours = text(&SEC_FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin_is_ours = text(&ORIGIN).is_none_or(|origin| {
        public.is_some_and(|public| public.eq_ignore_ascii_case(origin)) || is_host(origin, host(uri, headers))
    });
    site_is_ours && origin_is_ours
}

fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let authority = uri.authority().map(|authority| authority.as_str());
    authority.or_else(|| headers.get(HOST).and_then(|value| value.to_str().ok()))
}

/// The scheme is not compared: a proxy may speak TLS for us.
fn is_host(origin: &str, host: Option<&str>) -> bool {
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    match (authority, host) {
        (Some(authority), Some(host)) => authority.eq_ignore_ascii_case(host),
        _ => false,
    }
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
        check(Method::POST, &[("origin", "http://denshimon.test:3001"), ("sec-fetch-site", "same-site")], false);
        check(Method::PUT, &[("origin", "http://denshimon.test:3000"), ("sec-fetch-site", "cross-site")], false);
        check(
            Method::POST,
            &[("authorization", "Basic x"), ("cookie", "id=1"), ("origin", "https://evil.test")],
            false,
        );
    }
}
