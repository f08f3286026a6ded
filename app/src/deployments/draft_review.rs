//! What a draft would do: diff, commit message, what stands in the way, and Apply.

use leptos::prelude::*;
use model::deployment::{FieldConflict, Preview};
use server_fn::ServerFn;

use super::draft_api::ApplyDraft;
use crate::submission::{PostForm, Submission};
use crate::ui::{Banner, Checkbox, DiffView, Field, FormErrors, Tone};

/// The second step of a risky write.
#[component]
pub fn DraftReviewPanel(
    id: String,
    preview: Preview,
    /// Leads back to what was typed.
    back: String,
    #[prop(default = "Change what you typed")] back_words: &'static str,
    submission: Submission,
) -> impl IntoView {
    let problem = submission.problem();
    let warnings = preview
        .warnings
        .iter()
        .map(|warning| {
            let warning = warning.clone();
            view! { <Banner tone=Tone::Warn>{warning}</Banner> }
        })
        .collect_view();
    let meanwhile = preview.changed_meanwhile.clone().map(|diff| {
        view! {
            <section>
                <Banner tone=Tone::Warn>
                    "Somebody changed this deployment since you began. What you asked for is kept; the preview above already stands on the newer version."
                </Banner>
                <h3>"What the others changed"</h3>
                <DiffView diff=diff label="Lines that the others changed"/>
            </section>
        }
    });
    let nothing = preview.diff.is_empty().then(|| {
        view! { <Banner tone=Tone::Info>"This changes nothing: the cluster already has it."</Banner> }
    });
    let take_over = (!preview.conflicts.is_empty()).then(|| view! { <TakeOver conflicts=preview.conflicts.clone()/> });
    view! {
        <section class="review">
            <h2>"Preview"</h2>
            <p class="muted">
                "The API server checked it. Nothing is changed yet. "
                <a href=back>{back_words}</a>
            </p>
            {nothing}
            {warnings}
            <DiffView diff=preview.diff/>
            {meanwhile}
            <h3>"Commit message"</h3>
            <pre class="commit-message"><code>{preview.commit_message}</code></pre>
            <PostForm to=ApplyDraft::PATH submission=submission>
                <FormErrors form="apply" problem=problem/>
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="resource_version" value=preview.resource_version.unwrap_or_default()/>
                {take_over}
                <Field
                    form="apply"
                    name="reason"
                    label="Reason"
                    hint="Goes into the commit, between subject and changes, and into the history."
                    value=submission.typed("reason")
                    problem=problem
                />
                <button type="submit" class="button main" disabled=move || submission.pending()>
                    "Apply"
                </button>
            </PostForm>
        </section>
    }
}

#[component]
fn TakeOver(conflicts: Vec<FieldConflict>) -> impl IntoView {
    let rows = conflicts
        .into_iter()
        .map(|conflict| {
            view! {
                <li>
                    <span class="name">{conflict.manager}</span>
                    " owns "
                    <span class="code">{conflict.fields.join(", ")}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <Banner tone=Tone::Warn>
            <p>"Others own fields that this changes:"</p>
            <ul>{rows}</ul>
        </Banner>
        <Checkbox form="apply" name="take_over" label="Take over these fields" required=true/>
    }
}
