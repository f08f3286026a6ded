//! How a Deployment does: the rollout, conditions in words, containers, what leads to it, its record.

use leptos::prelude::*;
use model::deployment::{Condition, DeploymentDetail};

use super::containers::Containers;
use super::pods_tab::PodTable;
use super::rollout::Rollout;
use crate::ui::{Age, RecordLine};

/// The first tab.
#[component]
pub fn OverviewTab(detail: DeploymentDetail) -> impl IntoView {
    let conditions = detail.conditions.iter().map(condition_row).collect_view();
    let services = if detail.services.is_empty() {
        view! { <p class="muted">"No Service leads to its pods."</p> }.into_any()
    } else {
        let items = detail.services.iter().map(|name| view! { <li class="name">{name.clone()}</li> }).collect_view();
        view! { <ul>{items}</ul> }.into_any()
    };
    let labels = detail
        .labels
        .iter()
        .map(|(key, value)| view! { <li class="code">{format!("{key}={value}")}</li> })
        .collect_view();
    view! {
        <section>
            <h2>"Rollout"</h2>
            <Rollout detail=detail.clone()/>
        </section>
        <section>
            <h2>"Pods"</h2>
            <PodTable pods=detail.pods.clone()/>
        </section>
        <section>
            <h2>"Conditions"</h2>
            <ul class="conditions">{conditions}</ul>
        </section>
        <section>
            <h2>"Containers"</h2>
            <Containers containers=detail.containers.clone()/>
        </section>
        <div class="columns">
            <section>
                <h2>"Services"</h2>
                {services}
            </section>
            <section>
                <h2>"Labels"</h2>
                <ul>{labels}</ul>
            </section>
            <section>
                <h2>"Record"</h2>
                <RecordLine record=detail.summary.record/>
            </section>
        </div>
    }
}

fn condition_row(condition: &Condition) -> impl IntoView + use<> {
    let since = condition.changed_at.map(|at| view! { <span class="muted">" since " <Age at=at/></span> });
    let words = condition_words(condition);
    let message = condition.message.clone();
    view! {
        <li>
            <p>{words} {since}</p>
            <p class="muted">{message}</p>
        </li>
    }
}

/// Says in words what a condition means.
fn condition_words(condition: &Condition) -> String {
    let holds = condition.status == "True";
    match (condition.name.as_str(), holds) {
        ("Available", true) => "Enough pods serve.".to_owned(),
        ("Available", false) => "Too few pods serve.".to_owned(),
        ("Progressing", true) if condition.reason == "NewReplicaSetAvailable" => "The rollout is done.".to_owned(),
        ("Progressing", true) => "The rollout goes on.".to_owned(),
        ("Progressing", false) if condition.reason == "ProgressDeadlineExceeded" => {
            "The rollout has not got further within its deadline.".to_owned()
        }
        ("Progressing", _) if condition.reason == "DeploymentPaused" => "The rollout is paused.".to_owned(),
        ("ReplicaFailure", true) => "Pods cannot be made.".to_owned(),
        (name, _) => format!("{name} is {} ({}).", condition.status, condition.reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_told_in_words() {
        let condition = |name: &str, status: &str, reason: &str| Condition {
            name: name.into(),
            status: status.into(),
            reason: reason.into(),
            message: String::new(),
            changed_at: None,
        };
        let words = [
            (condition("Available", "False", "MinimumReplicasUnavailable"), "Too few pods serve."),
            (condition("Progressing", "True", "NewReplicaSetAvailable"), "The rollout is done."),
            (
                condition("Progressing", "False", "ProgressDeadlineExceeded"),
                "The rollout has not got further within its deadline.",
            ),
            (condition("Odd", "Unknown", "Because"), "Odd is Unknown (Because)."),
        ];
        for (condition, expect) in words {
            assert_eq!(condition_words(&condition), expect);
        }
    }
}
