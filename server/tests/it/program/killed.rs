//! Killed between the write and its commit, again and again.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::Place;
use crate::harness::provide_tls;

const KILLS: usize = 50;

/// Long enough to be killed in, short enough to be over in some rounds.
const WINDOW: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_nothing_and_record_nothing_twice() {
    provide_tls();
    let sandbox = sandbox::shared().await.unwrap();
    let place = Place::new(sandbox.kubeconfig(), &[("DENSHIMON_COMMIT_WINDOW", "200ms")]).await;
    let mut program = place.start(None).await;
    let mut operations = vec![program.deploy(&place).await];

    for round in 0..KILLS {
        // Never the same twice: what is back at the record before anybody looked changes nothing.
        let replicas = round + 2;
        // The moments of death are spread over the window, the commit and what follows it.
        let moment = WINDOW * 2 * u32::try_from(round).unwrap() / u32::try_from(KILLS).unwrap();
        if round % 5 == 4 {
            // In the midst of the write: whether it reached the cluster is found out later.
            let write = program.scale(&place, replicas);
            let _ = tokio::time::timeout(moment / 8, write).await;
        } else {
            let (status, applied) = program.scale(&place, replicas).await;
            assert_eq!(status, StatusCode::OK, "{applied}");
            operations.push(applied["operation"].as_str().unwrap().to_owned());
            tokio::time::sleep(moment).await;
        }
        let token = program.kill().await;
        program = place.start(Some(&token)).await;
    }

    let (status, last) = program.scale(&place, 1).await;
    assert_eq!(status, StatusCode::OK, "{last}");
    operations.push(last["operation"].as_str().unwrap().to_owned());
    program.until_recorded(&place, operations.last().unwrap()).await;
    program.until_in_step().await;

    let record = place.record().await;
    assert!(place.git(&["show", &format!("main:{record}")]).await.contains("replicas: 1\n"));
    place.git(&["fsck", "--strict"]).await;

    // Every write is one row of the history, and none is left open.
    let path = format!("/api/deployments/{}/api/history?size=200", place.namespace);
    let (_, history) = program.send(Method::GET, &path, None).await;
    let rows = history["items"].as_array().unwrap();
    let counts = place.commits_of(&operations).await;
    for (id, count) in operations.iter().zip(counts) {
        let found: Vec<_> = rows.iter().filter(|row| row["id"] == json!(id)).collect();
        assert_eq!((found.len(), count), (1, 1), "{found:?}");
        assert!(found[0]["recorded"]["commit"].is_object(), "{}", found[0]);
    }
    assert!(rows.iter().all(|row| row["operation"] != json!("started")), "{history}");
}
