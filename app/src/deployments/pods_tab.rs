//! The pods of a Deployment.

use leptos::prelude::*;
use model::workload::PodSummary;

use crate::ui::{Age, EmptyState, HealthBadge};

/// The tab.
#[component]
pub fn PodsTab(pods: Vec<PodSummary>) -> impl IntoView {
    view! {
        <h2>"Pods"</h2>
        <PodTable pods=pods/>
    }
}

/// A row per pod, with the reason where it does not run.
#[component]
pub fn PodTable(pods: Vec<PodSummary>) -> impl IntoView {
    if pods.is_empty() {
        return view! { <EmptyState what="No pod is there. Scale the deployment to have some."/> }.into_any();
    }
    let rows = pods
        .into_iter()
        .map(|pod| {
            // A reason names the phase by itself.
            let phase = pod.health.reason.is_empty().then(|| view! { <span class="muted">{pod.status.clone()}</span> });
            view! {
                <tr>
                    <th scope="row" data-label="Pod" class="name">{pod.name.to_string()}</th>
                    <td data-label="State">
                        <HealthBadge health=pod.health with_reason=true/>
                        " "
                        {phase}
                    </td>
                    <td data-label="Ready" class="number">{format!("{}/{}", pod.ready_containers, pod.containers)}</td>
                    <td data-label="Restarts" class="number">{pod.restarts.to_string()}</td>
                    <td data-label="Node" class="name">{pod.node.unwrap_or_else(|| "none yet".to_owned())}</td>
                    <td data-label="Age">{pod.created_at.map(|at| view! { <Age at=at/> })}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="list pods">
            <thead>
                <tr>
                    <th scope="col">"Pod"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="number">"Ready"</th>
                    <th scope="col" class="number">"Restarts"</th>
                    <th scope="col">"Node"</th>
                    <th scope="col">"Age"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
