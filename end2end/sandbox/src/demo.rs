//! A small shop, so that a first look at Denshimon shows something.

use anyhow::Result;
use kube::Client;

use crate::apply::apply;

/// Applies the application `shop` as somebody with kubectl would. The Deployment `recommendations` fails on purpose.
///
/// # Errors
///
/// When the API server does not answer or refuses an object.
pub async fn apply_demo(client: &Client) -> Result<()> {
    let texts = [
        include_str!("../demo/namespace.yaml"),
        include_str!("../demo/database.yaml"),
        include_str!("../demo/api.yaml"),
        include_str!("../demo/web.yaml"),
        include_str!("../demo/worker.yaml"),
        include_str!("../demo/recommendations.yaml"),
        include_str!("../demo/report.yaml"),
    ];
    apply(client, "kubectl", &texts).await
}
