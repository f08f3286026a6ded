//! The description of the HTTP API.

use reqwest::StatusCode;
use serde_json::Value;

use crate::harness::{TestApp, run};

#[test]
fn the_description_is_the_one_that_was_reviewed() {
    let description: Value = serde_json::to_value(server::api::description()).unwrap();
    let operations: Vec<String> = description["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| format!("{method} {path}")))
        .collect();
    insta::assert_yaml_snapshot!("operations", operations);
    insta::assert_yaml_snapshot!("openapi", description);
}

#[test]
fn programs_and_people_can_read_it() {
    run(async {
        let app = TestApp::spawn().await;
        let answer = app.client().get("/api/openapi.json").await;
        assert_eq!(answer.status(), StatusCode::OK);
        let description: Value = answer.json().await.unwrap();
        assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
        let page = app.client().get_page("/api/docs").await;
        assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        let text = page.text().await.unwrap();
        assert!(text.contains("PATCH /api/deployments/{namespace}/{name}"));
        assert!(!text.contains("http://") && !text.contains("https://"), "it loads nothing from elsewhere");
        app.stop().await;
    });
}
