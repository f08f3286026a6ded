//! What can be done to a Deployment at once: scale, restart, pause, resume, undo, delete.

use leptos::prelude::*;
use model::deployment::{DeploymentDetail, DeploymentRef};

use super::address_of;
use super::api::{
    DeleteDeployment, PauseDeployment, RestartDeployment, ResumeDeployment, ScaleDeployment, UndoDeployment,
};
use crate::AppError;
use crate::ui::FormErrors;

/// The actions of the page, made once so that an answer finds its form.
#[derive(Clone, Copy)]
pub struct DeploymentActions {
    scale: ServerAction<ScaleDeployment>,
    restart: ServerAction<RestartDeployment>,
    pause: ServerAction<PauseDeployment>,
    resume: ServerAction<ResumeDeployment>,
    undo: ServerAction<UndoDeployment>,
    delete: ServerAction<DeleteDeployment>,
}

impl DeploymentActions {
    /// Must be called in the page, under the routes.
    pub fn new() -> Self {
        Self {
            scale: ServerAction::new(),
            restart: ServerAction::new(),
            pause: ServerAction::new(),
            resume: ServerAction::new(),
            undo: ServerAction::new(),
            delete: ServerAction::new(),
        }
    }

    fn problem(self) -> Option<AppError> {
        let scale = self.scale.value().get().and_then(Result::err);
        let restart = self.restart.value().get().and_then(Result::err);
        let pause = self.pause.value().get().and_then(Result::err);
        let resume = self.resume.value().get().and_then(Result::err);
        let undo = self.undo.value().get().and_then(Result::err);
        let delete = self.delete.value().get().and_then(Result::err);
        scale.or(restart).or(pause).or(resume).or(undo).or(delete)
    }
}

/// What went wrong with them, above the page.
#[component]
pub fn WriteProblems(actions: DeploymentActions) -> impl IntoView {
    let problem = Signal::derive(move || actions.problem());
    view! { <FormErrors form="quick" problem=problem/> }
}

/// One menu per action; each takes an optional reason, which goes into the commit.
#[component]
pub fn QuickActions(detail: DeploymentDetail, actions: DeploymentActions) -> impl IntoView {
    let target = detail.summary.target.clone();
    let replicas = detail.summary.desired.to_string();
    let edit = format!("{}/edit", address_of(&target));
    let earlier = detail.replica_sets.iter().filter(|set| !set.current).map(|set| set.revision).collect::<Vec<_>>();
    let fields = || view! { <Target target=target.clone()/> };
    let (in_scale, in_restart, in_hold) = (fields(), fields(), fields());
    let pause_or_resume = if detail.summary.paused {
        view! {
            <Menu words="Resume">
                <ActionForm action=actions.resume>
                    {in_hold}
                    <p>"Lets rollouts go on."</p>
                    <Reason form="resume"/>
                    <button type="submit" class="button main">"Resume"</button>
                </ActionForm>
            </Menu>
        }
        .into_any()
    } else {
        view! {
            <Menu words="Pause">
                <ActionForm action=actions.pause>
                    {in_hold}
                    <p>"Holds back rollouts; what runs goes on running."</p>
                    <Reason form="pause"/>
                    <button type="submit" class="button main">"Pause"</button>
                </ActionForm>
            </Menu>
        }
        .into_any()
    };
    view! {
        <div class="actions">
            <Menu words="Scale">
                <ActionForm action=actions.scale>
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
                </ActionForm>
            </Menu>
            <Menu words="Restart">
                <ActionForm action=actions.restart>
                    {in_restart}
                    <p>"Replaces all pods, one after the other."</p>
                    <Reason form="restart"/>
                    <button type="submit" class="button main">"Restart"</button>
                </ActionForm>
            </Menu>
            {pause_or_resume}
            <UndoMenu target=target.clone() earlier=earlier action=actions.undo/>
            <a class="button" href=edit>"Edit"</a>
            <DeleteMenu target=target.clone() action=actions.delete/>
        </div>
    }
}

#[component]
fn UndoMenu(target: DeploymentRef, earlier: Vec<u64>, action: ServerAction<UndoDeployment>) -> impl IntoView {
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
                <ActionForm action=action>
                    <Target target=target.clone()/>
                    <div class="field">
                        <label for="quick-revision">"Back to revision"</label>
                        <select id="quick-revision" name="revision">{options}</select>
                    </div>
                    <Reason form="undo"/>
                    <button type="submit" class="button main">"Undo the rollout"</button>
                </ActionForm>
            </Menu>
        }
    })
}

#[component]
fn DeleteMenu(target: DeploymentRef, action: ServerAction<DeleteDeployment>) -> impl IntoView {
    let name = target.name.to_string();
    view! {
        <Menu words="Delete">
            <ActionForm action=action>
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
            </ActionForm>
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
