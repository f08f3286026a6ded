//! Where one is signed in.

use leptos::prelude::*;
use model::user::SessionSummary;
use server_fn::ServerFn;

use super::api::RevokeSession;
use crate::submission::{PostForm, Submission};
use crate::ui::{Age, FormErrors};

/// The sessions, each with a button that ends it.
#[component]
pub fn SessionList(sessions: Vec<SessionSummary>, submission: Submission) -> impl IntoView {
    let problem = submission.problem();
    let rows = sessions
        .into_iter()
        .map(|session| {
            let end = if session.current {
                view! { <span class="muted">"this one"</span> }.into_any()
            } else {
                view! {
                    <PostForm to=RevokeSession::PATH submission=submission>
                        <input type="hidden" name="id" value=session.id.clone()/>
                        <button type="submit" class="button small">"End"</button>
                    </PostForm>
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
