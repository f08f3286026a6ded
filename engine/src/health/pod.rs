//! A pod's health: what its containers wait for, how they ended, and whether it found a node.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodStatus};
use model::health::{Health, HealthState};
use model::workload::PodSummary;

/// Tells whether a container waits for what does not come by itself, by Argo CD's rule: `ErrImagePull`,
/// `InvalidImageName`, `CreateContainerConfigError`, `CrashLoopBackOff`.
fn is_stuck(reason: &str) -> bool {
    reason.starts_with("Err")
        || reason.starts_with("Invalid")
        || reason.ends_with("Error")
        || reason.ends_with("BackOff")
}

/// Judges a pod and takes from it what pages show; `None` for one without name or uid.
pub(crate) fn summarize_pod(pod: &Pod) -> Option<PodSummary> {
    let metadata = &pod.metadata;
    let empty = PodStatus::default();
    let status = pod.status.as_ref().unwrap_or(&empty);
    let containers = status.container_statuses.as_deref().unwrap_or_default();
    let wanted = pod.spec.as_ref().map_or(0, |spec| spec.containers.len());
    let (label, health) = if metadata.deletion_timestamp.is_some() {
        ("Terminating".to_owned(), Health::new(HealthState::Progressing, "It is being deleted."))
    } else {
        judge(status)
    };
    let restarts = containers.iter().map(|container| u32::try_from(container.restart_count).unwrap_or(0)).sum();
    let owner = metadata.owner_references.as_deref().unwrap_or_default().iter();
    let owner = owner.into_iter().find(|owner| owner.controller == Some(true));
    Some(PodSummary {
        name: metadata.name.as_ref()?.parse().ok()?,
        uid: metadata.uid.clone()?,
        health,
        status: label,
        ready_containers: count(containers.iter().filter(|container| container.ready).count()),
        containers: count(wanted),
        restarts,
        node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
        created_at: metadata.creation_timestamp.as_ref().map(|time| time.0),
        owner: owner.map(|owner| format!("{} {}", owner.kind, owner.name)),
    })
}

/// Returns the one word for the status column, and the health.
fn judge(status: &PodStatus) -> (String, Health) {
    let all = |list: &Option<Vec<ContainerStatus>>| list.clone().unwrap_or_default();
    let init = all(&status.init_container_statuses);
    let containers = all(&status.container_statuses);
    let has_ended = matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"));
    if let Some((label, health)) = init.iter().chain(&containers).find_map(stuck).filter(|_| !has_ended) {
        return (label, health);
    }
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let condition = |name: &str| conditions.iter().find(|condition| condition.type_ == name);
    let phase = status.phase.clone().unwrap_or_else(|| "Unknown".into());
    let health = match phase.as_str() {
        "Pending" => match condition("PodScheduled").filter(|scheduled| scheduled.status == "False") {
            Some(scheduled) => {
                let message = scheduled.message.clone().unwrap_or_default();
                let label = scheduled.reason.clone().unwrap_or_else(|| phase.clone());
                return (label, Health::new(HealthState::Degraded, sentence("It found no node", &message)));
            }
            None => Health::new(HealthState::Progressing, "Its containers are being made."),
        },
        "Running" => match condition("Ready").is_some_and(|ready| ready.status == "True") {
            true => Health::healthy(),
            false => Health::new(HealthState::Progressing, "Its containers are not ready yet."),
        },
        "Succeeded" => Health::healthy(),
        "Failed" => {
            let message = status.message.clone().or_else(|| containers.iter().find_map(ended)).unwrap_or_default();
            let label = status.reason.clone().unwrap_or_else(|| phase.clone());
            return (label, Health::new(HealthState::Failed, sentence("It failed", &message)));
        }
        _ => Health::new(HealthState::Unknown, "The node does not say how it does."),
    };
    (phase, health)
}

/// Finds a container that does not get on, and says which and why.
fn stuck(container: &ContainerStatus) -> Option<(String, Health)> {
    let state = container.state.as_ref()?;
    // Between two tries a container that crashes again and again waits for nothing.
    let crashed = state.terminated.as_ref().filter(|ended| ended.exit_code != 0 && container.restart_count > 0);
    if let (Some(crashed), Some(words)) = (crashed, ended(container)) {
        let label = crashed.reason.clone().unwrap_or_else(|| "Error".into());
        let words = format!("{words} It was started again {} times.", container.restart_count);
        return Some((label, Health::new(HealthState::Degraded, words)));
    }
    let waiting = state.waiting.as_ref()?;
    let reason = waiting.reason.as_deref().filter(|reason| is_stuck(reason))?;
    let message = waiting.message.clone().unwrap_or_default();
    let ended = ended(container).map(|ended| format!(" {ended}")).unwrap_or_default();
    let words = sentence(&format!("Container {}: {reason}", container.name), &message);
    Some((reason.to_owned(), Health::new(HealthState::Degraded, format!("{words}{ended}"))))
}

/// Says how a container ended the last time.
fn ended(container: &ContainerStatus) -> Option<String> {
    let of = |state: &Option<k8s_openapi::api::core::v1::ContainerState>| state.as_ref()?.terminated.clone();
    let ended = of(&container.state).or_else(|| of(&container.last_state)).filter(|ended| ended.exit_code != 0)?;
    let reason = ended.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    Some(format!("Container {} ended with code {}{reason}.", container.name, ended.exit_code))
}

fn sentence(what: &str, message: &str) -> String {
    let message = message.trim().trim_end_matches('.');
    if message.is_empty() { format!("{what}.") } else { format!("{what}: {message}.") }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(status: Value, label: &str, state: HealthState, reason: &str) {
        let pod = json!({
            "metadata": { "name": "api-1", "uid": "1" },
            "spec": { "containers": [{ "name": "app" }] },
            "status": status,
        });
        let summary = summarize_pod(&serde_json::from_value(pod).unwrap()).unwrap();
        assert_eq!((summary.status.as_str(), summary.health), (label, Health::new(state, reason)));
    }

    #[test]
    fn a_pod_says_what_holds_it_up() {
        check(
            json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] }),
            "Running",
            HealthState::Healthy,
            "",
        );
        check(json!({ "phase": "Pending" }), "Pending", HealthState::Progressing, "Its containers are being made.");
        check(
            json!({ "phase": "Pending", "conditions": [{
                "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes fit." }] }),
            "Unschedulable",
            HealthState::Degraded,
            "It found no node: 0/3 nodes fit.",
        );
        check(
            json!({ "phase": "Pending", "containerStatuses": [{
                "name": "app", "image": "", "imageID": "", "ready": false, "restartCount": 0,
                "state": { "waiting": { "reason": "ImagePullBackOff", "message": "no such tag" } } }] }),
            "ImagePullBackOff",
            HealthState::Degraded,
            "Container app: ImagePullBackOff: no such tag.",
        );
        check(
            json!({ "phase": "Running", "containerStatuses": [{
                "name": "app", "image": "", "imageID": "", "ready": false, "restartCount": 4,
                "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 40s" } },
                "lastState": { "terminated": { "exitCode": 137, "reason": "OOMKilled" } } }] }),
            "CrashLoopBackOff",
            HealthState::Degraded,
            "Container app: CrashLoopBackOff: back-off 40s. Container app ended with code 137 (OOMKilled).",
        );
        check(
            json!({ "phase": "Running", "containerStatuses": [{
                "name": "app", "image": "", "imageID": "", "ready": false, "restartCount": 2,
                "state": { "terminated": { "exitCode": 1, "reason": "Error" } } }] }),
            "Error",
            HealthState::Degraded,
            "Container app ended with code 1 (Error). It was started again 2 times.",
        );
        check(
            json!({ "phase": "Pending", "initContainerStatuses": [{
                "name": "prepare", "image": "", "imageID": "", "ready": false, "restartCount": 0,
                "state": { "waiting": { "reason": "CreateContainerConfigError", "message": "secret \"db\" not found" } } }] }),
            "CreateContainerConfigError",
            HealthState::Degraded,
            "Container prepare: CreateContainerConfigError: secret \"db\" not found.",
        );
        check(
            json!({ "phase": "Failed", "reason": "Evicted", "message": "disk" }),
            "Evicted",
            HealthState::Failed,
            "It failed: disk.",
        );
        check(json!({}), "Unknown", HealthState::Unknown, "The node does not say how it does.");
    }
}
