//! The API server goes away in the midst of the work, and comes back.

use reqwest::{Method, StatusCode};
use sandbox::{Options, Sandbox};
use serde_json::Value;

use super::Place;
use super::browser::{Browser, NEW, SAVE, value};
use crate::harness::provide_tls;

/// No setting, though it was meant as one.
const MISTYPED: &str = "DENSHIMON_COMIT_WINDOW";

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_comes_back_is_followed_from_where_it_was() {
    provide_tls();
    let mut sandbox = Sandbox::start(Options { nodes: 1, ..Options::default() }).await.unwrap();
    let settings = [("DENSHIMON_COMMIT_WINDOW", "0s"), ("DENSHIMON_LOG_FORMAT", "json"), (MISTYPED, "1h")];
    let place = Place::new(sandbox.kubeconfig(), &settings).await;
    let program = place.start(None).await;
    program.deploy(&place).await;
    program.until_in_step().await;
    let namespace = place.namespace.clone();
    let browser = Browser::open(&program).await;
    let typed = [
        ("form[namespace]", namespace.as_str()),
        ("form[name]", "web"),
        ("form[image]", "shop/web:1"),
        ("form[replicas]", "1"),
    ];
    let draft = browser.post(SAVE, &typed, NEW).await;
    let preview = browser.read(&draft).await;

    sandbox.stop_api_server().await.unwrap();
    program.until_chip("cluster_away").await;
    let before = place.git(&["rev-parse", "main"]).await;
    // A write says what is wrong and does nothing.
    let (status, refusal) = program.scale(&place, 5).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{refusal}");
    assert!(refusal["message"].as_str().unwrap().contains("cluster"), "{refusal}");
    let (status, ready) = program.send(Method::GET, "/health/ready", None).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{ready}");
    assert_eq!(ready["away"][0]["what"], "cluster", "{ready}");
    assert_eq!(program.send(Method::GET, "/health/live", None).await.0, StatusCode::OK);
    // So does a page, which keeps what was typed.
    let refused = browser.apply(&preview, &[("reason", "it is needed")], &draft).await;
    let page = browser.read(&refused).await;
    assert!(page.contains("Denshimon cannot reach the cluster just now."), "{page}");
    assert_eq!((value(&page, "form[name]"), value(&page, "form[image]")), ("web".into(), "shop/web:1".into()));

    sandbox.start_api_server().await.unwrap();
    program.until_in_step().await;
    assert_eq!(place.git(&["rev-parse", "main"]).await, before, "what has not changed makes no commit");
    place.kubectl(&["scale", "deployment/api", "--replicas=3", "-n", &namespace]).await;
    program
        .until("the change is recorded", async |_| (place.git(&["rev-parse", "main"]).await != before).then_some(()))
        .await;
    let commit = place.git(&["log", "-1", "--format=%an%n%B"]).await;
    assert!(commit.starts_with("kubectl"), "{commit}");
    assert!(place.git(&["show", &format!("main:{}", place.record().await)]).await.contains("replicas: 3\n"));

    // Writes go on without a new start, and the draft with its reason where it was refused.
    let (status, applied) = program.scale(&place, 2).await;
    assert_eq!(status, StatusCode::OK, "{applied}");
    program.until_recorded(&place, applied["operation"].as_str().unwrap()).await;
    let page = browser.read(&refused).await;
    let reason = value(&page, "reason");
    assert_eq!(reason, "it is needed");
    let done = browser.apply(&page, &[("reason", reason.as_str())], &draft).await;
    assert!(done.starts_with(&format!("/deployments/{namespace}/web?done=")), "{done}");
    assert_eq!(place.field("web", ".spec.replicas").await, "1");
    program.kill().await;
    check_log(&place.log());
    sandbox.stop().await.unwrap();
}

/// Each line of the log is JSON, and says of which request it is; one names the setting that is none.
fn check_log(log: &str) {
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let lines: Vec<Value> = log.lines().filter(|line| line.starts_with('{')).map(read).collect();
    assert!(lines.iter().any(|line| line["span"]["request.id"].is_string()), "{log}");
    let warning = lines.iter().find(|line| line["setting.name"] == MISTYPED);
    assert_eq!(warning.map(|line| &line["level"]), Some(&Value::from("WARN")), "{log}");
}
