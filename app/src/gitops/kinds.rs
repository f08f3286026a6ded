//! The kinds that the API server serves: which are recorded, how their watches do, and why others have no records.

use leptos::prelude::*;
use model::sync::{WatchState, WatchedKind};
use server_fn::ServerFn;

use super::api::SetKindRecorded;
use crate::submission::{PostForm, Submission};
use crate::ui::{Age, EmptyState, Icon, Shape, counted};

/// One line per recorded kind, and a folded list of the others.
#[component]
pub fn KindTable(kinds: Vec<WatchedKind>, may_steer: bool, submission: Submission) -> impl IntoView {
    if kinds.is_empty() {
        return view! { <EmptyState what="No kind is watched yet; the cluster has not answered."/> }.into_any();
    }
    let (recorded, left_out): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|kind| kind.left_out.is_none());
    let decider = may_steer.then_some(submission);
    let count = left_out.len();
    let recorded = recorded.into_iter().map(|kind| recorded_row(kind, decider)).collect_view();
    let left_out = left_out.into_iter().map(|kind| left_out_row(kind, decider)).collect_view();
    view! {
        <table class="list dense">
            <thead>
                <tr>
                    <th scope="col">"Kind"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="number">"Objects"</th>
                    <th scope="col" class="number">"Records"</th>
                    <th scope="col">"Last event"</th>
                    <th scope="col"><span class="hidden-visually">"Actions"</span></th>
                </tr>
            </thead>
            <tbody>{recorded}</tbody>
        </table>
        <details>
            <summary>{format!("{count} kinds have no records")}</summary>
            <table class="list dense">
                <thead>
                    <tr>
                        <th scope="col">"Kind"</th>
                        <th scope="col">"Why"</th>
                        <th scope="col"><span class="hidden-visually">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{left_out}</tbody>
            </table>
        </details>
    }
    .into_any()
}

fn recorded_row(kind: WatchedKind, decider: Option<Submission>) -> impl IntoView {
    let name = kind.kind.qualified();
    view! {
        <tr>
            <th scope="row" data-label="Kind" class="name">{kind.kind.to_string()}</th>
            <td data-label="State">{state(kind.state)}</td>
            <td data-label="Objects" class="number">{kind.objects.to_string()}</td>
            <td data-label="Records" class="number">{kind.records.to_string()}</td>
            <td data-label="Last event">{kind.last_event.map(|at| view! { <Age at=at/> })}</td>
            <td class="actions">{decide(name, "leave_out", "Leave out", decider)}</td>
        </tr>
    }
}

fn left_out_row(kind: WatchedKind, decider: Option<Submission>) -> impl IntoView {
    let name = kind.kind.qualified();
    let kept = (kind.records > 0).then(|| format!(" {} stay as they are.", counted(kind.records.into(), "records")));
    view! {
        <tr>
            <th scope="row" data-label="Kind" class="name">{name.clone()}</th>
            <td data-label="Why">{kind.left_out} {kept}</td>
            <td class="actions">{decide(name, "record", "Record", decider)}</td>
        </tr>
    }
}

/// A button for those who may decide.
fn decide(
    kind: String,
    decision: &'static str,
    words: &'static str,
    decider: Option<Submission>,
) -> Option<impl IntoView> {
    let submission = decider?;
    let label = format!("{words} {kind}");
    Some(view! {
        <PostForm to=SetKindRecorded::PATH submission=submission>
            <input type="hidden" name="kind" value=kind/>
            <input type="hidden" name="decision" value=decision/>
            <button type="submit" class="button small" aria-label=label>{words}</button>
        </PostForm>
    })
}

fn state(state: WatchState) -> impl IntoView {
    let (shape, tone, words, since) = match state {
        WatchState::Off => (Shape::Dots, "muted", "Not watched".to_owned(), None),
        WatchState::Listing => (Shape::Dots, "info", "Listing".to_owned(), None),
        WatchState::Watching => (Shape::Check, "good", "Watching".to_owned(), None),
        WatchState::Away { since, reason } => (Shape::Question, "warn", format!("Unknown: {reason}"), Some(since)),
    };
    view! {
        <span class=format!("status {tone}")>
            <Icon shape=shape/>
            {words}
        </span>
        {since.map(|at| view! { <span class="muted">" since " <Age at=at/></span> })}
    }
}
