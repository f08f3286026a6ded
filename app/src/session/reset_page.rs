//! A new password, by a one-time link from an administrator.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use server_fn::ServerFn;

use super::Alone;
use super::api::RedeemReset;
use crate::submission::{PostForm, Submission};
use crate::ui::{Field, FormErrors};

/// Sets a password.
#[component]
pub fn ResetPage() -> impl IntoView {
    let submission = Submission::of(&[RedeemReset::PATH]);
    let problem = submission.problem();
    let token = use_query_map().with_untracked(|query| query.get("token")).unwrap_or_default();
    view! {
        <Alone title="Set your password">
            <PostForm to=RedeemReset::PATH submission=submission>
                <FormErrors form="reset" problem=problem/>
                <input type="hidden" name="token" value=token/>
                // Password managers look for one; the link does not say whose it is.
                <input type="text" autocomplete="username" readonly=true hidden=true/>
                <Field
                    form="reset"
                    name="password"
                    label="New password"
                    hint="At least 10 characters."
                    kind="password"
                    autocomplete="new-password"
                    max_length=1024
                    required=true
                    problem=problem
                />
                <button type="submit" class="button main" disabled=move || submission.pending()>
                    "Set the password"
                </button>
            </PostForm>
        </Alone>
    }
}
