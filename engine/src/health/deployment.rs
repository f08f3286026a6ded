//! A Deployment's health, from its status and its pods.
//!
//! The order of the questions is that of Argo CD's `apps/Deployment` check and of kstatus: is it paused, has the
//! controller seen this generation, did the rollout miss its deadline, are new pods there, are old ones gone, are all
//! available. What the pods say comes in where those two only count.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentStatus};
use model::health::{Health, HealthState};
use model::workload::PodSummary;

/// Judges a Deployment; `pods` are all of its ReplicaSets' pods.
pub(crate) fn judge_deployment<'a>(deployment: &Deployment, pods: impl IntoIterator<Item = &'a PodSummary>) -> Health {
    let empty = DeploymentStatus::default();
    let status = deployment.status.as_ref().unwrap_or(&empty);
    let spec = deployment.spec.as_ref();
    let desired = spec.and_then(|spec| spec.replicas).unwrap_or(1);
    if deployment.metadata.deletion_timestamp.is_some() {
        return Health::new(HealthState::Progressing, "It is being deleted.");
    }
    if spec.and_then(|spec| spec.paused) == Some(true) {
        return Health::new(HealthState::Suspended, "Its rollout is paused.");
    }
    if status.observed_generation.unwrap_or(0) < deployment.metadata.generation.unwrap_or(0) {
        return Health::new(HealthState::Progressing, "The controller has not seen the newest change yet.");
    }
    let condition = |name: &str| status.conditions.as_deref().unwrap_or_default().iter().find(|one| one.type_ == name);
    let worst =
        pods.into_iter().filter(|pod| pod.health.state >= HealthState::Degraded).max_by_key(|pod| pod.health.state);
    let because = |words: String| match worst {
        Some(pod) => format!("{words} Pod {}: {}", pod.name, pod.health.reason),
        None => words,
    };
    let progressing = condition("Progressing");
    if progressing.and_then(|one| one.reason.as_deref()) == Some("ProgressDeadlineExceeded") {
        return Health::new(HealthState::Failed, because("The rollout missed its deadline.".into()));
    }
    if let Some(failure) = condition("ReplicaFailure").filter(|one| one.status == "True") {
        let message = failure.message.as_deref().unwrap_or("no reason is given").trim_end_matches('.');
        return Health::new(HealthState::Degraded, format!("Pods cannot be made: {message}."));
    }
    let count = |number: Option<i32>| number.unwrap_or(0);
    let (updated, replicas) = (count(status.updated_replicas), count(status.replicas));
    let available = count(status.available_replicas);
    let words = if updated < desired {
        format!("{updated} of {desired} new pods are there.")
    } else if replicas > updated {
        match replicas - updated {
            1 => "1 old pod is still ending.".to_owned(),
            old => format!("{old} old pods are still ending."),
        }
    } else if available < desired {
        format!("{available} of {desired} pods are available.")
    } else {
        return Health::healthy();
    };
    // A rollout that is done and then loses pods is not on its way any more.
    let done = progressing.and_then(|one| one.reason.as_deref()) == Some("NewReplicaSetAvailable");
    let state = match (worst, done && updated >= desired && replicas == updated) {
        (Some(_), _) | (None, true) => HealthState::Degraded,
        (None, false) => HealthState::Progressing,
    };
    Health::new(state, because(words))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(reason: &str) -> PodSummary {
        let pod = json!({
            "metadata": { "name": "api-1", "uid": "1" },
            "status": { "phase": "Pending", "containerStatuses": [{
                "name": "app", "image": "", "imageID": "", "ready": false, "restartCount": 0,
                "state": { "waiting": { "reason": reason, "message": "no such tag" } } }] },
        });
        crate::health::summarize_pod(&serde_json::from_value(pod).unwrap()).unwrap()
    }

    fn check(spec: Value, status: Value, pods: &[PodSummary], state: HealthState, reason: &str) {
        let deployment = json!({ "metadata": { "generation": 2 }, "spec": spec, "status": status });
        let mut deployment: Value = deployment;
        deployment["spec"]["selector"] = json!({});
        deployment["spec"]["template"] = json!({});
        let deployment: Deployment = serde_json::from_value(deployment).unwrap();
        assert_eq!(judge_deployment(&deployment, pods), Health::new(state, reason));
    }

    fn counts(updated: i32, replicas: i32, available: i32, reason: &str) -> Value {
        json!({
            "observedGeneration": 2, "updatedReplicas": updated, "replicas": replicas, "availableReplicas": available,
            "conditions": [{ "type": "Progressing", "status": "True", "reason": reason }],
        })
    }

    #[test]
    fn health_says_where_a_rollout_stands() {
        use HealthState::{Degraded, Failed, Healthy, Progressing, Suspended};
        let three = json!({ "replicas": 3 });
        check(three.clone(), counts(3, 3, 3, "NewReplicaSetAvailable"), &[], Healthy, "");
        check(json!({ "replicas": 0 }), counts(0, 0, 0, "NewReplicaSetAvailable"), &[], Healthy, "");
        check(
            three.clone(),
            json!({ "observedGeneration": 1 }),
            &[],
            Progressing,
            "The controller has not seen the newest change yet.",
        );
        check(json!({ "paused": true }), json!({}), &[], Suspended, "Its rollout is paused.");
        check(three.clone(), counts(1, 4, 3, "x"), &[], Progressing, "1 of 3 new pods are there.");
        check(three.clone(), counts(3, 4, 3, "x"), &[], Progressing, "1 old pod is still ending.");
        check(three.clone(), counts(3, 3, 2, "x"), &[], Progressing, "2 of 3 pods are available.");
        check(three.clone(), counts(3, 3, 2, "NewReplicaSetAvailable"), &[], Degraded, "2 of 3 pods are available.");
        check(
            three.clone(),
            counts(1, 4, 3, "x"),
            &[pod("ImagePullBackOff")],
            Degraded,
            "1 of 3 new pods are there. Pod api-1: Container app: ImagePullBackOff: no such tag.",
        );
        let mut refused = counts(1, 4, 3, "x");
        let failure = json!({ "type": "ReplicaFailure", "status": "True", "message": "exceeded quota: share." });
        refused["conditions"].as_array_mut().unwrap().push(failure);
        check(three.clone(), refused, &[], Degraded, "Pods cannot be made: exceeded quota: share.");
        check(three, counts(1, 4, 3, "ProgressDeadlineExceeded"), &[], Failed, "The rollout missed its deadline.");
    }
}
