//! Forms as a browser without JavaScript sends them: an answer that can be seen, nothing typed lost.

use reqwest::StatusCode;

use crate::harness::{ADMIN_PASSWORD, TestApp, location, run};

#[test]
fn a_wrong_password_leads_back_to_the_form_with_the_reason() {
    run(async {
        let app = TestApp::spawn().await;
        let client = app.client();
        let fields = [("username", "admin"), ("password", "wrong wrong wrong"), ("next", "/account")];
        let answer = client.post_form("/fn/session/sign_in", &fields, "/sign-in?next=/account").await;
        assert_eq!(answer.status(), StatusCode::FOUND);
        let back = location(&answer).to_owned();
        assert!(back.contains("/sign-in") && back.contains("__err="), "{back}");
        assert!(!back.contains("wrong%20wrong") && !back.contains("wrong+wrong"), "the password is not in the address");
        let path = back.strip_prefix(&app.url).unwrap_or(&back);
        let page = client.get_page(path).await.text().await.unwrap();
        assert!(page.contains("User name or password is wrong."), "{page}");
        assert!(page.contains("value=\"admin\""), "the name is still there");
        app.stop().await;
    });
}

#[test]
fn signing_in_leads_where_one_wanted_to_go_and_never_elsewhere() {
    run(async {
        let app = TestApp::spawn().await;
        for (next, leads_to) in [("/account", "/account"), ("https://evil.test", "/"), ("//evil.test", "/"), ("", "/")]
        {
            let client = app.client();
            let fields = [("username", "admin"), ("password", ADMIN_PASSWORD), ("next", next)];
            let answer = client.post_form("/fn/session/sign_in", &fields, "/sign-in").await;
            assert_eq!((answer.status(), location(&answer)), (StatusCode::FOUND, leads_to), "{next}");
            assert!(client.cookies().contains("session"));
        }
        app.stop().await;
    });
}

#[test]
fn a_page_for_those_who_are_signed_in_leads_to_the_sign_in_page() {
    run(async {
        let app = TestApp::spawn().await;
        for path in ["/", "/deployments", "/account", "/gitops/status", "/team/users"] {
            let answer = app.client().get_page(path).await;
            assert_eq!(answer.status(), StatusCode::FOUND, "{path}");
            assert!(location(&answer).starts_with("/sign-in"), "{path}: {}", location(&answer));
        }
        app.stop().await;
    });
}

#[test]
fn signing_out_takes_the_cookie_back() {
    run(async {
        let app = TestApp::spawn().await;
        let client = app.admin().await;
        let answer = client.post_form("/fn/session/sign_out", &[], "/account").await;
        assert_eq!((answer.status(), location(&answer)), (StatusCode::FOUND, "/sign-in"));
        assert_eq!(client.cookies(), "");
        app.stop().await;
    });
}
