//! One resource's record.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use model::deployment::DeploymentRef;
use model::git::CommitSummary;
use model::record::{RecordDetail, RecordRef};
use model::sync::{RecordInfo, RecordState};
use model::{ErrorKind, Kind, ResourceRef};

use super::api::read_record;
use crate::AppError;
use crate::address::Address;
use crate::failure::FailurePage;
use crate::gitops::CommitTable;
use crate::live::Live;
use crate::reading::{arrived, reading};
use crate::ui::{PageTitle, RecordLine};

/// The page, live.
#[component]
pub fn RecordPage() -> impl IntoView {
    let target = target_in_address();
    let live = Live::sync_counter();
    let record = reading(move || (target.get(), live.get()), |(target, _)| async move { read_record(target?).await });
    view! {
        <Transition>
            {move || Suspend::new(async move {
                match arrived(record).await {
                    Ok(detail) => view! { <Record detail=detail/> }.into_any(),
                    Err(error) => view! { <FailurePage error=error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

fn target_in_address() -> Memo<Result<RecordRef, AppError>> {
    let params = use_params_map();
    Memo::new(move |_| {
        params.with(|params| {
            let part = |name: &str| params.get(name).unwrap_or_default();
            let unknown = |error| AppError::new(ErrorKind::NotFound, format!("There is no such record. {error}"));
            RecordRef::parse(&part("kind"), &part("namespace"), &part("name")).map_err(unknown)
        })
    })
}

#[component]
fn Record(detail: RecordDetail) -> impl IntoView {
    let RecordDetail { resource, record, text, commits } = detail;
    let title = format!("Record of {resource}");
    let namespace = resource.namespace.as_ref().map(|namespace| {
        view! {
            " / "
            <span class="name">{namespace.to_string()}</span>
        }
    });
    let itself = deployment_in(&resource).map(|target| {
        view! {
            <p>
                <a href=crate::deployments::address_of(&target)>"The Deployment itself"</a>
            </p>
        }
    });
    let path = record.path.clone().filter(|_| !commits.is_empty());
    let text = text_view(&record, text);
    view! {
        <PageTitle text=title/>
        <nav class="crumbs" aria-label="Where this is">
            <a href="/gitops/status">"GitOps status"</a>
            " / "
            <span class="name">{resource.kind.qualified()}</span>
            {namespace}
        </nav>
        <h1 class="name">{resource.name.to_string()}</h1>
        {itself}
        <RecordLine record=record/>
        {text}
        {path.map(|path| view! { <Commits commits=commits path=path/> })}
    }
}

/// What the record says; nothing where there is none yet.
fn text_view(record: &RecordInfo, text: Option<String>) -> Option<AnyView> {
    let content = match text {
        Some(text) => view! {
            <pre class="yaml" tabindex="0" role="region" aria-label="Record">
                <code>{text}</code>
            </pre>
        }
        .into_any(),
        None if record.path.is_some() && record.state != RecordState::Waiting => {
            let words =
                "The file cannot be shown: it is too large, is no text, or mentions a Secret and cannot be read.";
            view! { <p class="muted">{words}</p> }.into_any()
        }
        None => return None,
    };
    Some(
        view! {
            <h2>"What it says"</h2>
            {content}
        }
        .into_any(),
    )
}

#[component]
fn Commits(commits: Vec<CommitSummary>, path: String) -> impl IntoView {
    let all = Address::new("/gitops/commits").with("path", &path).to_string();
    view! {
        <h2>"Newest commits"</h2>
        <CommitTable commits=commits/>
        <p>
            <a href=all>"All commits of the file"</a>
        </p>
    }
}

fn deployment_in(resource: &ResourceRef) -> Option<DeploymentRef> {
    let namespace = resource.namespace.clone().filter(|_| resource.kind == Kind::deployment())?;
    Some(DeploymentRef::new(namespace, resource.name.clone()))
}
