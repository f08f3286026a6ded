//! Users of the cluster: events before the change, after it, never, and of others.

use std::time::Instant;

use super::*;

const WAIT: Duration = Duration::from_secs(2);

impl Bench {
    /// Begins with the API server's audit events set up.
    pub(super) async fn start_audited() -> Self {
        let mut bench = Self::start(Duration::ZERO).await;
        bench.config.audit.webhook_token = Some("a-token-of-the-audit-webhook".into());
        bench.config.audit.wait = WAIT;
        let bench = bench.restart().await;
        bench.lists(&[config_map("a", 1, "1"), config_map("b", 1, "1"), config_map("c", 1, "1")]).await;
        bench.in_step().await;
        bench
    }

    pub(super) fn hears(&self, user: &str, verb: &str, object: &Value) {
        let metadata = &object["metadata"];
        self.audit.take_in(&[json!({
            "level": "RequestResponse", "stage": "ResponseComplete", "verb": verb, "requestURI": "/?fieldManager=kubectl-edit",
            "user": {"username": user}, "responseStatus": {"code": 200, "details": {"uid": metadata["uid"]}},
            "objectRef": {"resource": "configmaps", "namespace": "shop", "name": metadata["name"]},
            "responseObject": {"metadata": metadata},
            "requestReceivedTimestamp": "2026-01-01T00:00:00Z", "stageTimestamp": "2026-01-01T00:00:00.1Z",
        })]);
    }

    async fn has_logged(&self, line: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.log().iter().any(|logged| logged.starts_with(line)) {
            assert!(Instant::now() < deadline, "{line}: {:?}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn an_event_names_the_user_whether_it_comes_before_or_after_the_change() {
    let bench = Bench::start_audited().await;
    bench.hears("eve", "update", &config_map("a", 2, "2"));
    bench.sees(config_map("a", 2, "2")).await;
    bench.has_logged("eve: Update ConfigMap shop/a").await;
    // Two changes of one resource wait for their names, and no other resource waits for them.
    let began = Instant::now();
    bench.sees(config_map("a", 3, "3")).await;
    bench.sees(config_map("a", 4, "4")).await;
    bench.hears("ada", "update", &config_map("b", 2, "2"));
    bench.sees(config_map("b", 2, "2")).await;
    bench.has_logged("ada: Update ConfigMap shop/b").await;
    assert!(began.elapsed() < WAIT, "nothing else waits");
    bench.hears("dora", "update", &config_map("a", 4, "4"));
    bench.hears("bob@example.org", "update", &config_map("a", 3, "3"));
    bench.has_logged("dora: Update ConfigMap shop/a").await;
    assert_eq!(bench.log()[3..].len(), 2, "{:?}", bench.log());
    assert!(bench.log()[3].starts_with("bob@example.org: "), "{:?}", bench.log());
    bench.in_step().await;
    let history = bench.history(&resource("a")).await;
    assert_eq!(history[0].actor, Actor::ClusterUser("dora".into()));
    // A deletion, too.
    bench.hears("eve", "delete", &config_map("b", 2, "2"));
    bench.loses(config_map("b", 3, "2")).await;
    bench.has_logged("eve: Delete ConfigMap shop/b").await;
}

#[tokio::test]
async fn a_change_without_an_event_waits_a_bounded_time_and_not_for_ever_anew() {
    let bench = Bench::start_audited().await;
    let began = Instant::now();
    for version in 2..9 {
        bench.sees(config_map("a", version, &version.to_string())).await;
        bench.sees(config_map("b", version, &version.to_string())).await;
        bench.sees(config_map("c", version, &version.to_string())).await;
    }
    bench.has_logged("kubectl-edit: Update ConfigMap shop/a").await;
    assert!(began.elapsed() >= WAIT, "it was waited for");
    bench.in_step().await;
    let last = || {
        ["a", "b", "c"].map(|name| bench.git(&["show", &format!("main:clusters/sandbox/shop/configmap/{name}.yaml")]))
    };
    while !last().iter().all(|text| text.contains("key: '8'") || text.contains("key: \"8\"")) {
        assert!(began.elapsed() < 5 * WAIT, "{:?}", last());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Nothing has come at all: nobody waits any more until an event does.
    assert_eq!(bench.audit.status().unwrap().events, 0);
    // Kubernetes' own parts are no users.
    bench.hears("system:kube-controller-manager", "update", &config_map("a", 9, "9"));
    bench.sees(config_map("a", 9, "9")).await;
    bench.in_step().await;
    assert!(bench.log().iter().all(|line| !line.starts_with("system:")));
}

#[tokio::test]
async fn what_waits_for_a_name_is_committed_when_the_engine_stops() {
    let bench = Bench::start_audited().await;
    bench.sees(config_map("a", 2, "2")).await;
    bench.sees(config_map("a", 3, "3")).await;
    let began = Instant::now();
    let bench = bench.restart().await;
    assert!(began.elapsed() < WAIT, "nobody waits for names at the end");
    assert_eq!(bench.log()[1..].len(), 2, "{:?}", bench.log());
}
