//! Pages while the cluster is away: they say so, and never show nothing as if it were all.

use std::time::{Duration, Instant};

use reqwest::StatusCode;

use crate::harness::{Client, TestApp, run};

/// Reads what stands between the frame's parts, once the cluster has been asked in vain.
async fn read(client: &Client, path: &str) -> (StatusCode, String) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = client.get_page(path).await;
        let (status, page) = (answer.status(), answer.text().await.unwrap());
        let main = page.split("<main").nth(1).and_then(|rest| rest.split("</main>").next()).unwrap_or_default();
        if main.contains("The cluster has not answered since") {
            return (status, main.to_owned());
        }
        assert!(Instant::now() < deadline, "not within 30 s: {path} says that the cluster is away: {page}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn pages_say_that_the_cluster_is_away_and_show_no_rows() {
    run(async {
        let app = TestApp::spawn().await;
        let admin = app.admin().await;
        // Home has parts that need no cluster.
        for (path, expected) in [("/", StatusCode::OK), ("/deployments", StatusCode::SERVICE_UNAVAILABLE)] {
            let (status, main) = read(&admin, path).await;
            assert_eq!(status, expected, "{path}");
            assert!(main.contains("Denshimon cannot reach the cluster just now."), "{path}: {main}");
            for all_is_well in ["<tbody", "No Deployment is unhealthy", "there is none yet", "class=\"wrong\""] {
                assert!(!main.contains(all_is_well), "{path}: {all_is_well}: {main}");
            }
        }
        app.stop().await;
    });
}
