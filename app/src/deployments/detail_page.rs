//! One Deployment: what it is called and how it does, what can be done to it, and one of its tabs.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use model::ErrorKind;
use model::deployment::{DeploymentDetail, DeploymentRef};

use super::actions::{DeploymentActions, QuickActions, WriteProblems};
use super::address_of;
use super::api::read_deployment;
use super::events_tab::EventsTab;
use super::history_tab::HistoryTab;
use super::overview_tab::OverviewTab;
use super::pods_tab::PodsTab;
use super::undo_bar::UndoBar;
use super::yaml_tab::YamlTab;
use crate::AppError;
use crate::failure::FailurePage;
use crate::live::Live;
use crate::ui::{Age, HealthBadge, PageTitle, TabLink, Tabs};

/// The tabs, each a page of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Overview,
    Pods,
    Events,
    Yaml,
    History,
}

impl Tab {
    const ALL: [Self; 5] = [Self::Overview, Self::Pods, Self::Events, Self::Yaml, Self::History];

    fn words(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Pods => "Pods",
            Self::Events => "Events",
            Self::Yaml => "YAML",
            Self::History => "History",
        }
    }

    fn href(self, target: &DeploymentRef) -> String {
        let page = address_of(target);
        match self {
            Self::Overview => page,
            Self::Pods => format!("{page}/pods"),
            Self::Events => format!("{page}/events"),
            Self::Yaml => format!("{page}/yaml"),
            Self::History => format!("{page}/history"),
        }
    }
}

/// Reads which Deployment the address names.
pub fn target_in_address() -> Memo<Result<DeploymentRef, AppError>> {
    let params = use_params_map();
    Memo::new(move |_| {
        params.with(|params| {
            let part = |name: &str| params.get(name).unwrap_or_default();
            let target = part("namespace")
                .parse()
                .and_then(|namespace| part("name").parse().map(|name| DeploymentRef::new(namespace, name)));
            target.map_err(|error| AppError::new(ErrorKind::NotFound, format!("There is no such deployment. {error}")))
        })
    })
}

/// The page, live.
#[component]
pub fn DeploymentPage(tab: Tab) -> impl IntoView {
    let actions = DeploymentActions::new();
    let target = target_in_address();
    let live = Live::page_counter();
    let detail = Resource::new_blocking(
        move || (target.get(), live.get()),
        |(target, _)| async move { read_deployment(target?).await },
    );
    let title = Signal::derive(move || match target.get() {
        Ok(target) => format!("{target} {}", tab.words()),
        Err(_) => "Not found".to_owned(),
    });
    view! {
        <PageTitle text=title/>
        <UndoBar/>
        <WriteProblems actions=actions/>
        <Transition>
            {move || Suspend::new(async move {
                match (target.get_untracked(), detail.await) {
                    (Ok(target), Ok(detail)) => {
                        view! {
                            <Head detail=detail.clone() actions=actions/>
                            <Tabs label="Parts of the deployment" tabs=tabs(&target, tab)/>
                            <TabContent tab=tab target=target detail=detail/>
                        }
                            .into_any()
                    }
                    // What is gone still has a history.
                    (Ok(target), Err(error)) if tab == Tab::History => {
                        view! {
                            <h1 class="name">{target.to_string()}</h1>
                            <p class="muted">{error.error.message}</p>
                            <HistoryTab target=target/>
                        }
                            .into_any()
                    }
                    (Ok(target), Err(error)) => {
                        let history = Tab::History.href(&target);
                        view! {
                            <FailurePage error=error/>
                            <p>
                                <a href=history>"See its history"</a>
                            </p>
                        }
                            .into_any()
                    }
                    (Err(error), _) => view! { <FailurePage error=error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Head(detail: DeploymentDetail, actions: DeploymentActions) -> impl IntoView {
    let summary = detail.summary.clone();
    let target = summary.target.clone();
    let namespace = target.namespace.to_string();
    let list = crate::address::Address::new("/deployments").with("namespace", &namespace).to_string();
    let changed = summary.changed_at.map(|at| {
        let by = summary.changed_by.clone().map(|by| format!(" by {by}"));
        view! { <span class="muted">"changed " <Age at=at/> {by}</span> }
    });
    let images = summary.images.iter().map(|image| view! { <span class="image">{image.clone()}</span> }).collect_view();
    view! {
        <nav class="crumbs" aria-label="Where this is">
            <a href="/deployments">"Deployments"</a>
            " / "
            <a class="name" href=list>{namespace}</a>
        </nav>
        <div class="page-head">
            <h1 class="name">{target.name.to_string()}</h1>
            <QuickActions detail=detail actions=actions/>
        </div>
        <div class="facts">
            <HealthBadge health=summary.health with_reason=true/>
            <span class="number">{format!("{}/{} ready", summary.ready, summary.desired)}</span>
            {images}
            {changed}
        </div>
    }
}

#[component]
fn TabContent(tab: Tab, target: DeploymentRef, detail: DeploymentDetail) -> impl IntoView {
    match tab {
        Tab::Overview => view! { <OverviewTab detail=detail/> }.into_any(),
        Tab::Pods => view! { <PodsTab pods=detail.pods/> }.into_any(),
        Tab::Events => view! { <EventsTab target=target/> }.into_any(),
        Tab::Yaml => view! { <YamlTab target=target/> }.into_any(),
        Tab::History => view! { <HistoryTab target=target/> }.into_any(),
    }
}

fn tabs(target: &DeploymentRef, current: Tab) -> Vec<TabLink> {
    let link = |tab: Tab| TabLink { words: tab.words(), href: tab.href(target), current: tab == current };
    Tab::ALL.map(link).into()
}
