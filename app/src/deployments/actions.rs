//! What can be done to a Deployment at once: scale, restart, pause, resume, delete; and undo, by way of a preview.

use leptos::prelude::*;
use model::ErrorKind;
use model::deployment::{DeploymentDetail, DeploymentRef};
use server_fn::ServerFn;

use super::address_of;
use super::api::{
    DeleteDeployment, PauseDeployment, RestartDeployment, ResumeDeployment, ScaleDeployment, UndoDeployment,
};
use super::draft_api::SaveUndoDraft;
use crate::submission::{PostForm, Submission};
use crate::ui::Checkbox;

/// Where the forms of the menus and of the undo bar lead.
pub const QUICK_PATHS: [&str; 7] = [
    ScaleDeployment::PATH,
    RestartDeployment::PATH,
    PauseDeployment::PATH,
    ResumeDeployment::PATH,
    UndoDeployment::PATH,
    SaveUndoDraft::PATH,
    DeleteDeployment::PATH,
];

/// What the menus need to know; they are made anew only when this changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quick {
    pub target: DeploymentRef,
    desired: u32,
    paused: bool,
    may_change: bool,
    /// Revisions that one can go back to, each with its images.
    earlier: Vec<(u64, String)>,
}

impl Quick {
    /// Takes it from what is shown.
    pub fn of(detail: &DeploymentDetail) -> Self {
        let earlier = detail.replica_sets.iter().filter(|set| !set.current);
        let earlier = earlier.map(|set| (set.revision, set.images.join(", ")));
        Self {
            target: detail.summary.target.clone(),
            desired: detail.summary.desired,
            paused: detail.summary.paused,
            may_change: detail.may_change,
            earlier: earlier.collect(),
        }
    }
}

/// One menu per action; each takes an optional reason, which goes into the commit.
#[component]
pub fn QuickActions(quick: Quick, submission: Submission) -> impl IntoView {
    // Nobody is offered what would be refused.
    quick.may_change.then(|| view! { <Menus quick=quick submission=submission/> })
}

#[component]
fn Menus(quick: Quick, submission: Submission) -> impl IntoView {
    let target = quick.target;
    let typed = move |path: &str, field: &str| typed_at(submission, path, field);
    let replicas = Some(typed(ScaleDeployment::PATH, "replicas")).filter(|typed| !typed.is_empty());
    let replicas = replicas.unwrap_or_else(|| quick.desired.to_string());
    let edit = format!("{}/edit", address_of(&target));
    let fields = || view! { <Target target=target.clone()/> };
    let (in_scale, in_restart, in_hold) = (fields(), fields(), fields());
    let pause_or_resume = if quick.paused {
        view! {
            <Menu words="Resume" open=submission.failed_at(ResumeDeployment::PATH)>
                <PostForm to=ResumeDeployment::PATH submission=submission>
                    {in_hold}
                    <p>"Lets rollouts go on."</p>
                    <Reason form="resume" typed=typed(ResumeDeployment::PATH, "reason")/>
                    <TakeOver form="resume" submission=submission/>
                    <button type="submit" class="button main">"Resume"</button>
                </PostForm>
            </Menu>
        }
        .into_any()
    } else {
        view! {
            <Menu words="Pause" open=submission.failed_at(PauseDeployment::PATH)>
                <PostForm to=PauseDeployment::PATH submission=submission>
                    {in_hold}
                    <p>"Holds back rollouts; what runs goes on running."</p>
                    <Reason form="pause" typed=typed(PauseDeployment::PATH, "reason")/>
                    <TakeOver form="pause" submission=submission/>
                    <button type="submit" class="button main">"Pause"</button>
                </PostForm>
            </Menu>
        }
        .into_any()
    };
    view! {
        <div class="actions">
            <Menu words="Scale" open=submission.failed_at(ScaleDeployment::PATH)>
                <PostForm to=ScaleDeployment::PATH submission=submission>
                    {in_scale}
                    <div class="field">
                        <label for="quick-replicas">"Replicas"</label>
                        <input
                            id="quick-replicas"
                            name="replicas"
                            type="number"
                            min="0"
                            max="10000"
                            required=true
                            value=replicas
                        />
                    </div>
                    <Reason form="scale" typed=typed(ScaleDeployment::PATH, "reason")/>
                    <TakeOver form="scale" submission=submission/>
                    <button type="submit" class="button main">"Scale"</button>
                </PostForm>
            </Menu>
            <Menu words="Restart" open=submission.failed_at(RestartDeployment::PATH)>
                <PostForm to=RestartDeployment::PATH submission=submission>
                    {in_restart}
                    <p>"Replaces all pods, one after the other."</p>
                    <Reason form="restart" typed=typed(RestartDeployment::PATH, "reason")/>
                    <TakeOver form="restart" submission=submission/>
                    <button type="submit" class="button main">"Restart"</button>
                </PostForm>
            </Menu>
            {pause_or_resume}
            <UndoMenu target=target.clone() earlier=quick.earlier submission=submission/>
            <a class="button" href=edit>"Edit"</a>
            <DeleteMenu target=target.clone() submission=submission/>
        </div>
    }
}

#[component]
fn UndoMenu(target: DeploymentRef, earlier: Vec<(u64, String)>, submission: Submission) -> impl IntoView {
    (!earlier.is_empty()).then(|| {
        let options = earlier
            .iter()
            .map(|(revision, images)| {
                view! { <option value=revision.to_string()>{format!("{revision}: {images}")}</option> }
            })
            .collect_view();
        view! {
            <Menu words="Undo" open=submission.failed_at(SaveUndoDraft::PATH)>
                <PostForm to=SaveUndoDraft::PATH submission=submission>
                    <Target target=target.clone()/>
                    <div class="field">
                        <label for="quick-revision">"Back to revision"</label>
                        <select id="quick-revision" name="revision">{options}</select>
                    </div>
                    <button type="submit" class="button main">"Preview"</button>
                    <span class="muted">"Nothing is changed yet."</span>
                </PostForm>
            </Menu>
        }
    })
}

#[component]
fn DeleteMenu(target: DeploymentRef, submission: Submission) -> impl IntoView {
    let name = target.name.to_string();
    let typed = move |path: &str, field: &str| typed_at(submission, path, field);
    view! {
        <Menu words="Delete" open=submission.failed_at(DeleteDeployment::PATH)>
            <PostForm to=DeleteDeployment::PATH submission=submission>
                <Target target=target.clone()/>
                <div class="field">
                    <label for="quick-typed">{format!("Type {name} to delete this deployment and its pods")}</label>
                    <input
                        id="quick-typed"
                        name="typed"
                        type="text"
                        class="code"
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        required=true
                        value=typed(DeleteDeployment::PATH, "typed")
                    />
                </div>
                <Reason form="delete" typed=typed(DeleteDeployment::PATH, "reason")/>
                <button type="submit" class="button danger">"Delete"</button>
            </PostForm>
        </Menu>
    }
}

/// Returns what had been typed into a field of the form that failed, for that form only.
fn typed_at(submission: Submission, path: &str, field: &str) -> String {
    if submission.failed_at(path) { submission.typed(field) } else { String::new() }
}

/// Asks for a word where another manager declares what is to be changed.
#[component]
fn TakeOver(form: &'static str, submission: Submission) -> impl IntoView {
    let problem = submission.problem();
    let is_conflict = move || {
        problem.with(|problem| {
            problem
                .as_ref()
                .is_some_and(|error| error.error.kind == ErrorKind::Conflict && !error.error.fields.is_empty())
        })
    };
    move || is_conflict().then(|| view! { <Checkbox form=form name="take_over" label="Take over these fields"/> })
}

#[component]
fn Menu(words: &'static str, open: bool, children: Children) -> impl IntoView {
    view! {
        <details class="menu" name="quick-actions" open=open>
            <summary class="button">{words}</summary>
            <div class="menu-body">{children()}</div>
        </details>
    }
}

#[component]
fn Target(target: DeploymentRef) -> impl IntoView {
    view! {
        <input type="hidden" name="namespace" value=target.namespace.to_string()/>
        <input type="hidden" name="name" value=target.name.to_string()/>
    }
}

#[component]
fn Reason(form: &'static str, typed: String) -> impl IntoView {
    let id = format!("{form}-reason");
    view! {
        <div class="field">
            <label for=id.clone()>"Reason" <span class="optional">" (optional)"</span></label>
            <input id=id name="reason" type="text" maxlength="500" autocomplete="off" value=typed/>
        </div>
    }
}
