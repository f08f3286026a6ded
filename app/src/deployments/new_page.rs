//! A new Deployment: a form or YAML, then the preview, then Apply.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use model::deployment::{DeploymentChange, DeploymentForm};
use server_fn::ServerFn;

use super::draft_api::{ApplyDraft, DraftReview, SaveDraft, SaveYamlDraft, review_draft};
use super::draft_review::DraftReviewPanel;
use super::form::{EditOf, Typed, TypedForm, TypedView};
use crate::AppError;
use crate::address::Address;
use crate::failure::FailurePage;
use crate::reading::{arrived, reading};
use crate::submission::Submission;
use crate::ui::PageTitle;

/// What an empty form is as YAML.
const BLANK: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: ''
  namespace: ''
  labels:
    app.kubernetes.io/name: ''
spec:
  replicas: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: ''
  template:
    metadata:
      labels:
        app.kubernetes.io/name: ''
    spec:
      containers:
      - name: app
        image: ''
";

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// The draft that was kept; empty for none yet.
    pub draft: String,
    pub yaml: bool,
    /// Back from the preview to what was typed.
    pub again: bool,
    /// The namespace to begin with.
    pub namespace: String,
}

impl Step {
    /// Reads the address.
    pub(super) fn in_address() -> Memo<Self> {
        let query = use_query_map();
        Memo::new(move |_| {
            query.with(|query| Self {
                draft: query.get("draft").unwrap_or_default(),
                yaml: query.get_str("view") == Some("yaml"),
                again: query.get_str("again") == Some("1"),
                namespace: query.get("namespace").unwrap_or_default(),
            })
        })
    }

    /// The address of the same page at another step.
    pub(super) fn address(&self, path: &str) -> String {
        Address::new(path)
            .with("view", if self.yaml { "yaml" } else { "" })
            .with("draft", &self.draft)
            .with_flag("again", self.again)
            .to_string()
    }
}

/// The page.
#[component]
pub fn NewPage() -> impl IntoView {
    let typing = Submission::of(&[SaveDraft::PATH, SaveYamlDraft::PATH]);
    let applying = Submission::of(&[ApplyDraft::PATH]);
    let step = Step::in_address();
    let draft = Memo::new(move |_| step.with(|step| step.draft.clone()));
    // What is refused is previewed anew, since it may stand on something else by now.
    let review = reading(
        move || (draft.get(), applying.refusals()),
        |(id, _)| async move { if id.is_empty() { None } else { Some(review_draft(id).await) } },
    );
    view! {
        <PageTitle text="New deployment"/>
        <nav class="crumbs" aria-label="Where this is">
            <a href="/deployments">"Deployments"</a>
        </nav>
        <h1>"New deployment"</h1>
        <Transition>
            {move || {
                let step = step.get();
                Suspend::new(async move {
                    match arrived(review).await {
                        Some(Err(error)) => view! { <FailurePage error=error/> }.into_any(),
                        Some(Ok(DraftReview { draft, preview: Ok(preview), .. })) if !step.again => {
                            let yaml = matches!(draft.change, DeploymentChange::CreateYaml(_));
                            let back = Step { again: true, yaml, ..step }.address("/deployments/new");
                            view! { <DraftReviewPanel id=draft.id preview=preview back=back submission=applying/> }.into_any()
                        }
                        kept => match typed(kept.and_then(Result::ok), step) {
                            Ok(typed) => {
                                view! { <TypedForm submission=typing typed=typed edit=EditOf::default()/> }.into_any()
                            }
                            Err(error) => view! { <FailurePage error=error/> }.into_any(),
                        },
                    }
                })
            }}
        </Transition>
    }
}

/// What was typed, or a good start.
fn typed(review: Option<DraftReview>, step: Step) -> Result<Typed, AppError> {
    match review {
        Some(review) => Typed::of(review, step.yaml),
        None if step.yaml => Ok(Typed::new(TypedView::Yaml(BLANK.to_owned()))),
        None => {
            let start = DeploymentForm { namespace: step.namespace, replicas: "1".into(), ..DeploymentForm::default() };
            Ok(Typed::new(TypedView::Fields(start.into())))
        }
    }
}
