//! One Deployment: what it is called and how it does, what can be done to it, and one of its tabs.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use model::ErrorKind;
use model::deployment::{DeploymentDetail, DeploymentRef};

use super::actions::{QUICK_PATHS, Quick, QuickActions};
use super::address_of;
use super::api::read_deployment;
use super::events_tab::EventsSource;
use super::history_tab::HistorySource;
use super::overview_tab::OverviewTab;
use super::pods_tab::PodsTab;
use super::undo_bar::UndoBar;
use super::yaml_tab::YamlSource;
use crate::AppError;
use crate::failure::FailurePage;
use crate::live::Live;
use crate::reading::once_read;
use crate::reading::{arrived, reading};
use crate::submission::Submission;
use crate::ui::{Age, FormErrors, HealthBadge, PageTitle, TabLink, Tabs};

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
    let submission = Submission::of(&QUICK_PATHS);
    let target = target_in_address();
    let live = Live::page_counter();
    let detail =
        reading(move || (target.get(), live.get()), |(target, _)| async move { read_deployment(target?).await });
    let source = TabSource::new(tab, target);
    let title = Signal::derive(move || match target.get() {
        Ok(target) => format!("{target} {}", tab.words()),
        Err(_) => "Not found".to_owned(),
    });
    view! {
        <PageTitle text=title/>
        <UndoBar submission=submission/>
        <FormErrors form="quick" problem=submission.problem()/>
        <Transition>
            {move || once_read(detail, move || {
                let quick = Memo::new(move |before: Option<&Option<Quick>>| match detail.get()? {
                    Ok(detail) => Some(Quick::of(&detail)),
                    // What is typed in a menu outlives the session.
                    Err(error) if error.error.kind == ErrorKind::NotSignedIn => before.cloned().flatten(),
                    Err(_) => None,
                });
                move || quick.get().map(|quick| view! { <PageHead quick=quick submission=submission/> })
            })}
        </Transition>
        <Transition>
            {move || Suspend::new(async move {
                match (target.get_untracked(), arrived(detail).await) {
                    (Ok(target), Ok(detail)) => {
                        let content = source.view(target.clone(), detail.clone()).await;
                        // The overview says it with the rest of the record.
                        let incomplete = detail.summary.record.incomplete.clone().filter(|_| tab != Tab::Overview);
                        view! {
                            <Facts detail=detail/>
                            {incomplete.map(|words| view! { <p class="muted">{words}</p> })}
                            <Tabs label="Parts of the deployment" tabs=tabs(&target, tab)/>
                            {content}
                        }
                            .into_any()
                    }
                    (Ok(target), Err(error)) => {
                        // What is gone still has a history.
                        if let TabSource::History(history) = source {
                            let content = history.view(target.clone()).await;
                            return view! {
                                <h1 class="name">{target.to_string()}</h1>
                                <p class="muted">{error.error.message}</p>
                                {content}
                            }
                                .into_any();
                        }
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
fn PageHead(quick: Quick, submission: Submission) -> impl IntoView {
    let target = quick.target.clone();
    let namespace = target.namespace.to_string();
    let list = crate::address::Address::new("/deployments").with("namespace", &namespace).to_string();
    view! {
        <nav class="crumbs" aria-label="Where this is">
            <a href="/deployments">"Deployments"</a>
            " / "
            <a class="name" href=list>{namespace}</a>
        </nav>
        <div class="page-head">
            <h1 class="name">{target.name.to_string()}</h1>
            <QuickActions quick=quick submission=submission/>
        </div>
    }
}

#[component]
fn Facts(detail: DeploymentDetail) -> impl IntoView {
    let summary = detail.summary;
    let changed = summary.changed_at.map(|at| {
        let by = summary.changed_by.clone().map(|by| format!(" by {by}"));
        view! { <span class="muted">"changed " <Age at=at/> {by}</span> }
    });
    let images = summary.images.iter().map(|image| view! { <span class="image">{image.clone()}</span> }).collect_view();
    view! {
        <div class="facts">
            <HealthBadge health=summary.health with_reason=true/>
            <span class="number">{format!("{}/{} ready", summary.ready, summary.desired)}</span>
            {images}
            {changed}
        </div>
    }
}

/// What a tab shows besides the Deployment itself.
///
/// Made once with the page: resources that are made while others are awaited are numbered by when those arrive, and the
/// browser would take the wrong one's data for its own.
#[derive(Clone, Copy)]
enum TabSource {
    Overview,
    Pods,
    Events(EventsSource),
    Yaml(YamlSource),
    History(HistorySource),
}

impl TabSource {
    fn new(tab: Tab, target: Memo<Result<DeploymentRef, AppError>>) -> Self {
        match tab {
            Tab::Overview => Self::Overview,
            Tab::Pods => Self::Pods,
            Tab::Events => Self::Events(EventsSource::new(target)),
            Tab::Yaml => Self::Yaml(YamlSource::new(target)),
            Tab::History => Self::History(HistorySource::new(target)),
        }
    }

    async fn view(self, target: DeploymentRef, detail: DeploymentDetail) -> AnyView {
        match self {
            Self::Overview => view! { <OverviewTab detail=detail/> }.into_any(),
            Self::Pods => view! { <PodsTab pods=detail.pods/> }.into_any(),
            Self::Events(events) => events.view().await,
            Self::Yaml(yaml) => yaml.view(target).await,
            Self::History(history) => history.view(target).await,
        }
    }
}

fn tabs(target: &DeploymentRef, current: Tab) -> Vec<TabLink> {
    let link = |tab: Tab| TabLink { words: tab.words(), href: tab.href(target), current: tab == current };
    Tab::ALL.map(link).into()
}
