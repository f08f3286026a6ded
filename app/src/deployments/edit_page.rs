//! A change to a Deployment: a form or YAML, then the preview, then Apply.

use leptos::prelude::*;
use model::deployment::{DeploymentChange, DeploymentRef, Preview};
use server_fn::ServerFn;

use super::address_of;
use super::api::{read_deployment_form, read_deployment_yaml};
use super::detail_page::target_in_address;
use super::draft_api::{ApplyDraft, DraftReview, SaveDraft, SaveYamlDraft, review_draft};
use super::draft_review::DraftReviewPanel;
use super::form::{EditOf, Typed, TypedForm, TypedView};
use super::new_page::Step;
use crate::AppError;
use crate::failure::{FailureNote, FailurePage};
use crate::reading::{arrived, reading};
use crate::submission::Submission;
use crate::ui::PageTitle;

/// What the page is about to show.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Shown {
    Preview { id: String, yaml: bool, preview: Preview },
    Typed { typed: Typed, resource_version: String },
    Undo { id: String, preview: Result<Preview, AppError> },
}

/// The page; a rollout is taken back by way of it, too.
#[component]
pub fn EditPage() -> impl IntoView {
    let typing = Submission::of(&[SaveDraft::PATH, SaveYamlDraft::PATH]);
    let applying = Submission::of(&[ApplyDraft::PATH]);
    let step = Step::in_address();
    let target = target_in_address();
    // What is refused is previewed anew, since it may stand on something else by now.
    let shown = reading(
        move || (target.get(), step.get(), applying.refusals()),
        |(target, step, _)| async move { read(target?, step).await },
    );
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
                        let verb = if matches!(shown, Shown::Undo { .. }) { "Undo a rollout of " } else { "Edit " };
                        let content = content(&target, &step.get_untracked(), shown, (typing, applying));
                        view! {
                            <nav class="crumbs" aria-label="Where this is">
                                <a href="/deployments">"Deployments"</a>
                                " / "
                                <a class="name" href=page>{target.to_string()}</a>
                            </nav>
                            <h1>{verb} <span class="name">{target.name.to_string()}</span></h1>
                            {content}
                        }
                            .into_any()
                    }
                    (Err(error), _) | (_, Err(error)) => view! { <FailurePage error=error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

fn content(target: &DeploymentRef, step: &Step, shown: Shown, (typing, applying): (Submission, Submission)) -> AnyView {
    let page = address_of(target);
    match shown {
        Shown::Preview { id, yaml, preview } => {
            let back = Step { again: true, yaml, ..step.clone() }.address(&format!("{page}/edit"));
            view! { <DraftReviewPanel id=id preview=preview back=back submission=applying/> }.into_any()
        }
        Shown::Typed { typed, resource_version } => {
            let edit = EditOf { target: target.to_string(), resource_version };
            view! { <TypedForm submission=typing typed=typed edit=edit/> }.into_any()
        }
        Shown::Undo { id, preview } => {
            let words = "Choose another revision";
            let title = format!("Undo a rollout of {target}");
            let content = match preview {
                Ok(preview) => view! {
                    <DraftReviewPanel id=id preview=preview back=page back_words=words submission=applying/>
                }
                .into_any(),
                Err(error) => view! {
                    <FailureNote error=error/>
                    <p>
                        <a href=page>{words}</a>
                    </p>
                }
                .into_any(),
            };
            view! {
                <PageTitle text=title/>
                {content}
            }
            .into_any()
        }
    }
}

/// What was typed when there is a draft, else the live Deployment.
async fn read(target: DeploymentRef, step: Step) -> Result<Shown, AppError> {
    if !step.draft.is_empty() {
        return review_draft(step.draft.clone()).await.and_then(|review| of_draft(review, &step));
    }
    let (values, resource_version) = read_deployment_form(target.clone()).await?;
    let view =
        if step.yaml { TypedView::Yaml(read_deployment_yaml(target).await?) } else { TypedView::Fields(values.into()) };
    Ok(Shown::Typed { typed: Typed::new(view), resource_version })
}

fn of_draft(review: DraftReview, step: &Step) -> Result<Shown, AppError> {
    let yaml = matches!(review.draft.change, DeploymentChange::EditYaml(..));
    match review {
        DraftReview { draft, preview, .. } if matches!(draft.change, DeploymentChange::Undo(..)) => {
            Ok(Shown::Undo { id: draft.id, preview })
        }
        DraftReview { draft, preview: Ok(preview), .. } if !step.again => {
            Ok(Shown::Preview { id: draft.id, yaml, preview })
        }
        review => {
            let resource_version = review.draft.resource_version.clone().unwrap_or_default();
            Ok(Shown::Typed { typed: Typed::of(review, step.yaml)?, resource_version })
        }
    }
}
