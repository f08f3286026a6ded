//! The pages and the server functions, all with the same context.

use app::backend::RequestContext;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use leptos::context::{provide_context, use_context};
use leptos::nonce::use_nonce;
use leptos_axum::{LeptosRoutes, ResponseOptions};
use tower_sessions::Session;

use crate::failure::{self, Reader};
use crate::middleware::{drop_foreign_words, page_policy};
use crate::state::AppState;

/// More than any error of a server function has, with what was typed.
const ERROR_BYTES: usize = 8 * 1024 * 1024;

/// Lays out the pages, the server functions, and the page for addresses that lead nowhere.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    let pages = leptos_axum::generate_route_list(app::App);
    Router::new()
        .leptos_routes_with_context(state, pages, context(state), app::shell)
        .route("/fn/{*rest}", any(no_such_function))
        .layer(from_fn(drop_foreign_words))
        .layer(from_fn(fit_status))
        .fallback(no_such_page)
}

/// The one closure that gives pages, server functions and the fallback what they need of a request.
fn context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let state = state.clone();
    move || {
        provide_context(state.assets.addresses());
        let Some(parts) = use_context::<Parts>() else { return };
        if let Some(session) = parts.extensions.get::<Session>() {
            let request = RequestContext::new(
                state.engine.clone(),
                session.clone(),
                state.address(&parts),
                state.reveals.clone(),
            );
            provide_context(request);
        }
        if let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>())
            && let Some(policy) = page_policy(&nonce)
        {
            response.insert_header(CONTENT_SECURITY_POLICY, policy);
        }
    }
}

/// Leptos answers 500 to arguments that cannot be read; that is the sender's mistake, and the error says so.
async fn fit_status(request: Request, next: Next) -> Response {
    let is_function = request.uri().path().starts_with("/fn/");
    let response = next.run(request).await;
    if !is_function || response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, ERROR_BYTES).await.unwrap_or_default();
    let fitting = serde_json::from_slice::<model::Error>(&bytes).ok();
    if let Some(status) = fitting.and_then(|error| StatusCode::from_u16(error.kind.status()).ok()) {
        parts.status = status;
    }
    Response::from_parts(parts, Body::from(bytes))
}

async fn no_such_function() -> Response {
    failure::answer(&failure::no_such_address(), Reader::Program)
}

async fn no_such_page(State(state): State<AppState>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return failure::answer(&failure::no_such_address(), Reader::of(request.uri(), request.headers()));
    }
    let render = leptos_axum::render_app_async_with_context(context(&state), app::shell);
    let mut response = render(request).await.into_response();
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}
