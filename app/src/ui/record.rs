//! Where a resource's record stands: icon, word and colour.

use leptos::prelude::*;
use model::sync::{RecordInfo, RecordState};

use super::{Age, Icon, Shape};

/// A record's state, with the reason as tooltip.
#[component]
pub fn RecordBadge(record: RecordInfo) -> impl IntoView {
    let (shape, tone, word) = match (record.state, &record.incomplete) {
        (RecordState::Recorded, Some(_)) => (Shape::Check, "warn", "Recorded in part"),
        (state, _) => look(state),
    };
    let title = Some(record.reason).filter(|reason| !reason.is_empty()).or(record.incomplete);
    view! {
        <span class=format!("status {tone}") title=title>
            <Icon shape=shape/>
            {word}
        </span>
    }
}

/// All of it in words: `Recorded at abc1234, 3 s ago, in clusters/.../api.yaml`, or why not.
#[component]
pub fn RecordLine(record: RecordInfo) -> impl IntoView {
    let ignored = if record.state == RecordState::Ignored { "Not recorded: " } else { "" };
    let reason = (!record.reason.is_empty()).then(|| view! { <p>{ignored} {record.reason.clone()}</p> });
    let commit = record.commit.clone().map(|id| {
        let at = record.at.map(|at| view! { ", " <Age at=at/> });
        view! { " at " <a class="hash" href=format!("/gitops/commits/{id}")>{id.short().to_owned()}</a> {at} }
    });
    let path = record.path.clone().map(|path| view! { ", in " <span class="code">{path}</span> });
    let incomplete = record.incomplete.clone().map(|words| view! { <p class="muted">{words}</p> });
    let left_out = record.left_out.clone().map(|words| view! { <p class="muted">{words}</p> });
    view! {
        <p>
            <RecordBadge record=record/>
            {commit}
            {path}
        </p>
        {reason}
        {incomplete}
        {left_out}
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
