//! A change to a Deployment: a form or YAML, then the preview, then Apply.

use leptos::prelude::*;
use model::deployment::{DeploymentChange, DeploymentForm, DeploymentRef, Preview};
use server_fn::ServerFn;

use super::address_of;
use super::api::{read_deployment_form, read_deployment_yaml};
use super::detail_page::target_in_address;
use super::draft_api::{ApplyDraft, SaveDraft, SaveYamlDraft, review_draft};
use super::draft_review::DraftReviewPanel;
use super::form::{EditOf, FieldsForm, YamlForm};
use super::new_page::Step;
use crate::AppError;
use crate::failure::FailurePage;
use crate::reading::{arrived, reading};
use crate::submission::Submission;
use crate::ui::{PageTitle, Tabs};

/// What the page is about to show.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Shown {
    Preview { id: String, yaml: bool, preview: Preview },
    Fields { values: DeploymentForm, resource_version: String, problem: Option<AppError> },
    Yaml { text: String, resource_version: String, problem: Option<AppError> },
}

/// The page.
#[component]
pub fn EditPage() -> impl IntoView {
    let submission = Submission::of(&[SaveDraft::PATH, SaveYamlDraft::PATH, ApplyDraft::PATH]);
    let step = Step::in_address();
    let target = target_in_address();
    let shown = reading(move || (target.get(), step.get()), |(target, step)| async move { read(target?, step).await });
    let title = Signal::derive(move || match target.get() {
        Ok(target) => format!("Edit {target}"),
        Err(_) => "Not found".to_owned(),
    });
    view! {
        <PageTitle text=title/>
        <Transition>
            {move || Suspend::new(async move {
                match (target.get_untracked(), arrived(shown).await) {
                    (Ok(target), Ok(shown)) => {
                        let page = address_of(&target);
                        view! {
                            <nav class="crumbs" aria-label="Where this is">
                                <a href="/deployments">"Deployments"</a>
                                " / "
                                <a class="name" href=page>{target.to_string()}</a>
                            </nav>
                            <h1>"Edit " <span class="name">{target.name.to_string()}</span></h1>
                            {content(&target, &step.get_untracked(), shown, submission)}
                        }
                            .into_any()
                    }
                    (Err(error), _) | (_, Err(error)) => view! { <FailurePage error=error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

fn content(target: &DeploymentRef, step: &Step, shown: Shown, submission: Submission) -> AnyView {
    let path = format!("{}/edit", address_of(target));
    let edit = |resource_version| EditOf { target: target.to_string(), resource_version };
    let tabs = view! { <Tabs label="Ways to describe it" tabs=step.tabs(&path)/> };
    match shown {
        Shown::Preview { id, yaml, preview } => {
            let back = Step { again: true, yaml, ..step.clone() }.address(&path);
            view! { <DraftReviewPanel id=id preview=preview back=back submission=submission/> }.into_any()
        }
        Shown::Fields { values, resource_version, problem } => {
            let edit = edit(resource_version);
            view! { {tabs} <FieldsForm submission=submission values=values edit=edit problem=problem/> }.into_any()
        }
        Shown::Yaml { text, resource_version, problem } => {
            let edit = edit(resource_version);
            view! { {tabs} <YamlForm submission=submission text=text edit=edit problem=problem/> }.into_any()
        }
    }
}

/// What was typed when there is a draft of this view, else the live Deployment.
async fn read(target: DeploymentRef, step: Step) -> Result<Shown, AppError> {
    if !step.draft.is_empty() {
        let review = review_draft(step.draft.clone()).await?;
        let resource_version = review.draft.resource_version.clone().unwrap_or_default();
        match (review.draft.change, review.preview) {
            (change, Ok(preview)) if !step.again => {
                let yaml = matches!(change, DeploymentChange::EditYaml(..));
                return Ok(Shown::Preview { id: review.draft.id, yaml, preview });
            }
            (DeploymentChange::EditForm(_, values), preview) if !step.yaml => {
                return Ok(Shown::Fields { values, resource_version, problem: preview.err() });
            }
            (DeploymentChange::EditYaml(_, text), preview) if step.yaml => {
                return Ok(Shown::Yaml { text, resource_version, problem: preview.err() });
            }
            _ => {}
        }
    }
    let (values, resource_version) = read_deployment_form(target.clone()).await?;
    if step.yaml {
        let text = read_deployment_yaml(target).await?;
        Ok(Shown::Yaml { text, resource_version, problem: None })
    } else {
        Ok(Shown::Fields { values, resource_version, problem: None })
    }
}
