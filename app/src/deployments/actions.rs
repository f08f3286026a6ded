//! What can be done to a Deployment at once: scale, restart, pause, resume, undo, delete.

use leptos::prelude::*;
use model::deployment::{DeploymentDetail, DeploymentRef};
use server_fn::ServerFn;

use super::address_of;
use super::api::{
    DeleteDeployment, PauseDeployment, RestartDeployment, ResumeDeployment, ScaleDeployment, UndoDeployment,
};
use crate::submission::{PostForm, Submission};

/// Where the menus' forms lead.
pub const QUICK_PATHS: [&str; 6] = [
    ScaleDeployment::PATH,
    RestartDeployment::PATH,
    PauseDeployment::PATH,
    ResumeDeployment::PATH,
    UndoDeployment::PATH,
    DeleteDeployment::PATH,
];

/// What the menus need to know; they are made anew only when this changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quick {
    pub target: DeploymentRef,
    desired: u32,
    paused: bool,
    may_change: bool,
    /// Revisions that one can go back to.
    earlier: Vec<u64>,
}

impl Quick {
    /// Takes it from what is shown.
    pub fn of(detail: &DeploymentDetail) -> Self {
        let earlier = detail.replica_sets.iter().filter(|set| !set.current).map(|set| set.revision);
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
    let replicas = quick.desired.to_string();
    let edit = format!("{}/edit", address_of(&target));
    let fields = || view! { <Target target=target.clone()/> };
    let (in_scale, in_restart, in_hold) = (fields(), fields(), fields());
    let pause_or_resume = if quick.paused {
        view! {
            <Menu words="Resume">
                <PostForm to=ResumeDeployment::PATH submission=submission>
                    {in_hold}
                    <p>"Lets rollouts go on."</p>
                    <Reason form="resume"/>
                    <button type="submit" class="button main">"Resume"</button>
                </PostForm>
            </Menu>
        }
        .into_any()
    } else {
        view! {
            <Menu words="Pause">
                <PostForm to=PauseDeployment::PATH submission=submission>
                    {in_hold}
                    <p>"Holds back rollouts; what runs goes on running."</p>
                    <Reason form="pause"/>
                    <button type="submit" class="button main">"Pause"</button>
                </PostForm>
            </Menu>
        }
        .into_any()
    };
    view! {
        <div class="actions">
            <Menu words="Scale">
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
                    <Reason form="scale"/>
                    <button type="submit" class="button main">"Scale"</button>
                </PostForm>
            </Menu>
            <Menu words="Restart">
                <PostForm to=RestartDeployment::PATH submission=submission>
                    {in_restart}
                    <p>"Replaces all pods, one after the other."</p>
                    <Reason form="restart"/>
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
fn UndoMenu(target: DeploymentRef, earlier: Vec<u64>, submission: Submission) -> impl IntoView {
    (!earlier.is_empty()).then(|| {
        let options = earlier
            .iter()
            .map(|revision| {
                let value = revision.to_string();
                view! { <option value=value.clone()>{value.clone()}</option> }
            })
            .collect_view();
        view! {
            <Menu words="Undo">
                <PostForm to=UndoDeployment::PATH submission=submission>
                    <Target target=target.clone()/>
                    <div class="field">
                        <label for="quick-revision">"Back to revision"</label>
                        <select id="quick-revision" name="revision">{options}</select>
                    </div>
                    <Reason form="undo"/>
                    <button type="submit" class="button main">"Undo the rollout"</button>
                </PostForm>
            </Menu>
        }
    })
}

#[component]
fn DeleteMenu(target: DeploymentRef, submission: Submission) -> impl IntoView {
    let name = target.name.to_string();
    view! {
        <Menu words="Delete">
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
                    />
                </div>
                <Reason form="delete"/>
                <button type="submit" class="button danger">"Delete"</button>
            </PostForm>
        </Menu>
    }
}

#[component]
fn Menu(words: &'static str, children: Children) -> impl IntoView {
    view! {
        <details class="menu" name="quick-actions">
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
fn Reason(form: &'static str) -> impl IntoView {
    let id = format!("{form}-reason");
    view! {
        <div class="field">
            <label for=id.clone()>"Reason" <span class="optional">" (optional)"</span></label>
            <input id=id name="reason" type="text" maxlength="500" autocomplete="off"/>
        </div>
    }
}
