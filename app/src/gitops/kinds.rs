//! The kinds that the sync engine follows.

use leptos::prelude::*;
use model::sync::{WatchState, WatchedKind};

use crate::ui::{Age, EmptyState, Icon, Shape};

/// One line per kind.
#[component]
pub fn KindTable(kinds: Vec<WatchedKind>) -> impl IntoView {
    if kinds.is_empty() {
        return view! { <EmptyState what="No kind is watched yet; the cluster has not answered."/> }.into_any();
    }
    let rows = kinds
        .into_iter()
        .map(|kind| {
            view! {
                <tr>
                    <th scope="row" data-label="Kind" class="name">{kind.kind.to_string()}</th>
                    <td data-label="State">{state(kind.state)}</td>
                    <td data-label="Objects" class="number">{kind.objects.to_string()}</td>
                    <td data-label="Last event">{kind.last_event.map(|at| view! { <Age at=at/> })}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">"Kind"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="number">"Objects"</th>
                    <th scope="col">"Last event"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn state(state: WatchState) -> impl IntoView {
    let (shape, tone, words, since) = match state {
        WatchState::Listing => (Shape::Dots, "info", "Listing".to_owned(), None),
        WatchState::Watching => (Shape::Check, "good", "Watching".to_owned(), None),
        WatchState::Away { since, reason } => (Shape::Cross, "bad", format!("Away: {reason}"), Some(since)),
    };
    view! {
        <span class=format!("status {tone}")>
            <Icon shape=shape/>
            {words}
        </span>
        {since.map(|at| view! { <span class="muted">" since " <Age at=at/></span> })}
    }
}
