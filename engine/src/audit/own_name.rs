//! Asks the API server for the name under which it knows Denshimon.

use std::sync::PoisonError;
use std::time::Duration;

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::api::{Api, PostParams};
use tokio_util::sync::CancellationToken;

use super::AuditEvents;

const PAUSE: Duration = Duration::from_secs(30);

/// Learns the name; only a service account's is kept, since a person may have lent Denshimon their own kubeconfig.
pub(super) async fn learn(events: AuditEvents, client: kube::Client, stopping: CancellationToken) {
    let reviews: Api<SelfSubjectReview> = Api::all(client);
    loop {
        let (options, question) = (PostParams::default(), SelfSubjectReview::default());
        let answer = tokio::select! {
            () = stopping.cancelled() => return,
            answer = reviews.create(&options, &question) => answer,
        };
        match answer {
            Ok(review) => {
                let name = review.status.and_then(|status| status.user_info).and_then(|user| user.username);
                let name = name.filter(|name| name.starts_with("system:serviceaccount:"));
                *events.inner.own_name.lock().unwrap_or_else(PoisonError::into_inner) = name;
                return;
            }
            Err(error) => tracing::debug!(%error, "Denshimon's own name is not known yet"),
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}
