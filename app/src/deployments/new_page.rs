//! A new Deployment: a form or YAML, then the preview, then Apply.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use model::deployment::{DeploymentChange, DeploymentForm};
use model::diff::Mark;
use server_fn::ServerFn;

use super::draft_api::{ApplyDraft, DraftReview, SaveDraft, SaveYamlDraft, review_draft};
use super::draft_review::DraftReviewPanel;
use super::form::{EditOf, FieldsForm, YamlForm};
use crate::address::Address;
use crate::failure::FailurePage;
use crate::reading::{arrived, reading};
use crate::submission::Submission;
use crate::ui::{PageTitle, TabLink, Tabs};

const TEMPLATE: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  namespace: NAMESPACE
spec:
  replicas: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: NAME
  template:
    metadata:
      labels:
        app.kubernetes.io/name: NAME
    spec:
      containers:
      - name: NAME
        image: IMAGE
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

    /// The two views of what is typed.
    pub(super) fn tabs(&self, path: &str) -> Vec<TabLink> {
        [(false, "Form"), (true, "YAML")]
            .map(|(yaml, words)| TabLink {
                words,
                href: Self { yaml, again: !self.draft.is_empty(), ..self.clone() }.address(path),
                current: self.yaml == yaml,
            })
            .into()
    }
}

/// The page.
#[component]
pub fn NewPage() -> impl IntoView {
    let submission = Submission::of(&[SaveDraft::PATH, SaveYamlDraft::PATH, ApplyDraft::PATH]);
    let step = Step::in_address();
    let draft = Memo::new(move |_| step.with(|step| step.draft.clone()));
    let review = reading(
        move || draft.get(),
        |id| async move { if id.is_empty() { None } else { Some(review_draft(id).await) } },
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
                    let path = "/deployments/new";
                    match arrived(review).await {
                        Some(Err(error)) => view! { <FailurePage error=error/> }.into_any(),
                        Some(Ok(DraftReview { draft, preview: Ok(preview) })) if !step.again => {
                            let yaml = matches!(draft.change, DeploymentChange::CreateYaml(_));
                            let back = Step { again: true, yaml, ..step }.address(path);
                            view! { <DraftReviewPanel id=draft.id preview=preview back=back submission=submission/> }.into_any()
                        }
                        kept => {
                            let kept = kept.and_then(Result::ok);
                            let problem = kept.as_ref().and_then(|review| review.preview.clone().err());
                            let tabs = step.tabs(path);
                            let typed = if step.yaml {
                                let text = yaml_of(kept.as_ref());
                                view! { <YamlForm submission=submission text=text edit=EditOf::default() problem=problem/> }
                                    .into_any()
                            } else {
                                let values = form_of(kept.as_ref(), step.namespace);
                                view! { <FieldsForm submission=submission values=values edit=EditOf::default() problem=problem/> }
                                    .into_any()
                            };
                            view! {
                                <Tabs label="Ways to describe it" tabs=tabs/>
                                {typed}
                            }
                                .into_any()
                        }
                    }
                })
            }}
        </Transition>
    }
}

/// The fields as they were typed, or a good start.
fn form_of(review: Option<&DraftReview>, namespace: String) -> DeploymentForm {
    match review.map(|review| &review.draft.change) {
        Some(DeploymentChange::Create(form)) => form.clone(),
        _ => DeploymentForm { namespace, replicas: "1".into(), ..DeploymentForm::default() },
    }
}

/// The document as it was typed, the one that the form makes, or a good start.
fn yaml_of(review: Option<&DraftReview>) -> String {
    match review {
        Some(DraftReview { draft, preview }) => match (&draft.change, preview) {
            (DeploymentChange::CreateYaml(text), _) => text.clone(),
            (DeploymentChange::Create(_), Ok(preview)) => {
                let lines = preview.diff.hunks.iter().flat_map(|hunk| &hunk.lines);
                let new = lines.filter(|line| line.mark != Mark::Removed);
                new.flat_map(|line| line.parts.iter().map(|part| part.text.as_str()).chain(["\n"])).collect()
            }
            _ => TEMPLATE.to_owned(),
        },
        None => TEMPLATE.to_owned(),
    }
}
