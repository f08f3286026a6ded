//! The page one opens first.

use leptos::prelude::*;
use model::deployment::DeploymentSummary;
use model::health::HealthState;
use model::sync::SyncStatus;

use super::api::{HomeData, read_home};
use crate::deployments::address_of;
use crate::failure::{FailureNote, FailurePage};
use crate::layout::chip_words;
use crate::live::Live;
use crate::reading::{arrived, reading};
use crate::ui::{Age, EmptyState, HealthBadge, Icon, PageTitle, Shape, Timeline};

/// Three questions and their answers.
#[component]
pub fn HomePage() -> impl IntoView {
    let live = Live::page_counter();
    let home = reading(move || live.get(), |_| read_home());
    view! {
        <PageTitle text="Home"/>
        <h1>"Home"</h1>
        <Transition>
            {move || Suspend::new(async move {
                match arrived(home).await {
                    Ok(home) => view! { <Blocks home=home/> }.into_any(),
                    Err(error) => view! { <FailurePage error=error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Blocks(home: HomeData) -> impl IntoView {
    let wrong = match home.worst {
        Ok(page) => view! { <WrongNow worst=page.items/> }.into_any(),
        Err(error) => view! { <FailureNote error=error/> }.into_any(),
    };
    let lately = match home.lately {
        Ok(entries) if entries.is_empty() => {
            view! { <EmptyState what="Nothing has changed since Denshimon began to watch."/> }.into_any()
        }
        Ok(entries) => view! { <Timeline entries=entries/> }.into_any(),
        Err(error) => view! { <FailureNote error=error/> }.into_any(),
    };
    let sync = match home.sync {
        Ok(status) => view! { <InStep status=status/> }.into_any(),
        Err(error) => view! { <FailureNote error=error/> }.into_any(),
    };
    view! {
        <section>
            <h2>"Wrong now"</h2>
            {wrong}
        </section>
        <section>
            <h2>"In step?"</h2>
            {sync}
        </section>
        <section>
            <h2>"Changed lately"</h2>
            {lately}
        </section>
    }
}

#[component]
fn WrongNow(worst: Vec<DeploymentSummary>) -> impl IntoView {
    let rows: Vec<_> = worst
        .into_iter()
        .filter(|row| row.health.state > HealthState::Progressing)
        .map(|row| {
            let since = row.changed_at.map(|at| view! { <span class="muted">"last changed " <Age at=at/></span> });
            view! {
                <li>
                    <a class="name" href=address_of(&row.target)>{row.target.to_string()}</a>
                    <HealthBadge health=row.health with_reason=true/>
                    {since}
                </li>
            }
        })
        .collect();
    if rows.is_empty() {
        view! {
            <p class="status good">
                <Icon shape=Shape::Check/>
                "No Deployment is unhealthy."
            </p>
        }
        .into_any()
    } else {
        view! { <ul class="wrong">{rows}</ul> }.into_any()
    }
}

#[component]
fn InStep(status: SyncStatus) -> impl IntoView {
    let (shape, tone, words) = chip_words(&status.chip);
    let push = status.repository.last_push.map(|push| view! { <p class="muted">"Last push " <Age at=push.at/></p> });
    let lag = status.lag_milliseconds.map(|lag| format!("The newest change was committed {lag} ms after it was seen."));
    view! {
        <p class=format!("status {tone}")>
            <Icon shape=shape/>
            {words}
        </p>
        {push}
        <p class="muted">{lag}</p>
        <p>
            <a href="/gitops/status">"GitOps status"</a>
        </p>
    }
}
