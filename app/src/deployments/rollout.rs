//! The rollout as it happens: a bar for each ReplicaSet.

use leptos::prelude::*;
use model::deployment::DeploymentDetail;
use model::workload::ReplicaSetSummary;

use super::version_of;

/// Bars of the current ReplicaSet and of those that still have pods, newest first.
#[component]
pub fn Rollout(detail: DeploymentDetail) -> impl IntoView {
    let most = detail.replica_sets.iter().map(|set| set.desired).chain([detail.summary.desired, 1]).max().unwrap_or(1);
    let bars = detail
        .replica_sets
        .iter()
        .filter(|set| set.current || set.desired > 0)
        .map(|set| view! { <Bar set=set.clone() most=most/> })
        .collect_view();
    let words = format!(
        "Revision {} · {} of {} updated · {} available · {}",
        detail.revision, detail.updated, detail.summary.desired, detail.available, detail.strategy
    );
    view! {
        <p class="muted">{words}</p>
        <ul class="rollout">{bars}</ul>
    }
}

#[component]
fn Bar(set: ReplicaSetSummary, most: u32) -> impl IntoView {
    let versions = set.images.iter().map(|image| version_of(image)).collect::<Vec<_>>().join(", ");
    let which = if set.current { "new" } else { "old" };
    let words = format!("{}/{} ready", set.ready, set.desired);
    let class = if set.current { "bar current" } else { "bar" };
    view! {
        <li>
            <span class="bar-name">
                {format!("{which}, revision {}, ", set.revision)} <span class="image">{versions}</span>
            </span>
            <svg class=class viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                <rect class="bar-ground" x="0" y="0" width="100" height="6"></rect>
                <rect class="bar-desired" x="0" y="0" width=percent(set.desired, most) height="6"></rect>
                <rect class="bar-ready" x="0" y="0" width=percent(set.ready, most) height="6"></rect>
            </svg>
            <span class="number">{words}</span>
        </li>
    }
}

/// Returns a part of a whole as a number up to 100.
fn percent(part: u32, whole: u32) -> String {
    (u64::from(part.min(whole)) * 100 / u64::from(whole.max(1))).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_never_leaves_its_ground() {
        let parts = [(0, 5, "0"), (3, 5, "60"), (7, 5, "100"), (1, 0, "0"), (u32::MAX, u32::MAX, "100")];
        for (part, whole, expect) in parts {
            assert_eq!(percent(part, whole), expect);
        }
    }
}
