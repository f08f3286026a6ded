//! What is taken for a credential, with a switch for each rule.

use leptos::prelude::*;
use model::sync::MaskRule;
use server_fn::ServerFn;

use super::api::SetMaskRule;
use crate::submission::{PostForm, Submission};

/// One line per rule.
#[component]
pub fn MaskTable(rules: Vec<MaskRule>, may_steer: bool, submission: Submission) -> impl IntoView {
    let rows = rules.into_iter().map(|rule| row(rule, may_steer.then_some(submission))).collect_view();
    view! {
        <p class="muted">
            "Values in ConfigMaps, environment variables and annotations that look like credentials stay out of the \
             repository, as the values of Secrets do. A record without them cannot be restored whole."
        </p>
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">"What is found"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="number">"Values"</th>
                    <th scope="col"><span class="hidden-visually">"Actions"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

fn row(rule: MaskRule, decider: Option<Submission>) -> impl IntoView {
    let (state, turn, words) = if rule.on { ("On", "off", "Switch off") } else { ("Off", "on", "Switch on") };
    let label = format!("{words}: {}", rule.finds);
    let switch = decider.map(|submission| {
        view! {
            <PostForm to=SetMaskRule::PATH submission=submission>
                <input type="hidden" name="rule" value=rule.name/>
                <input type="hidden" name="turn" value=turn/>
                <button type="submit" class="button small" aria-label=label>{words}</button>
            </PostForm>
        }
    });
    view! {
        <tr>
            <th scope="row" data-label="What is found">{rule.finds}</th>
            <td data-label="State">{state}</td>
            <td data-label="Values" class="number">{rule.values.to_string()}</td>
            <td class="actions">{switch}</td>
        </tr>
    }
}
