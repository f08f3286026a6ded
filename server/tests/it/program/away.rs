//! The API server goes away in the midst of the work, and comes back.

use reqwest::{Method, StatusCode};
use sandbox::{Options, Sandbox};

use super::Place;
use crate::harness::provide_tls;

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_comes_back_is_followed_from_where_it_was() {
    provide_tls();
    let mut sandbox = Sandbox::start(Options { nodes: 1, ..Options::default() }).await.unwrap();
    let place = Place::new(sandbox.kubeconfig(), &[("DENSHIMON_COMMIT_WINDOW", "0s")]).await;
    let program = place.start(None).await;
    program.deploy(&place).await;
    program.until_in_step().await;

    sandbox.stop_api_server().await.unwrap();
    program.until_chip("cluster_away").await;
    let before = place.git(&["rev-parse", "main"]).await;
    // A write says what is wrong and does nothing.
    let (status, refusal) = program.scale(&place, 5).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{refusal}");
    assert!(refusal["message"].as_str().unwrap().contains("cluster"), "{refusal}");
    let (status, ready) = program.send(Method::GET, "/health/ready", None).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{ready}");
    assert_eq!(program.send(Method::GET, "/health/live", None).await.0, StatusCode::OK);

    sandbox.start_api_server().await.unwrap();
    program.until_in_step().await;
    assert_eq!(place.git(&["rev-parse", "main"]).await, before, "what has not changed makes no commit");
    let namespace = place.namespace.clone();
    place.kubectl(&["scale", "deployment/api", "--replicas=3", "-n", &namespace]).await;
    program
        .until("the change is recorded", async |_| (place.git(&["rev-parse", "main"]).await != before).then_some(()))
        .await;
    let commit = place.git(&["log", "-1", "--format=%an%n%B"]).await;
    assert!(commit.starts_with("kubectl"), "{commit}");
    assert!(place.git(&["show", &format!("main:{}", place.record().await)]).await.contains("replicas: 3\n"));

    // Writes go on without a new start.
    let (status, applied) = program.scale(&place, 2).await;
    assert_eq!(status, StatusCode::OK, "{applied}");
    program.until_recorded(&place, applied["operation"].as_str().unwrap()).await;
    sandbox.stop().await.unwrap();
}
