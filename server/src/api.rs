//! The HTTP API for scripts and other programs: each operation names its caller and asks the engine.

mod audit;
mod caller;
mod deployments;
mod description;
mod failures;
mod gitops;
mod listing;
mod new_deployment;
mod records;
mod rules;
mod session;
mod tokens;
mod writes;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::caller::Signed;
use crate::failure::{self, Reader};
use crate::state::AppState;

/// Lays out `/api`, and describes it at `/api/openapi.json` and, for people, at `/api/docs`.
pub(crate) fn routes() -> Router<AppState> {
    let (router, description) = describe().split_for_parts();
    let page = description::page(&description);
    router
        .route("/api/openapi.json", get(move || async move { axum::Json(description) }))
        .route("/api/docs", get(move || async move { description::answer(page) }))
        .route("/api", axum::routing::any(unknown))
        .route("/api/{*rest}", axum::routing::any(unknown))
        .method_not_allowed_fallback(wrong_method)
}

/// Returns the description alone, for the test that holds it to a snapshot.
pub fn description() -> utoipa::openapi::OpenApi {
    describe().split_for_parts().1
}

fn describe() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(description::Description::openapi())
        .routes(routes!(deployments::list_deployments, deployments::create_deployment))
        .routes(routes!(
            deployments::read_deployment,
            deployments::replace_deployment,
            deployments::edit_deployment,
            deployments::delete_deployment
        ))
        .routes(routes!(deployments::restart_deployment))
        .routes(routes!(deployments::rollback_deployment))
        .routes(routes!(deployments::read_deployment_history))
        .routes(routes!(deployments::list_deployment_events))
        .routes(routes!(deployments::list_namespaces))
        .routes(routes!(gitops::read_status))
        .routes(routes!(gitops::list_commits))
        .routes(routes!(gitops::read_commit))
        .routes(routes!(gitops::commit_now))
        .routes(routes!(gitops::push))
        .routes(routes!(gitops::record_again))
        .routes(routes!(gitops::decide_remote))
        .routes(routes!(gitops::approve_deletions))
        .routes(routes!(gitops::refuse_deletions))
        .routes(routes!(gitops::set_kind_recorded))
        .routes(routes!(gitops::set_mask_rule))
        .routes(routes!(records::read_record))
        .routes(routes!(rules::list_rules, rules::create_rule))
        .routes(routes!(rules::preview_rule))
        .routes(routes!(rules::set_rule, rules::delete_rule))
        .routes(routes!(session::read_session, session::sign_in, session::sign_out))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::revoke_token))
        .routes(routes!(audit::list_audit))
}

async fn unknown() -> Response {
    failure::answer(&failure::no_such_address(), Reader::Program)
}

async fn wrong_method(request: Request) -> Response {
    let error = model::Error::new(model::ErrorKind::Invalid, "This address does not take that method.")
        .with_hint("GET /api/openapi.json lists which address takes what.");
    failure::answer_as(StatusCode::METHOD_NOT_ALLOWED, &error, Reader::of(request.uri(), request.headers()))
}
