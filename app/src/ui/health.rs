//! How well something does: icon, word and colour.

use leptos::prelude::*;
use model::health::{Health, HealthState};

use super::{Icon, Shape};

/// A state; its reason stands beside it when it is asked for, and is in the tooltip otherwise.
#[component]
pub fn HealthBadge(health: Health, #[prop(optional)] with_reason: bool) -> impl IntoView {
    let (shape, tone) = look(health.state);
    let reason = (with_reason && !health.reason.is_empty())
        .then(|| view! { <span class="status-reason">{health.reason.clone()}</span> });
    let title = (!with_reason && !health.reason.is_empty()).then(|| health.reason.clone());
    view! {
        <span class="status-line">
            <span class=format!("status {tone}") title=title>
                <Icon shape=shape/>
                {health.state.to_string()}
            </span>
            {reason}
        </span>
    }
}

fn look(state: HealthState) -> (Shape, &'static str) {
    match state {
        HealthState::Healthy => (Shape::Check, "good"),
        HealthState::Suspended => (Shape::Pause, "quiet"),
        HealthState::Progressing => (Shape::Dots, "info"),
        HealthState::Unknown => (Shape::Question, "quiet"),
        HealthState::Degraded => (Shape::Warning, "warn"),
        HealthState::Failed => (Shape::Cross, "bad"),
    }
}
