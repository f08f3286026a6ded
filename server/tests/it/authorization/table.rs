//! The table itself: what each caller is answered.

use self::Answer::{Forbidden as F, Hidden as H, Invalid as I, SignIn as S, Through as T};
use self::Body::{Form, Json, Nothing, Page};

/// Forty digits that name no commit.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Where the API server sends its audit events, with a token of its own and past all that is for browsers.
pub const AUDIT_WEBHOOK: &str = "/webhooks/audit";

/// What a caller is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Is asked to sign in.
    SignIn,
    /// Sees the thing and may not do it: 403.
    Forbidden,
    /// Is told that it is not there: 404, for those who may not know and for what truly is not.
    Hidden,
    /// Is told that a field is wrong: 400, with the same words whether the thing is there or may not be seen.
    Invalid,
    /// Whatever the engine says about the request itself; here mostly 503, since the cluster is away.
    Through,
}

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    Nothing,
    /// A browser asks for a page.
    Page,
    Json(&'static str),
    Form(&'static str),
}

pub struct Row {
    pub method: &'static str,
    pub path: &'static str,
    pub body: Body,
    /// For nobody, viewer, operator, admin, and an operator of another namespace.
    pub expected: [Answer; 5],
    /// The caller has to sign in again afterwards.
    pub ends_session: bool,
}

const ANYBODY: [Answer; 5] = [T; 5];
const SIGNED_IN: [Answer; 5] = [S, T, T, T, T];
const READ_SHOP: [Answer; 5] = [S, T, T, T, H];
const WRITE_SHOP: [Answer; 5] = [S, F, T, T, H];
const STEER: [Answer; 5] = [S, F, T, T, F];
const ADMIN: [Answer; 5] = [S, F, F, T, F];
/// One's own thing that is not there.
const UNKNOWN: [Answer; 5] = [S, H, H, H, H];
/// A draft is the writer's own; nobody's is kept for them until they have signed in.
const DRAFT: [Answer; 5] = [S, F, T, T, T];
const DRAFT_UNKNOWN: [Answer; 5] = [S, F, H, H, H];
/// A thing of administrators that is not there.
const ADMIN_UNKNOWN: [Answer; 5] = [S, F, F, H, F];

const TARGET: Body = Json(r#"{"target": {"namespace": "shop", "name": "api"}}"#);
const TARGET_FORM: Body = Form("namespace=shop&name=api");
const RULE: Body = Json(r#"{"kind": "Deployment", "leaves_out": {"fields": ["spec.replicas"]}}"#);
const EMPTY: Body = Json("{}");

const fn row(method: &'static str, path: &'static str, body: Body, expected: [Answer; 5]) -> Row {
    Row { method, path, body, expected, ends_session: false }
}

const fn page(path: &'static str, expected: [Answer; 5]) -> Row {
    row("GET", path, Page, expected)
}

const fn ending(row: Row) -> Row {
    Row { ends_session: true, ..row }
}

pub const ROWS: &[Row] = &[
    // Pages
    page("/", SIGNED_IN),
    page("/sign-in", ANYBODY),
    page("/setup", ANYBODY),
    page("/reset", ANYBODY),
    page("/deployments", SIGNED_IN),
    page("/deployments/new", SIGNED_IN),
    page("/deployments/shop/api", READ_SHOP),
    page("/deployments/shop/api/pods", READ_SHOP),
    page("/deployments/shop/api/events", READ_SHOP),
    page("/deployments/shop/api/yaml", READ_SHOP),
    page("/deployments/shop/api/history", READ_SHOP),
    page("/deployments/shop/api/edit", READ_SHOP),
    page("/gitops/status", SIGNED_IN),
    page("/gitops/rules", SIGNED_IN),
    page("/gitops/commits", SIGNED_IN),
    page("/gitops/commits/0123456789abcdef0123456789abcdef01234567", UNKNOWN),
    page("/records/Widget.nowhere/shop/api", READ_SHOP),
    page("/team/users", ADMIN),
    page("/team/audit", ADMIN),
    page("/search", SIGNED_IN),
    page("/nowhere", UNKNOWN),
    page("/account", SIGNED_IN),
    // Server functions
    row("POST", "/fn/account/read_account", Json(r#"{"reveal": ""}"#), SIGNED_IN),
    row("POST", "/fn/account/change_password", Form("current=wrong&new=another-long-password"), SIGNED_IN),
    row("POST", "/fn/account/revoke_session", Form("id=unknown"), UNKNOWN),
    row("POST", "/fn/account/create_token", Form("name=x&role=viewer&expires_in_days=1"), SIGNED_IN),
    row("POST", "/fn/account/revoke_token", Form("id=unknown"), UNKNOWN),
    row(
        "POST",
        "/fn/deployments/list_deployments",
        Json(
            r#"{"query": {"namespace": null, "filter": "", "sort": "name", "descending": false, "page": {"number": 1, "size": 50}}}"#,
        ),
        SIGNED_IN,
    ),
    row("POST", "/fn/deployments/read_deployment", TARGET, READ_SHOP),
    row("POST", "/fn/deployments/read_deployment_yaml", TARGET, READ_SHOP),
    row("POST", "/fn/deployments/read_deployment_form", TARGET, READ_SHOP),
    row("POST", "/fn/deployments/list_deployment_events", TARGET, READ_SHOP),
    row(
        "POST",
        "/fn/deployments/read_deployment_history",
        Json(r#"{"target": {"namespace": "shop", "name": "api"}, "page": {"number": 1, "size": 50}}"#),
        READ_SHOP,
    ),
    row("POST", "/fn/deployments/read_applied", Json(r#"{"operation": "unknown"}"#), SIGNED_IN),
    row("POST", "/fn/deployments/scale_deployment", Form("namespace=shop&name=api&replicas=2"), WRITE_SHOP),
    row("POST", "/fn/deployments/restart_deployment", TARGET_FORM, WRITE_SHOP),
    row("POST", "/fn/deployments/pause_deployment", TARGET_FORM, WRITE_SHOP),
    row("POST", "/fn/deployments/resume_deployment", TARGET_FORM, WRITE_SHOP),
    row("POST", "/fn/deployments/undo_deployment", TARGET_FORM, WRITE_SHOP),
    row("POST", "/fn/deployments/delete_deployment", Form("namespace=shop&name=api&typed=api"), WRITE_SHOP),
    row(
        "POST",
        "/fn/deployments/save_draft",
        Form("form[namespace]=shop&form[name]=api&form[image]=nginx&form[replicas]=1"),
        DRAFT,
    ),
    row("POST", "/fn/deployments/save_yaml_draft", Form("yaml=x"), DRAFT),
    row("POST", "/fn/deployments/save_undo_draft", TARGET_FORM, DRAFT),
    row("POST", "/fn/deployments/review_draft", Json(r#"{"id": "unknown"}"#), DRAFT_UNKNOWN),
    row("POST", "/fn/deployments/apply_draft", Form("id=unknown"), DRAFT_UNKNOWN),
    row("POST", "/fn/audit/list_audit", Json(r#"{"page": {"number": 1, "size": 50}}"#), ADMIN),
    row("POST", "/fn/gitops/read_sync_status", EMPTY, SIGNED_IN),
    row(
        "POST",
        "/fn/gitops/list_commits",
        Json(r#"{"query": {"path": null, "author": null, "text": null, "page": {"number": 1, "size": 50}}}"#),
        SIGNED_IN,
    ),
    row("POST", "/fn/gitops/read_commit", Json(r#"{"id": "0123456789abcdef0123456789abcdef01234567"}"#), UNKNOWN),
    row("POST", "/fn/gitops/retry_sync", Form(""), STEER),
    row("POST", "/fn/gitops/record_again", Form(""), STEER),
    row("POST", "/fn/gitops/commit_now", Form(""), STEER),
    row("POST", "/fn/gitops/decide_remote", Form("choice=build_on"), STEER),
    row("POST", "/fn/gitops/approve_deletions", Form(""), STEER),
    row("POST", "/fn/gitops/refuse_deletions", Form(""), STEER),
    row("POST", "/fn/home/read_home", EMPTY, SIGNED_IN),
    row("POST", "/fn/gitops/set_mask_rule", Form("rule=nowhere&turn=off"), [S, F, H, H, F]),
    row("POST", "/fn/gitops/set_kind_recorded", Form("kind=Widget.nowhere&decision=record"), [S, F, H, H, F]),
    row("POST", "/fn/gitops/list_ignore_rules", EMPTY, SIGNED_IN),
    row("POST", "/fn/gitops/preview_ignore_rule", Json(r#"{"draft": {"fields": "spec.replicas"}}"#), STEER),
    row("POST", "/fn/gitops/create_ignore_rule", Form("draft[leave_out]=fields&draft[fields]=spec.x"), STEER),
    row("POST", "/fn/gitops/set_ignore_rule", Form("id=unknown&turn=off"), [S, F, H, H, F]),
    row("POST", "/fn/gitops/delete_ignore_rule", Form("id=unknown"), [S, F, H, H, F]),
    row(
        "POST",
        "/fn/records/read_record",
        Json(r#"{"target": {"kind": {"group": "", "kind": "ConfigMap"}, "namespace": "shop", "name": "api"}}"#),
        READ_SHOP,
    ),
    row("GET", "/fn/frame/read_frame", Nothing, SIGNED_IN),
    row("POST", "/fn/session/sign_in", Form("username=nobody&password=wrong-password"), ANYBODY),
    ending(row("POST", "/fn/session/sign_out", Form(""), ANYBODY)),
    row("POST", "/fn/session/complete_setup", Form("token=x&username=eve&password=another-long-password"), ANYBODY),
    row("POST", "/fn/session/redeem_reset", Form("token=x&password=another-long-password"), ANYBODY),
    row("GET", "/fn/session/is_setup_needed", Nothing, ANYBODY),
    row("POST", "/fn/theme/set_theme", Form("theme=dark"), ANYBODY),
    row("POST", "/fn/users/list_users", Json(r#"{"reveal": ""}"#), ADMIN),
    row("POST", "/fn/users/create_user", Form("username=made-by-the-table&role=viewer"), ADMIN),
    row("POST", "/fn/users/set_user_role", Form("id=unknown&role=viewer"), ADMIN_UNKNOWN),
    row("POST", "/fn/users/set_user_access", Form("id=unknown&access=disabled"), ADMIN_UNKNOWN),
    row("POST", "/fn/users/reset_user", Form("id=unknown"), ADMIN_UNKNOWN),
    row("POST", "/fn/users/delete_user", Form("id=unknown&username=x&typed=x"), ADMIN_UNKNOWN),
    // HTTP API
    row("GET", "/api/openapi.json", Nothing, ANYBODY),
    row("GET", "/api/docs", Nothing, ANYBODY),
    row("GET", "/api", Nothing, [H; 5]),
    row("GET", "/api/deployments", Nothing, SIGNED_IN),
    row("POST", "/api/deployments", Json(r#"{"namespace": "shop", "name": "api", "image": "nginx"}"#), [S, F, T, T, I]),
    row("GET", "/api/deployments/shop/api", Nothing, READ_SHOP),
    row("PUT", "/api/deployments/shop/api", Json(r#"{"apiVersion": "apps/v1", "kind": "Deployment"}"#), WRITE_SHOP),
    row("PATCH", "/api/deployments/shop/api", Json(r#"{"replicas": 2}"#), WRITE_SHOP),
    row("PATCH", "/api/deployments/shop/api?dry_run=true", Json(r#"{"replicas": 2}"#), WRITE_SHOP),
    row("PATCH", "/api/deployments/shop/api?", Json(r#"{"paused": true}"#), WRITE_SHOP),
    row("DELETE", "/api/deployments/shop/api", Nothing, WRITE_SHOP),
    row("DELETE", "/api/deployments/shop/api?dry_run=true", Nothing, WRITE_SHOP),
    row("POST", "/api/deployments/shop/api/restart", Nothing, WRITE_SHOP),
    row("POST", "/api/deployments/shop/api/rollback", EMPTY, WRITE_SHOP),
    row("POST", "/api/deployments/shop/api/rollback?dry_run=true", EMPTY, WRITE_SHOP),
    row("GET", "/api/deployments/shop/api/history", Nothing, READ_SHOP),
    row("GET", "/api/deployments/shop/api/history?diff=true", Nothing, READ_SHOP),
    row("GET", "/api/deployments/shop/api/events", Nothing, READ_SHOP),
    row("GET", "/api/namespaces", Nothing, SIGNED_IN),
    row("GET", "/api/gitops/status", Nothing, SIGNED_IN),
    row("GET", "/api/gitops/commits", Nothing, SIGNED_IN),
    row("GET", "/api/gitops/commits/0123456789abcdef0123456789abcdef01234567", Nothing, UNKNOWN),
    row("POST", "/api/gitops/commit", Nothing, STEER),
    row("POST", "/api/gitops/push", Nothing, STEER),
    row("POST", "/api/gitops/record", Nothing, STEER),
    row("POST", "/api/gitops/remote", Json(r#"{"choice": "build_on"}"#), STEER),
    row("POST", "/api/gitops/deletions/approve", Nothing, STEER),
    row("POST", "/api/gitops/deletions/refuse", Nothing, STEER),
    row("PUT", "/api/gitops/masks/nowhere", Json(r#"{"on": true}"#), [S, F, H, H, F]),
    row("PUT", "/api/gitops/kinds/Widget.nowhere", Json(r#"{"recorded": true}"#), [S, F, H, H, F]),
    row("GET", "/api/gitops/rules", Nothing, SIGNED_IN),
    row("POST", "/api/gitops/rules", RULE, STEER),
    row("POST", "/api/gitops/rules/preview", RULE, STEER),
    row("PUT", "/api/gitops/rules/unknown", Json(r#"{"on": true}"#), [S, F, H, H, F]),
    row("DELETE", "/api/gitops/rules/unknown", Nothing, [S, F, H, H, F]),
    row("GET", "/api/records/Widget.nowhere/shop/api", Nothing, READ_SHOP),
    row("GET", "/api/session", Nothing, SIGNED_IN),
    row("POST", "/api/session", EMPTY, ANYBODY),
    ending(row("DELETE", "/api/session", Nothing, ANYBODY)),
    row("GET", "/api/tokens", Nothing, SIGNED_IN),
    row("POST", "/api/tokens", Json(r#"{"name": "x", "role": "viewer"}"#), SIGNED_IN),
    row("DELETE", "/api/tokens/unknown", Nothing, UNKNOWN),
    row("GET", "/api/audit", Nothing, ADMIN),
    // Streams
    row("GET", "/live/deployments", Nothing, SIGNED_IN),
    row("GET", "/live/deployments/shop/api", Nothing, READ_SHOP),
    row("GET", "/live/sync", Nothing, SIGNED_IN),
    // Probes and files
    row("GET", "/health/live", Nothing, ANYBODY),
    row("GET", "/health/ready", Nothing, ANYBODY),
    row("GET", "/metrics", Nothing, ANYBODY),
    // The API server's; not there unless it is set up.
    row("POST", AUDIT_WEBHOOK, EMPTY, [H; 5]),
    row("GET", "/assets/boot-1.js", Nothing, ANYBODY),
];
