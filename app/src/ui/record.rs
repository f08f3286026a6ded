//! Where a resource's record stands: icon, word and colour.

use leptos::prelude::*;
use model::sync::{RecordInfo, RecordState};

use super::{Icon, Shape};

/// A record's state, with the reason as tooltip.
#[component]
pub fn RecordBadge(record: RecordInfo) -> impl IntoView {
    let (shape, tone, word) = look(record.state);
    let title = (!record.reason.is_empty()).then(|| record.reason.clone());
    view! {
        <span class=format!("status {tone}") title=title>
            <Icon shape=shape/>
            {word}
        </span>
    }
}

fn look(state: RecordState) -> (Shape, &'static str, &'static str) {
    match state {
        RecordState::Recorded => (Shape::Check, "good", "Recorded"),
        RecordState::Waiting => (Shape::Dots, "info", "Waiting"),
        RecordState::Drifted => (Shape::Warning, "warn", "Drifted"),
        RecordState::Enforced => (Shape::Check, "good", "Enforced"),
        RecordState::Ignored => (Shape::Pause, "quiet", "Ignored"),
        RecordState::Blocked => (Shape::Cross, "bad", "Blocked"),
        RecordState::Unknown => (Shape::Question, "quiet", "Unknown"),
    }
}
