//! What Kubernetes says about a Deployment, its ReplicaSets and pods.

use leptos::prelude::*;
use model::deployment::DeploymentRef;
use model::event::EventSummary;

use super::api::list_deployment_events;
use crate::AppError;
use crate::failure::FailureNote;
use crate::live::Live;
use crate::reading::{Reading, arrived, reading};
use crate::ui::{Age, EmptyState, Icon, Shape};

/// What the tab reads.
#[derive(Clone, Copy)]
pub struct EventsSource(Reading<Result<Vec<EventSummary>, AppError>>);

impl EventsSource {
    /// Begins to read; call it outside of what waits for other resources.
    pub fn new(target: Memo<Result<DeploymentRef, AppError>>) -> Self {
        let live = Live::page_counter();
        Self(reading(
            move || (target.get(), live.get()),
            |(target, _)| async move { list_deployment_events(target?).await },
        ))
    }

    /// Shows the events.
    pub async fn view(self) -> AnyView {
        let events = match arrived(self.0).await {
            Ok(events) => view! { <EventTable events=events/> }.into_any(),
            Err(error) => view! { <FailureNote error=error/> }.into_any(),
        };
        view! {
            <h2>"Events"</h2>
            {events}
        }
        .into_any()
    }
}

#[component]
fn EventTable(events: Vec<EventSummary>) -> impl IntoView {
    if events.is_empty() {
        return view! { <EmptyState what="Kubernetes has nothing to say; it forgets events after an hour."/> }
            .into_any();
    }
    let rows = events
        .into_iter()
        .map(|event| {
            let (shape, tone, word) =
                if event.warning { (Shape::Warning, "warn", "Warning") } else { (Shape::Check, "quiet", "Normal") };
            view! {
                <tr>
                    <td data-label="Kind">
                        <span class=format!("status {tone}")>
                            <Icon shape=shape/>
                            {word}
                        </span>
                    </td>
                    <td data-label="Seen">{event.last_seen.map(|at| view! { <Age at=at/> })}</td>
                    <td data-label="About" class="name">{event.object}</td>
                    <td data-label="Reason">{event.reason}</td>
                    <td data-label="Message">{event.message}</td>
                    <td data-label="Count" class="number">{event.count.to_string()}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="list events">
            <thead>
                <tr>
                    <th scope="col">"Kind"</th>
                    <th scope="col">"Seen"</th>
                    <th scope="col">"About"</th>
                    <th scope="col">"Reason"</th>
                    <th scope="col">"Message"</th>
                    <th scope="col" class="number">"Count"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
