//! Where one is signed in.

use leptos::prelude::*;
use model::user::SessionSummary;

use super::api::RevokeSession;
use crate::ui::{Age, FormErrors};

/// The sessions, each with a button that ends it.
#[component]
pub fn SessionList(sessions: Vec<SessionSummary>, action: ServerAction<RevokeSession>) -> impl IntoView {
    let problem = Signal::derive(move || action.value().get().and_then(Result::err));
    let rows = sessions
        .into_iter()
        .map(|session| {
            let end = if session.current {
                view! { <span class="muted">"this one"</span> }.into_any()
            } else {
                view! {
                    <ActionForm action=action>
                        <input type="hidden" name="id" value=session.id.clone()/>
                        <button type="submit" class="button small">"End"</button>
                    </ActionForm>
                }
                .into_any()
            };
            view! {
                <tr>
                    <td data-label="Browser">{session.user_agent}</td>
                    <td data-label="Signed in">
                        <Age at=session.created_at/>
                    </td>
                    <td data-label="Last seen">
                        <Age at=session.last_seen/>
                    </td>
                    <td data-label="">{end}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <FormErrors form="sessions" problem=problem/>
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">"Browser"</th>
                    <th scope="col">"Signed in"</th>
                    <th scope="col">"Last seen"</th>
                    <th scope="col"><span class="hidden-visually">"Actions"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}
