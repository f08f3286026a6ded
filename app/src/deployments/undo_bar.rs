//! After a quick write: what was done, and the way back.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use model::deployment::{Applied, UndoAction};
use server_fn::ServerFn;

use super::api::{PauseDeployment, ResumeDeployment, ScaleDeployment, UndoDeployment, read_applied};
use crate::reading::{arrived, reading};
use crate::submission::{PostForm, Submission};
use crate::ui::{Banner, Tone};

/// Stands on the page that a write leads to; the address names the operation.
#[component]
pub fn UndoBar(
    /// Shared with the page's other quick writes.
    submission: Submission,
) -> impl IntoView {
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
                    <PostForm to=ScaleDeployment::PATH submission=submission>
                        {target} <input type="hidden" name="replicas" value=replicas.to_string()/> {button}
                    </PostForm>
                }
                .into_any(),
            ),
            UndoAction::Pause => Some(
                view! { <PostForm to=PauseDeployment::PATH submission=submission>{target} {button}</PostForm> }
                    .into_any(),
            ),
            UndoAction::Resume => Some(
                view! { <PostForm to=ResumeDeployment::PATH submission=submission>{target} {button}</PostForm> }
                    .into_any(),
            ),
            UndoAction::Rollback { revision } => Some(
                view! {
                    <PostForm to=UndoDeployment::PATH submission=submission>
                        {target} <input type="hidden" name="revision" value=revision.to_string()/> {button}
                    </PostForm>
                }
                .into_any(),
            ),
        }
    };
    view! {
        <div role="status" class="undo-bar">
            <Transition>
                {move || Suspend::new(async move {
                    arrived(applied).await
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
