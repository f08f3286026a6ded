//! The form with the common fields, and the one with the whole YAML; both lead to a preview, and each to the other.

use leptos::prelude::*;
use model::deployment::{DeploymentChange, DeploymentForm};
use server_fn::ServerFn;

use super::draft_api::{DraftReview, SaveDraft, SaveYamlDraft};
use crate::AppError;
use crate::submission::{PostForm, Submission};
use crate::ui::{Banner, Checkbox, Field, FieldProblem, FormErrors, TextareaField, Tone};

/// Names the form's fields in ids.
pub const FORM: &str = "deployment";

/// A change that the form is about; nothing of it for a new Deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditOf {
    /// `namespace/name`, or nothing.
    pub target: String,
    /// The version that the fields are from, or nothing.
    pub resource_version: String,
}

/// One of the two views of what is typed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Typed {
    pub view: TypedView,
    /// What is wrong with it.
    pub problem: Option<AppError>,
}

/// What stands in it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum TypedView {
    Fields(Box<DeploymentForm>),
    Yaml(String),
}

impl Typed {
    /// Shows what has nothing wrong yet.
    pub fn new(view: TypedView) -> Self {
        Self { view, problem: None }
    }

    /// Shows a draft in the view that is asked for; in its own, with the reason, where the other cannot show it.
    ///
    /// # Errors
    /// It is a change that has no such view.
    pub fn of(review: DraftReview, yaml: bool) -> Result<Self, AppError> {
        let (fields, text) = (review.form.map(|form| TypedView::Fields(form.into())), review.yaml.map(TypedView::Yaml));
        let (asked, other) = if yaml { (text, fields) } else { (fields, text) };
        let is_yaml = matches!(review.draft.change, DeploymentChange::CreateYaml(_) | DeploymentChange::EditYaml(..));
        // The preview speaks of the fields that were typed.
        let problem = review.preview.err().filter(|_| is_yaml == yaml);
        match (asked, other) {
            (Ok(view), _) => Ok(Self { view, problem }),
            (Err(why), Ok(view)) => Ok(Self { view, problem: Some(why) }),
            (Err(why), Err(_)) => Err(why),
        }
    }
}

/// What is typed, to be typed on.
#[component]
pub fn TypedForm(submission: Submission, typed: Typed, edit: EditOf) -> impl IntoView {
    let problem = typed.problem;
    match typed.view {
        TypedView::Fields(values) => {
            view! { <FieldsForm submission=submission values=*values edit=edit problem=problem/> }.into_any()
        }
        TypedView::Yaml(text) => {
            view! { <YamlForm submission=submission text=text edit=edit problem=problem/> }.into_any()
        }
    }
}

/// The ways to describe it. A button leads to the other one, so that it takes along what is typed.
#[component]
fn Views(yaml: bool) -> impl IntoView {
    let tab = |words: &'static str, value: &'static str, current: bool| {
        if current {
            return view! { <li><span aria-current="true">{words}</span></li> }.into_any();
        }
        view! {
            <li>
                <button type="submit" name="show" value=value formnovalidate=true>
                    {words}
                </button>
            </li>
        }
        .into_any()
    };
    let (form, yaml) = (tab("Form", "form", !yaml), tab("YAML", "yaml", yaml));
    view! {
        // Enter in a field presses the first button of a form.
        <button type="submit" class="hidden-visually" tabindex="-1" aria-hidden="true">"Preview"</button>
        <nav class="tabs" aria-label="Ways to describe it">
            <ul>{form} {yaml}</ul>
        </nav>
    }
}

/// The common fields.
#[component]
fn FieldsForm(
    submission: Submission,
    values: DeploymentForm,
    edit: EditOf,
    /// What the preview says is wrong.
    problem: Option<AppError>,
) -> impl IntoView {
    let problem = problem_of(submission, problem);
    let is_new = edit.target.is_empty();
    let name_fields = if is_new {
        view! {
            <div class="columns">
                <Field
                    form=FORM
                    name="form[namespace]"
                    error_name="namespace"
                    label="Namespace"
                    value=values.namespace
                    max_length=63
                    required=true
                    code=true
                    problem=problem
                />
                <Field
                    form=FORM
                    name="form[name]"
                    error_name="name"
                    label="Name"
                    hint="a-z, 0-9 and dashes, such as api."
                    value=values.name
                    max_length=253
                    required=true
                    code=true
                    problem=problem
                />
            </div>
        }
        .into_any()
    } else {
        view! {
            <input type="hidden" name="form[namespace]" value=values.namespace/>
            <input type="hidden" name="form[name]" value=values.name/>
        }
        .into_any()
    };
    let more = (!values.base.is_empty()).then(|| {
        view! { <Banner tone=Tone::Info>"The YAML says more than these fields can. The rest of it stays as it is."</Banner> }
    });
    view! {
        <PostForm to=SaveDraft::PATH submission=submission>
            <Views yaml=false/>
            <FormErrors form=FORM prefix="form" problem=problem/>
            {more}
            <input type="hidden" name="target" value=edit.target/>
            <input type="hidden" name="resource_version" value=edit.resource_version/>
            <input type="hidden" name="form[container]" value=values.container/>
            <input type="hidden" name="form[base]" value=values.base/>
            {name_fields}
            <Field
                form=FORM
                name="form[image]"
                error_name="image"
                label="Image"
                hint="With a tag or a digest, such as registry.example.com/shop/api:1.4.2."
                value=values.image
                max_length=1024
                required=true
                code=true
                problem=problem
            />
            <Field
                form=FORM
                name="form[replicas]"
                error_name="replicas"
                label="Replicas"
                value=values.replicas
                max_length=10
                required=true
                code=true
                problem=problem
            />
            <TextareaField
                form=FORM
                name="form[env]"
                error_name="env"
                label="Environment"
                hint="NAME=value, one per line."
                value=values.env
                code=true
                problem=problem
            />
            <TextareaField
                form=FORM
                name="form[ports]"
                error_name="ports"
                label="Ports"
                hint="8080, http=8080 or dns=53/UDP, one per line."
                value=values.ports
                rows=2
                code=true
                problem=problem
            />
            <fieldset>
                <legend>"Resources"</legend>
                <div class="columns">
                    <Quantity name="form[cpu_request]" error_name="cpu_request" label="CPU request" value=values.cpu_request problem=problem/>
                    <Quantity name="form[cpu_limit]" error_name="cpu_limit" label="CPU limit" value=values.cpu_limit problem=problem/>
                    <Quantity name="form[memory_request]" error_name="memory_request" label="Memory request" value=values.memory_request problem=problem/>
                    <Quantity name="form[memory_limit]" error_name="memory_limit" label="Memory limit" value=values.memory_limit problem=problem/>
                </div>
            </fieldset>
            <TextareaField
                form=FORM
                name="form[labels]"
                error_name="labels"
                label="Labels"
                hint="key=value, one per line."
                value=values.labels
                rows=2
                code=true
                problem=problem
            />
            <Checkbox form=FORM name="form[paused]" label="Paused: rollouts wait until it is resumed" checked=values.paused/>
            <PreviewButton submission=submission/>
        </PostForm>
    }
}

#[component]
fn Quantity(
    name: &'static str,
    error_name: &'static str,
    label: &'static str,
    value: String,
    problem: FieldProblem,
) -> impl IntoView {
    let hint = if error_name.starts_with("cpu") { "Such as 250m or 2." } else { "Such as 64Mi or 1Gi." };
    view! {
        <Field
            form=FORM
            name=name
            error_name=error_name
            label=label
            hint=hint
            value=value
            max_length=32
            code=true
            problem=problem
        />
    }
}

/// The whole manifest.
#[component]
fn YamlForm(submission: Submission, text: String, edit: EditOf, problem: Option<AppError>) -> impl IntoView {
    let problem = problem_of(submission, problem);
    view! {
        <PostForm to=SaveYamlDraft::PATH submission=submission>
            <Views yaml=true/>
            <FormErrors form=FORM problem=problem/>
            <input type="hidden" name="target" value=edit.target/>
            <input type="hidden" name="resource_version" value=edit.resource_version/>
            <TextareaField
                form=FORM
                name="yaml"
                label="Manifest"
                hint="One Deployment as YAML, at most 1 MiB."
                value=text
                rows=28
                required=true
                code=true
                problem=problem
            />
            <PreviewButton submission=submission/>
        </PostForm>
    }
}

#[component]
fn PreviewButton(submission: Submission) -> impl IntoView {
    view! {
        <div class="button-row">
            <button type="submit" class="button main" disabled=move || submission.pending()>
                "Preview"
            </button>
            <span class="muted">"Nothing is changed yet."</span>
        </div>
    }
}

/// What the last answer says is wrong, else what the preview says.
fn problem_of(submission: Submission, previewed: Option<AppError>) -> FieldProblem {
    let answer = submission.problem();
    Signal::derive(move || answer.get().or_else(|| previewed.clone()))
}
