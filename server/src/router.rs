//! All routes on one screen.

use axum::Router;
use axum::middleware::from_fn_with_state;
use tower_http::compression::CompressionLayer;

use crate::api;
use crate::audit_webhook;
use crate::live;
use crate::middleware::{
    BodyBounds, TimeBound, catch_panic, limit_body, limit_time, log_request, require_same_origin, secure_headers,
};
use crate::pages;
use crate::probes;
use crate::session_layer;
use crate::state::AppState;

/// Lays out the routes and what every request passes through.
pub(crate) fn routes(state: AppState) -> Router {
    guarded(inside(&state), state)
}

fn inside(state: &AppState) -> Router<AppState> {
    // Whatever asks who somebody is comes through the session; probes and files do not.
    let known = Router::new()
        .merge(api::routes())
        .merge(live::routes())
        .merge(pages::routes(state))
        .layer(session_layer::session_layer(state));
    Router::new().merge(probes::routes()).merge(state.assets.routes()).merge(known)
}

/// The last layer here is the first one entered.
fn guarded(inside: Router<AppState>, state: AppState) -> Router {
    inside
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(TimeBound::default(), limit_time))
        .layer(from_fn_with_state(BodyBounds::default(), limit_body))
        .layer(from_fn_with_state(state.clone(), require_same_origin))
        // The API server has neither cookies nor pages.
        .merge(audit_webhook::routes(&state))
        .layer(catch_panic())
        .layer(from_fn_with_state(state.clone(), secure_headers))
        .layer(from_fn_with_state(state.clone(), log_request))
        .with_state(state)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use axum::routing::get;
    use engine::Engine;
    use tokio_util::sync::CancellationToken;
    use tower::ServiceExt;

    use super::*;
    use crate::config::{Arguments, Config};

    /// Nobody listens at port 1: the cluster is away.
    const KUBECONFIG: &str = "{apiVersion: v1, kind: Config, current-context: nowhere,
        clusters: [{name: nowhere, cluster: {server: 'http://127.0.0.1:1'}}], users: [{name: nobody, user: {}}],
        contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]}";

    async fn state(folder: &Path) -> AppState {
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        for name in ["site/assets", "site/public"] {
            std::fs::create_dir_all(path(name)).unwrap();
        }
        let assets =
            r#"{"boot": "boot.js", "script": "denshimon.js", "style": "denshimon.css", "wasm": "denshimon.wasm"}"#;
        std::fs::write(path("site/assets.json"), assets).unwrap();
        std::fs::write(path("kubeconfig"), KUBECONFIG).unwrap();
        let settings = [
            ("DENSHIMON_DATA_DIR", path("data")),
            ("DENSHIMON_ASSETS_DIR", path("site")),
            ("DENSHIMON_DATABASE_URL", "memory".to_owned()),
            ("KUBECONFIG", path("kubeconfig")),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value));
        let config = Config::from_sources(&Arguments::default(), settings).unwrap();
        let engine = Engine::start(config.engine.clone()).await.unwrap();
        AppState::new(&config, engine, CancellationToken::new()).unwrap()
    }

    async fn fail() -> &'static str {
        panic!("on purpose")
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_in_a_request_is_an_answer_like_others_and_the_program_goes_on() {
        // An error means that another test was first.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let state = state(folder.path()).await;
        let router = guarded(inside(&state).route("/api/fail", get(fail)), state.clone());
        for (path, status) in [
            ("/api/fail", StatusCode::INTERNAL_SERVER_ERROR),
            ("/health/live", StatusCode::OK),
            ("/api/session", StatusCode::UNAUTHORIZED),
        ] {
            let answer = router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), status, "{path}");
            assert!(answer.headers().contains_key("content-security-policy"), "{path}");
            let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
            assert!(!String::from_utf8_lossy(&body).contains("on purpose"), "{path}");
        }
        assert!(state.engine.stop(std::time::Duration::from_secs(10)).await);
    }
}
