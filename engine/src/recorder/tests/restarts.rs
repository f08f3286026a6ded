//! Restarts by others than Denshimon.

use super::*;

fn deployment(version: u64, image: &str, restarted_at: Option<&str>) -> Value {
    let mut object = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "a", "namespace": "shop", "uid": "u-a", "resourceVersion": version.to_string()},
        "spec": {"template": {"spec": {"containers": [{"name": "a", "image": image}]}}}});
    if let Some(at) = restarted_at {
        object["spec"]["template"]["metadata"] = json!({"annotations": {"kubectl.kubernetes.io/restartedAt": at}});
        let own = json!({"f:kubectl.kubernetes.io/restartedAt": {}});
        let own = json!({"f:spec": {"f:template": {"f:metadata": {"f:annotations": own}, "f:spec": {}}}});
        object["metadata"]["managedFields"] = json!([{"manager": "kubectl-rollout", "operation": "Update",
            "apiVersion": "apps/v1", "time": "2026-01-01T00:00:00Z", "fieldsV1": own}]);
    }
    object
}

impl Bench {
    /// Says that a list has ended with the deployment alone.
    async fn listed_deployment(&self, object: Value) {
        let resource = manifest::identity(&object, &self.config.cluster.name).unwrap();
        self.tell(object, true).await;
        let listed = Observed::Listed { kind: resource.kind.clone(), present: vec![resource] };
        self.watch.send(listed).await.unwrap();
    }

    /// Who restarted the deployment, oldest first; the ledger is told a little after the commits are made.
    async fn restarts(&self, expected: &[&str]) {
        self.in_step().await;
        let resource = manifest::identity(&deployment(1, "a", None), &self.config.cluster.name).unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        loop {
            let history = self.history(&resource).await;
            let restarts: Vec<_> = history.iter().rev().filter(|entry| entry.verb == Verb::Restart).collect();
            let told = restarts.iter().all(|entry| entry.recorded == Recorded::Unchanged);
            let actors: Vec<String> = restarts.iter().map(|entry| entry.actor.to_string()).collect();
            if told && actors == expected {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "{actors:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_by_others_is_in_the_timeline_once_and_in_no_commit() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.listed_deployment(deployment(1, "a:1", Some("monday"))).await;
    // When and by whom nobody knows.
    bench.restarts(&[]).await;
    let commits = bench.log().len();
    bench.sees(deployment(2, "a:1", Some("tuesday"))).await;
    bench.sees(deployment(3, "a:1", Some("tuesday"))).await;
    bench.restarts(&["kubectl-rollout"]).await;
    // A list after a broken watch shows what happened meanwhile.
    bench.listed_deployment(deployment(4, "a:1", Some("wednesday"))).await;
    bench.restarts(&["kubectl-rollout"; 2]).await;
    assert_eq!(bench.log().len(), commits);
    // One of Denshimon's own has its operation, and one that comes with another change has that one's commit.
    let own = deployment(5, "a:1", Some("thursday"));
    bench.operates(Verb::Restart, &own, "Restart shop/a").await;
    bench.sees(own).await;
    bench.restarts(&["kubectl-rollout", "kubectl-rollout", "ada"]).await;
    bench.sees(deployment(6, "a:2", Some("friday"))).await;
    bench.sees(deployment(7, "a:2", Some("friday"))).await;
    bench.restarts(&["kubectl-rollout", "kubectl-rollout", "ada"]).await;
    assert_eq!(bench.log().len(), commits + 1);
}
