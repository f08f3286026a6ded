//! Sign-in.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use server_fn::ServerFn;

use super::Alone;
use super::api::{SignIn, is_setup_needed};
use crate::reading::{arrived, reading};
use crate::submission::{PostForm, Submission};
use crate::ui::{Banner, Field, FormErrors, Tone};

/// Asks for name and password, and leads back to where one came from.
#[component]
pub fn SignInPage() -> impl IntoView {
    let submission = Submission::of(&[SignIn::PATH]);
    let problem = submission.problem();
    let query = use_query_map();
    let next = query.with_untracked(|query| query.get("next")).unwrap_or_else(|| "/".to_owned());
    let after_reset = query.with_untracked(|query| query.get("reset").is_some());
    let setup = reading(|| (), |()| is_setup_needed());
    view! {
        <Alone title="Sign in">
            <Transition>
                {move || Suspend::new(async move {
                    (arrived(setup).await == Ok(true))
                        .then(|| {
                            view! {
                                <Banner tone=Tone::Info>
                                    "There is no account yet. Open the set-up link that the server printed when it started."
                                </Banner>
                            }
                        })
                })}
            </Transition>
            {after_reset
                .then(|| view! { <Banner tone=Tone::Good>"The new password is set. Sign in with it."</Banner> })}
            <PostForm to=SignIn::PATH submission=submission>
                <FormErrors form="sign-in" problem=problem/>
                <input type="hidden" name="next" value=next/>
                <Field
                    form="sign-in"
                    name="username"
                    label="User name"
                    value=submission.typed("username")
                    autocomplete="username"
                    max_length=64
                    required=true
                    problem=problem
                />
                <Field
                    form="sign-in"
                    name="password"
                    label="Password"
                    kind="password"
                    autocomplete="current-password"
                    max_length=1024
                    required=true
                    problem=problem
                />
                <button type="submit" class="button main" disabled=move || submission.pending()>
                    "Sign in"
                </button>
            </PostForm>
        </Alone>
    }
}
