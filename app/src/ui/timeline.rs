//! What happened, newest first: operation, change, commit and outcome are one row that unfolds.

use std::sync::Arc;

use leptos::prelude::*;
use model::git::CommitId;
use model::history::{Actor, HistoryEntry, OperationState, Recorded};
use model::timestamp::to_second;

use super::{Age, HealthBadge};

/// Returns the address where a commit is open, or where none is.
pub type FoldAddress = Arc<dyn Fn(Option<&CommitId>) -> String + Send + Sync>;

/// How rows show their commit on the spot.
#[derive(Clone)]
pub struct Unfolding {
    /// The commit that is open.
    pub open: Option<CommitId>,
    pub address: FoldAddress,
    /// Draws the open commit.
    pub view: Arc<dyn Fn() -> AnyView + Send + Sync>,
}

/// Rows grouped by day.
#[component]
pub fn Timeline(entries: Vec<HistoryEntry>, #[prop(optional)] unfolding: Option<Unfolding>) -> impl IntoView {
    let mut days: Vec<(String, Vec<HistoryEntry>)> = Vec::new();
    for entry in entries {
        let day: String = to_second(entry.at).chars().take(10).collect();
        match days.last_mut() {
            Some((last, rows)) if *last == day => rows.push(entry),
            _ => days.push((day, vec![entry])),
        }
    }
    days.into_iter()
        .map(|(day, rows)| {
            let rows = rows
                .into_iter()
                .map(|entry| view! { <TimelineRow entry=entry unfolding=unfolding.clone()/> })
                .collect_view();
            view! {
                <section class="day">
                    <h3>{day}</h3>
                    <ol class="timeline">{rows}</ol>
                </section>
            }
        })
        .collect_view()
}

#[component]
fn TimelineRow(entry: HistoryEntry, unfolding: Option<Unfolding>) -> impl IntoView {
    let reason = (!entry.reason.is_empty()).then(|| view! { <p class="reason">{entry.reason.clone()}</p> });
    let outcome = entry.outcome.clone().map(|outcome| {
        view! {
            <p class="outcome">
                <HealthBadge health=outcome.health with_reason=true/>
                <span class="muted">{format!(" after {} s", outcome.seconds)}</span>
            </p>
        }
    });
    view! {
        <li class="timeline-row">
            <span class="when"><Age at=entry.at/></span>
            <span class="who">{actor_words(&entry.actor)}</span>
            <div class="what">
                <p>{entry.summary.clone()}</p>
                {reason}
                {operation_words(entry.operation.as_ref()).map(|words| view! { <p class="muted">{words}</p> })}
                {recorded(&entry.recorded, unfolding.as_ref())}
                {outcome}
            </div>
        </li>
    }
}

/// Says who it was.
fn actor_words(actor: &Actor) -> String {
    match actor {
        Actor::Manager(name) => format!("{name} (outside Denshimon)"),
        Actor::ClusterUser(name) => format!("{name} (user of the cluster)"),
        Actor::Unresolved => "somebody (unresolved)".to_owned(),
        known => known.to_string(),
    }
}

fn operation_words(state: Option<&OperationState>) -> Option<String> {
    match state {
        Some(OperationState::Started) => Some("Handed to Kubernetes, no answer yet.".to_owned()),
        Some(OperationState::Refused(why)) => Some(format!("Refused: {why}")),
        Some(OperationState::Interrupted) => {
            Some("Denshimon ended in between; the cluster shows no trace of it.".to_owned())
        }
        Some(OperationState::Applied) | None => None,
    }
}

fn recorded(recorded: &Recorded, unfolding: Option<&Unfolding>) -> AnyView {
    match recorded {
        Recorded::Commit { id, pushed } => {
            let words = match pushed {
                Some(true) => "pushed",
                Some(false) => "not yet pushed",
                None => "not known whether it is pushed",
            };
            let open = unfolding.is_some_and(|unfolding| unfolding.open.as_ref() == Some(id));
            let fold = unfolding.map(|unfolding| {
                let href = (unfolding.address)(Some(id).filter(|_| !open));
                let words = if open { "hide the diff" } else { "show the diff" };
                view! {
                    " · "
                    <a href=href data-noscroll="true">{words}</a>
                }
            });
            let below = unfolding.filter(|_| open).map(|unfolding| (unfolding.view)());
            view! {
                <p>
                    <a class="hash" href=format!("/gitops/commits/{id}")>{format!("commit {}", id.short())}</a>
                    <span class="muted">{format!(" · {words}")}</span>
                    {fold}
                </p>
                {below}
            }
            .into_any()
        }
        Recorded::Waiting => view! { <p class="muted">"Waiting to be committed."</p> }.into_any(),
        Recorded::Unchanged => view! { <p class="muted">"The record stays the same."</p> }.into_any(),
        Recorded::Never => ().into_any(),
    }
}
