//! What holds for every request: headers, origins, sizes, errors as JSON, probes.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::harness::{TestApp, run};

async fn check_error(answer: Response, status: u16, kind: &str) {
    let address = answer.url().path().to_owned();
    assert_eq!(answer.status().as_u16(), status, "{address}");
    let error: Value = answer.json().await.unwrap();
    assert_eq!(error["kind"], kind, "{address}");
    assert!(error["message"].is_string() && error["hint"].is_string(), "{address}: {error}");
}

#[test]
fn every_answer_carries_the_security_headers() {
    run(async {
        let app = TestApp::spawn().await;
        let client = app.client();
        for path in [
            "/",
            "/sign-in",
            "/nowhere",
            "/api/nowhere",
            "/api/session",
            "/fn/nowhere",
            "/assets/nowhere",
            "/assets/boot-1.js",
            "/health/live",
            "/metrics",
            "/api/docs",
            "/robots.txt",
        ] {
            check_headers(&client.get_page(path).await, path);
        }
        let foreign = client.request(Method::POST, "/api/session").header("origin", "https://evil.test");
        check_headers(&client.finish(foreign).await, "403");
        let long = client.request(Method::POST, "/api/session").body("a".repeat(65 << 10));
        check_headers(&client.finish(long).await, "413");
        check_headers(&client.send(Method::DELETE, "/api/deployments", None).await, "405");
        let stream = app.admin().await.get("/live/sync").await;
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        check_headers(&stream, "a stream");
        drop(stream);
        app.stop().await;
    });
}

fn check_headers(answer: &Response, what: &str) {
    let headers = answer.headers();
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{what}");
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{what}: {policy}");
    assert_eq!(headers["x-content-type-options"], "nosniff", "{what}");
    assert_eq!(headers["referrer-policy"], "same-origin", "{what}");
    assert!(headers.contains_key("x-request-id") && headers.contains_key("cache-control"), "{what}");
}

#[test]
fn a_page_allows_only_scripts_with_its_own_nonce() {
    run(async {
        let app = TestApp::spawn().await;
        let client = app.client();
        let mut nonces = Vec::new();
        for _ in 0..2 {
            let answer = client.get_page("/sign-in").await;
            let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
            let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
            let page = answer.text().await.unwrap();
            for script in page.split("<script").skip(1) {
                let tag = script.split('>').next().unwrap();
                assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{tag}");
            }
            nonces.push(nonce);
        }
        assert_ne!(nonces[0], nonces[1]);
        app.stop().await;
    });
}

#[test]
fn writes_from_other_sites_are_refused_whatever_their_body_is() {
    run(async {
        let app = TestApp::spawn().await;
        let admin = app.admin().await;
        for path in ["/api/session", "/api/tokens", "/fn/session/sign_out", "/fn/nowhere"] {
            for kind in ["application/x-www-form-urlencoded", "text/plain", "application/json"] {
                for (name, value) in
                    [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site"), ("origin", "null")]
                {
                    let request = admin.request(Method::POST, path).header("content-type", kind).header(name, value);
                    let answer = admin.finish(request.body("{}")).await;
                    assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path} {kind} {name}");
                }
            }
        }
        assert_eq!(admin.get("/api/session").await.status(), StatusCode::OK, "nobody was signed out");
        app.stop().await;
    });
}

#[test]
fn words_that_another_site_puts_into_an_address_are_not_shown() {
    run(async {
        let app = TestApp::spawn().await;
        let ask = |site: &'static str| {
            let client = app.client();
            async move {
                let address = "/sign-in?next=%2Fdeployments&__path=%2Ffn%2Fsession%2Fsign_in&__err=Q2FsbCA1NTU";
                let request = client.request(Method::GET, address);
                client.finish(request.header("sec-fetch-site", site).header("accept", "text/html")).await
            }
        };
        let foreign = ask("cross-site").await;
        assert_eq!(foreign.status(), StatusCode::SEE_OTHER);
        assert_eq!(foreign.headers()["location"], "/sign-in?next=%2Fdeployments");
        assert_eq!(ask("same-origin").await.status(), StatusCode::OK);
        app.stop().await;
    });
}

#[test]
fn bodies_are_bounded_before_anybody_asks_who_sent_them() {
    run(async {
        let app = TestApp::spawn().await;
        let client = app.client();
        for (path, size) in
            [("/api/session", 65 << 10), ("/fn/session/sign_in", 65 << 10), ("/api/deployments", 1025 << 10)]
        {
            let body = json!({"username": "a".repeat(size)});
            check_error(client.send(Method::POST, path, Some(body)).await, 413, "invalid").await;
            // Without a length in front, as a stream.
            let chunks = vec![Ok::<_, std::io::Error>(vec![b'a'; size])];
            let request =
                client.request(Method::POST, path).body(reqwest::Body::wrap_stream(futures::stream::iter(chunks)));
            check_error(client.finish(request).await, 413, "invalid").await;
        }
        app.stop().await;
    });
}

#[test]
fn errors_of_the_api_are_always_json() {
    run(async {
        let app = TestApp::spawn().await;
        let (nobody, admin) = (app.client(), app.admin().await);
        check_error(nobody.get_page("/api/nowhere").await, 404, "not_found").await;
        check_error(nobody.get("/fn/nowhere").await, 404, "not_found").await;
        check_error(nobody.get("/live/nowhere").await, 404, "not_found").await;
        check_error(nobody.get("/api/deployments").await, 401, "not_signed_in").await;
        check_error(nobody.send(Method::PUT, "/api/session", None).await, 405, "invalid").await;
        check_error(admin.get("/api/deployments?page=x").await, 400, "invalid").await;
        check_error(admin.get("/api/gitops/commits/HEAD").await, 400, "invalid").await;
        check_error(admin.get("/api/deployments/UPPER/x").await, 404, "not_found").await;
        check_error(admin.send(Method::POST, "/api/tokens", Some(json!({"name": 5}))).await, 400, "invalid").await;
        check_error(admin.send(Method::POST, "/api/tokens", Some(json!([]))).await, 400, "invalid").await;
        let broken = admin.request(Method::POST, "/api/tokens").header("content-type", "application/json").body("{");
        check_error(admin.finish(broken).await, 400, "invalid").await;
        let strange = admin.request(Method::POST, "/api/tokens").header("content-type", "text/plain").body("{}");
        check_error(admin.finish(strange).await, 400, "invalid").await;
        app.stop().await;
    });
}

#[test]
fn a_page_that_is_not_there_is_a_page_with_status_404() {
    run(async {
        let app = TestApp::spawn().await;
        let answer = app.admin().await.get_page("/nowhere").await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert!(answer.text().await.unwrap().contains("There is no page at this address."));
        app.stop().await;
    });
}

#[test]
fn files_are_kept_for_ever_and_sent_compressed() {
    run(async {
        let app = TestApp::spawn().await;
        let client = app.client();
        let request = client.request(Method::GET, "/assets/boot-1.js").header("accept-encoding", "br");
        let answer = client.finish(request).await;
        assert_eq!(answer.headers()["content-encoding"], "br");
        assert!(answer.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        assert_eq!(answer.text().await.unwrap(), "compressed");
        assert_eq!(client.get("/robots.txt").await.status(), StatusCode::OK);
        for path in ["/assets/../assets.json", "/assets/%2e%2e/assets.json", "/assets/..%2fassets.json", "/assets.json"]
        {
            let answer = client.get_page(path).await;
            assert_ne!(answer.status(), StatusCode::OK, "{path}");
            assert!(!answer.text().await.unwrap().starts_with('{'), "{path} is the list of files");
        }
        app.stop().await;
    });
}

#[test]
fn probes_need_no_sign_in_and_name_what_is_away() {
    run(async {
        let app = TestApp::spawn().await;
        let client = app.client();
        assert_eq!(client.get("/health/live").await.status(), StatusCode::OK);
        let ready = client.get("/health/ready").await;
        assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
        let state: Value = ready.json().await.unwrap();
        assert_eq!(state["away"][0]["what"], "cluster", "{state}");
        let metrics = client.get("/metrics").await.text().await.unwrap();
        for line in [
            "denshimon_http_requests_total{",
            "denshimon_resident_memory_bytes ",
            "denshimon_cluster_up 0",
            "denshimon_remote_up 1",
            "denshimon_waiting_changes 0",
            "denshimon_unpushed_commits 0",
            "denshimon_sync_lag_seconds NaN",
        ] {
            assert!(metrics.contains(line), "{line} is missing:\n{metrics}");
        }
        app.stop().await;
    });
}
