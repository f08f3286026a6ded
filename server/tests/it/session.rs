//! Signing in and out, the set-up link, tokens.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{ADMIN_PASSWORD, TestApp, location, run};

fn credentials(password: &str) -> Value {
    json!({"username": "admin", "password": password})
}

#[test]
fn a_session_has_a_new_name_at_each_sign_in_and_ends_at_sign_out() {
    run(async {
        let app = TestApp::spawn().await;
        let client = app.admin().await;
        let first = client.cookies();
        assert_eq!(
            client.send(Method::POST, "/api/session", Some(credentials(ADMIN_PASSWORD))).await.status(),
            StatusCode::OK
        );
        let second = client.cookies();
        assert_ne!(first, second);
        let thief = app.client();
        thief.set_cookies(&first);
        assert_eq!(thief.get("/api/session").await.status(), StatusCode::UNAUTHORIZED, "the old name opens nothing");
        assert_eq!(client.get("/api/session").await.status(), StatusCode::OK);

        let answer = client.send(Method::DELETE, "/api/session", None).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(client.cookies(), "", "the cookie is taken back");
        thief.set_cookies(&second);
        assert_eq!(thief.get("/api/session").await.status(), StatusCode::UNAUTHORIZED, "the session is gone");
        app.stop().await;
    });
}

#[test]
fn a_name_that_an_attacker_chose_is_never_signed_in() {
    run(async {
        let app = TestApp::spawn().await;
        let client = app.client();
        let planted = "denshimon-session=AAAAAAAAAAAAAAAAAAAAAA";
        client.set_cookies(planted);
        assert_eq!(
            client.send(Method::POST, "/api/session", Some(credentials(ADMIN_PASSWORD))).await.status(),
            StatusCode::OK
        );
        let thief = app.client();
        thief.set_cookies(planted);
        assert_eq!(thief.get("/api/session").await.status(), StatusCode::UNAUTHORIZED);
        app.stop().await;
    });
}

#[test]
fn the_cookie_is_out_of_reach_for_scripts_and_tied_to_the_host_over_https() {
    run(async {
        let app = TestApp::spawn().await;
        let answer = app.client().send(Method::POST, "/api/session", Some(credentials(ADMIN_PASSWORD))).await;
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"),
            "{cookie}"
        );
        app.stop().await;

        let settings =
            [("DENSHIMON_ADMIN_PASSWORD", ADMIN_PASSWORD), ("DENSHIMON_PUBLIC_URL", "https://denshimon.test")];
        let app = TestApp::spawn_with(&settings).await;
        let answer = app.client().send(Method::POST, "/api/session", Some(credentials(ADMIN_PASSWORD))).await;
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with("__Host-") && cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
        assert!(answer.headers().contains_key("strict-transport-security"));
        app.stop().await;
    });
}

#[test]
fn guessing_a_password_is_slowed_down_and_says_nothing_about_users() {
    run(async {
        let app = TestApp::spawn().await;
        let client = app.client();
        let wrong = client.send(Method::POST, "/api/session", Some(credentials("wrong wrong wrong"))).await;
        let unknown = json!({"username": "nobody", "password": "wrong wrong wrong"});
        let unknown = client.send(Method::POST, "/api/session", Some(unknown)).await;
        assert_eq!(wrong.status(), unknown.status());
        assert_eq!(wrong.text().await.unwrap(), unknown.text().await.unwrap());
        let mut last = StatusCode::OK;
        for _ in 0..30 {
            let answer = client.send(Method::POST, "/api/session", Some(credentials("wrong wrong wrong"))).await;
            last = answer.status();
            if last == StatusCode::TOO_MANY_REQUESTS {
                let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
                assert!(wait > 0);
                break;
            }
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
        app.stop().await;
    });
}

#[test]
fn the_set_up_link_makes_one_account_and_no_second() {
    run(async {
        let app = TestApp::spawn_with(&[]).await;
        let link = app.setup_link.clone().unwrap();
        let path = link.strip_prefix(&app.url).unwrap().to_owned();
        let token = path.strip_prefix("/setup?token=").unwrap().to_owned();
        let client = app.client();
        assert_eq!(client.get_page(&path).await.status(), StatusCode::OK);
        let fields = [("token", token.as_str()), ("username", "ada"), ("password", ADMIN_PASSWORD), ("email", "")];
        let answer = client.post_form("/fn/session/complete_setup", &fields, &path).await;
        assert_eq!((answer.status(), location(&answer)), (StatusCode::FOUND, "/"));
        let who: Value = client.get("/api/session").await.json().await.unwrap();
        assert_eq!((who["username"].as_str(), who["role"].as_str()), (Some("ada"), Some("admin")));

        let fields = [("token", token.as_str()), ("username", "eve"), ("password", ADMIN_PASSWORD), ("email", "")];
        let second = app.client();
        let page = second.get_page(&path).await.text().await.unwrap();
        assert!(page.contains("this link is spent") && !page.contains("Make the account"), "{page}");
        let answer = second.post_form("/fn/session/complete_setup", &fields, &path).await;
        assert!(location(&answer).contains("__err="), "{}", location(&answer));
        let page = second.get_page(location(&answer).trim_start_matches(&app.url)).await.text().await.unwrap();
        assert!(page.contains("this link is spent"), "{page}");
        assert_eq!(second.get("/api/session").await.status(), StatusCode::UNAUTHORIZED);
        app.stop().await;
    });
}

#[test]
fn only_a_whole_token_in_the_header_opens_anything() {
    run(async {
        let app = TestApp::spawn().await;
        let request = json!({"name": "ci", "role": "viewer", "expires_in_days": 1});
        let made: Value =
            app.admin().await.send(Method::POST, "/api/tokens", Some(request)).await.json().await.unwrap();
        let (token, id) = (made["token"].as_str().unwrap(), made["id"].as_str().unwrap());
        let client = app.client();
        let with = async |header: &str| {
            client.finish(client.request(Method::GET, "/api/session").header("authorization", header)).await.status()
        };
        assert_eq!(with(&format!("Bearer {token}")).await, StatusCode::OK);
        let shorter = &token[..token.len() - 1];
        let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.";
        for wrong in [
            String::new(),
            "Bearer".into(),
            "Bearer x".into(),
            format!("Basic {token}"),
            format!("Bearer {shorter}"),
            format!("Bearer {none}"),
        ] {
            assert_eq!(with(&wrong).await, StatusCode::UNAUTHORIZED, "{wrong}");
        }
        for name in ["token", "access_token", "bearer"] {
            let answer = client.get(&format!("/api/session?{name}={token}")).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name}");
        }
        let admin = app.admin().await;
        let garbage = admin.request(Method::GET, "/api/session").header("authorization", "Bearer garbage");
        assert_eq!(
            admin.finish(garbage).await.status(),
            StatusCode::UNAUTHORIZED,
            "no cookie speaks for a wrong token"
        );
        assert_eq!(
            admin.send(Method::DELETE, &format!("/api/tokens/{id}"), None).await.status(),
            StatusCode::NO_CONTENT
        );
        assert_eq!(with(&format!("Bearer {token}")).await, StatusCode::UNAUTHORIZED);
        app.stop().await;
    });
}

#[test]
fn a_token_never_has_more_rights_than_its_maker() {
    run(async {
        let app = TestApp::spawn().await;
        let viewer = app.token("viewer", Some("shop")).await;
        for request in [
            json!({"name": "up", "role": "admin", "expires_in_days": 1}),
            json!({"name": "out", "role": "viewer", "namespaces": ["bank"], "expires_in_days": 1}),
            json!({"name": "all", "role": "viewer", "namespaces": [], "expires_in_days": 1}),
        ] {
            let answer = viewer.send(Method::POST, "/api/tokens", Some(request.clone())).await;
            assert!(answer.status().is_client_error(), "{request}");
        }
        app.stop().await;
    });
}

#[test]
fn a_stream_ends_within_a_second_of_signing_out_and_at_shutdown() {
    run(async {
        let app = TestApp::spawn().await;
        let client = app.admin().await;
        let stream = client.get("/live/sync").await;
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        client.send(Method::DELETE, "/api/session", None).await;
        let rest = tokio::time::timeout(Duration::from_secs(1), stream.text()).await.unwrap().unwrap();
        assert!(rest.contains("event: change") && rest.contains("event: end"), "{rest}");

        let client = app.admin().await;
        let stream = client.get("/live/deployments").await;
        let (rest, ()) = tokio::join!(stream.text(), app.stop());
        assert!(!rest.unwrap_or_default().contains("event: end"), "the page is to come back");
    });
}
