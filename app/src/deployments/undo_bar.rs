//! After a quick write: what was done, and the way back.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use model::deployment::{Applied, UndoAction};

use super::api::{PauseDeployment, ResumeDeployment, ScaleDeployment, UndoDeployment, read_applied};
use crate::reading::reading;
use crate::ui::{Banner, FormErrors, Tone};

/// Stands on the page that a write leads to; the address names the operation.
#[component]
pub fn UndoBar() -> impl IntoView {
    let scale = ServerAction::<ScaleDeployment>::new();
    let pause = ServerAction::<PauseDeployment>::new();
    let resume = ServerAction::<ResumeDeployment>::new();
    let undo = ServerAction::<UndoDeployment>::new();
    let problem = Signal::derive(move || {
        let scale = scale.value().get().and_then(Result::err);
        let pause = pause.value().get().and_then(Result::err);
        let resume = resume.value().get().and_then(Result::err);
        let undo = undo.value().get().and_then(Result::err);
        scale.or(pause).or(resume).or(undo)
    });
    let query = use_query_map();
    let operation = Memo::new(move |_| query.with(|query| query.get("done")).unwrap_or_default());
    let applied = reading(
        move || operation.get(),
        |operation| async move { if operation.is_empty() { Ok(None) } else { read_applied(operation).await } },
    );
    let form = move |applied: &Applied| {
        let namespace = applied.target.namespace.to_string();
        let name = applied.target.name.to_string();
        let target = view! {
            <input type="hidden" name="namespace" value=namespace/>
            <input type="hidden" name="name" value=name/>
            <input type="hidden" name="reason" value=format!("Undo: {}", applied.summary)/>
        };
        let button = view! { <button type="submit" class="button">"Undo"</button> };
        match applied.undo? {
            UndoAction::Scale { replicas } => Some(
                view! {
                    <ActionForm action=scale>
                        {target} <input type="hidden" name="replicas" value=replicas.to_string()/> {button}
                    </ActionForm>
                }
                .into_any(),
            ),
            UndoAction::Pause => Some(view! { <ActionForm action=pause>{target} {button}</ActionForm> }.into_any()),
            UndoAction::Resume => Some(view! { <ActionForm action=resume>{target} {button}</ActionForm> }.into_any()),
            UndoAction::Rollback { revision } => Some(
                view! {
                    <ActionForm action=undo>
                        {target} <input type="hidden" name="revision" value=revision.to_string()/> {button}
                    </ActionForm>
                }
                .into_any(),
            ),
        }
    };
    view! {
        <FormErrors form="undo-bar" problem=problem/>
        <div role="status" class="undo-bar">
            <Transition>
                {move || Suspend::new(async move {
                    applied
                        .await
                        .ok()
                        .flatten()
                        .map(|applied| {
                            let button = form(&applied);
                            view! {
                                <Banner tone=Tone::Good>
                                    <p>{applied.summary} "."</p>
                                    {button}
                                </Banner>
                            }
                        })
                })}
            </Transition>
        </div>
    }
}
