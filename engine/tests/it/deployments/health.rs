//! How a real Deployment is judged that does not get there.

use model::health::HealthState;

use super::Shop;

/// Nobody can pull from this host.
const IMAGE: &str = "registry.invalid/shop/recommendations:0.3.0";

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_cannot_be_pulled_is_named_and_then_the_rollout_has_failed() {
    let shop = Shop::open().await;
    let document = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: stuck}}\nspec:\n  replicas: 1\n  \
         progressDeadlineSeconds: 5\n  selector: {{matchLabels: {{app: stuck}}}}\n  template:\n    metadata: {{labels: \
         {{app: stuck}}}}\n    spec:\n      containers: [{{name: app, image: '{IMAGE}'}}]\n"
    );
    shop.kubectl.apply(&document, &shop.namespace).await;
    let target = shop.target("stuck");
    let words = format!("Container app: ImagePullBackOff: Back-off pulling image \"{IMAGE}\"");
    // The deadline may pass before the node has given up.
    let detail = shop.detail(&target, "the container is named", |detail| detail.summary.health.reason.contains(&words));
    let detail = detail.await;
    assert!(detail.summary.health.state >= HealthState::Degraded, "{:?}", detail.summary.health);
    assert_eq!(detail.pods.first().unwrap().status, "ImagePullBackOff");
    let failed =
        shop.detail(&target, "the rollout has failed", |detail| detail.summary.health.state == HealthState::Failed);
    let health = failed.await.summary.health;
    let says_both = health.reason.starts_with("The rollout missed its deadline.") && health.reason.contains(&words);
    assert!(says_both, "{health:?}");
    shop.close().await;
}
