//! The security table: every route and server function, and who gets through.
//!
//! A new route or server function without a row fails. The callers are nobody, a viewer, an operator and an
//! administrator of everything, and an operator who is bound to the namespace `bank` while every row asks for `shop`.

mod table;

use std::collections::BTreeSet;

use model::user::{Role, Scope};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use self::table::{AUDIT_WEBHOOK, Answer, Body, ROWS, Row};
use crate::harness::{ADMIN_PASSWORD, Client, TestApp, location, run};

const CALLERS: [&str; 5] = ["nobody", "viewer", "operator", "admin", "stranger"];
const PASSWORD: &str = "battery staple correct";

#[test]
fn everybody_gets_through_where_the_table_says_so_and_nowhere_else() {
    run(async {
        let app = TestApp::spawn().await;
        let mut callers = Vec::new();
        for name in CALLERS {
            callers.push(sign_in(&app, name).await);
        }
        let mut wrong = Vec::new();
        for row in ROWS {
            for (index, expected) in row.expected.into_iter().enumerate() {
                let answer = send(&callers[index], row).await;
                let (status, leads_to) = (answer.status(), location(&answer).to_owned());
                if !fits(expected, row, status, &leads_to) {
                    wrong.push(format!(
                        "{} {} as {}: {status} {leads_to}, not {expected:?}",
                        row.method, row.path, CALLERS[index]
                    ));
                }
                if row.ends_session {
                    callers[index] = sign_in(&app, CALLERS[index]).await;
                }
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
        app.stop().await;
    });
}

/// Attack class 10, for each write there is.
#[test]
fn no_write_comes_through_from_another_site() {
    run(async {
        let app = TestApp::spawn().await;
        let admin = app.admin().await;
        for row in ROWS.iter().filter(|row| row.method != "GET" && row.path != AUDIT_WEBHOOK) {
            for (kind, body) in
                [("application/x-www-form-urlencoded", "id=1"), ("text/plain", "{}"), ("application/json", "{}")]
            {
                let request = admin.request(row.method.parse().unwrap(), row.path).header(CONTENT_TYPE, kind);
                let answer = admin.finish(request.header("origin", "https://evil.test").body(body)).await;
                assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{} {} {kind}", row.method, row.path);
            }
        }
        assert_eq!(admin.get("/api/session").await.status(), StatusCode::OK, "nobody was signed out");
        app.stop().await;
    });
}

#[test]
fn every_route_and_server_function_has_a_row() {
    run(async {
        // Server functions register themselves when the program is linked; pages when the routes are laid out.
        let app = TestApp::spawn().await;
        let rows: BTreeSet<String> =
            ROWS.iter().map(|row| format!("{} {}", row.method, row.path.split('?').next().unwrap())).collect();
        let mut known: BTreeSet<String> =
            server_fn::axum::server_fn_paths().map(|(path, method)| format!("{method} {path}")).collect();
        known.extend(
            leptos_axum::generate_route_list(app::App).iter().map(|route| format!("GET {}", filled(route.path()))),
        );
        let description = serde_json::to_value(server::api::description()).unwrap();
        for (path, item) in description["paths"].as_object().unwrap() {
            let methods = item.as_object().unwrap().keys();
            known.extend(methods.map(|method| format!("{} {}", method.to_uppercase(), filled(path))));
        }
        for open in [
            "/api/openapi.json",
            "/api/docs",
            "/api",
            "/live/deployments",
            "/live/deployments/shop/api",
            "/live/sync",
            "/health/live",
            "/health/ready",
            "/metrics",
            "/assets/boot-1.js",
        ] {
            known.insert(format!("GET {open}"));
        }
        known.insert(format!("POST {AUDIT_WEBHOOK}"));
        let missing: Vec<_> = known.difference(&rows).collect();
        let stale: Vec<_> = rows.difference(&known).collect();
        assert!(missing.is_empty() && stale.is_empty(), "without a row: {missing:#?}\nrows of nothing: {stale:#?}");
        app.stop().await;
    });
}

/// Puts the names of the table into a route's pattern.
pub fn filled(pattern: &str) -> String {
    pattern
        .replace("{*any}", "nowhere")
        .replace("{namespace}", "shop")
        .replace("{name}", "api")
        .replace("{kind}", "Widget.nowhere")
        .replace("{rule}", "nowhere")
        .replace("{sha}", table::COMMIT)
        .replace("{id}", if pattern.starts_with("/gitops") { table::COMMIT } else { "unknown" })
}

fn fits(expected: Answer, row: &Row, status: StatusCode, leads_to: &str) -> bool {
    let is_page = matches!(row.body, Body::Page);
    match expected {
        Answer::SignIn if is_page => status == StatusCode::FOUND && leads_to.starts_with("/sign-in"),
        // A form whose draft was kept is sent to the sign-in page, and from there back to the draft.
        Answer::SignIn if matches!(row.body, Body::Form(_)) && leads_to.starts_with("/sign-in?next=") => true,
        Answer::SignIn => status == StatusCode::UNAUTHORIZED,
        Answer::Forbidden => status == StatusCode::FORBIDDEN,
        Answer::Invalid => status == StatusCode::BAD_REQUEST,
        Answer::Hidden => status == StatusCode::NOT_FOUND,
        Answer::Through => {
            !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
                && status != StatusCode::INTERNAL_SERVER_ERROR
                && !(is_page && leads_to.starts_with("/sign-in"))
        }
    }
}

async fn send(client: &Client, row: &Row) -> Response {
    let request = client.request(Method::from_bytes(row.method.as_bytes()).unwrap(), row.path);
    let request = match row.body {
        Body::Nothing => request,
        Body::Page => request.header(ACCEPT, "text/html"),
        Body::Json(text) => {
            request.header(CONTENT_TYPE, "application/json").header(ACCEPT, "application/json").body(text)
        }
        Body::Form(text) => request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(text),
    };
    client.finish(request).await
}

/// Makes the user on first need, and signs in.
async fn sign_in(app: &TestApp, name: &str) -> Client {
    let client = app.client();
    let (username, password) = match name {
        "nobody" => return client,
        "admin" => ("admin", ADMIN_PASSWORD),
        name => (name, PASSWORD),
    };
    if username != "admin" {
        make_user(app, username).await;
    }
    let credentials = json!({"username": username, "password": password});
    let answer = client.send(Method::POST, "/api/session", Some(credentials)).await;
    assert_eq!(answer.status(), StatusCode::OK, "{username}");
    client
}

async fn make_user(app: &TestApp, name: &str) {
    let admin = app.caller().await;
    if app.engine.list_users(&admin).await.unwrap().iter().any(|user| user.username.as_str() == name) {
        return;
    }
    let (role, scope) = match name {
        "viewer" => (Role::Viewer, Scope::Everywhere),
        "operator" => (Role::Operator, Scope::Everywhere),
        _ => (Role::Operator, Scope::Namespaces(vec!["bank".parse().unwrap()])),
    };
    let (_, secret) = app.engine.create_user(&admin, name.parse().unwrap(), role, scope, None).await.unwrap();
    app.engine.redeem_reset(&secret, PASSWORD.to_owned().into()).await.unwrap();
}
