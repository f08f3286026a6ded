//! A new password.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::api::ChangePassword;
use crate::submission::{PostForm, Submission};
use crate::ui::{Field, FormErrors};

/// Asks for the current password and the new one.
#[component]
pub fn PasswordForm(submission: Submission, username: String) -> impl IntoView {
    let problem = submission.problem();
    view! {
        <PostForm to=ChangePassword::PATH submission=submission>
            <FormErrors form="password" problem=problem/>
            // For the browser's store of passwords.
            <input type="text" autocomplete="username" value=username readonly=true hidden=true/>
            <Field
                form="password"
                name="current"
                label="Current password"
                kind="password"
                autocomplete="current-password"
                max_length=1024
                required=true
                problem=problem
            />
            <Field
                form="password"
                name="new"
                label="New password"
                hint="At least 10 characters. Your other sessions end."
                kind="password"
                autocomplete="new-password"
                max_length=1024
                required=true
                problem=problem
            />
            <button type="submit" class="button" disabled=move || submission.pending()>
                "Change the password"
            </button>
        </PostForm>
    }
}
