//! The first account, by the link that the server prints.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use server_fn::ServerFn;

use super::Alone;
use super::api::{CompleteSetup, is_setup_needed};
use crate::reading::{arrived, reading};
use crate::submission::{PostForm, Submission};
use crate::ui::{Banner, Field, FormErrors, Tone};

/// Makes the first administrator; once there is one, leads to the sign-in.
#[component]
pub fn SetupPage() -> impl IntoView {
    let setup = reading(|| (), |()| is_setup_needed());
    view! {
        <Alone title="Set up Denshimon">
            <Transition>
                {move || Suspend::new(async move {
                    if arrived(setup).await == Ok(false) {
                        view! {
                            <Banner tone=Tone::Info>
                                "The first account has been made, so this link is spent. "
                                <a href="/sign-in">"Sign in"</a>
                            </Banner>
                        }
                            .into_any()
                    } else {
                        view! { <SetupForm/> }.into_any()
                    }
                })}
            </Transition>
        </Alone>
    }
}

#[component]
fn SetupForm() -> impl IntoView {
    let submission = Submission::of(&[CompleteSetup::PATH]);
    let problem = submission.problem();
    let token = use_query_map().with_untracked(|query| query.get("token")).unwrap_or_default();
    view! {
        <p>"You are the first here. This account manages everything, and makes the others."</p>
        <PostForm to=CompleteSetup::PATH submission=submission>
            <FormErrors form="setup" problem=problem/>
            <input type="hidden" name="token" value=token/>
            <Field
                form="setup"
                name="username"
                label="User name"
                hint="a-z, 0-9, dot, dash and underscore. It names you in commits."
                value=submission.typed("username")
                autocomplete="username"
                max_length=64
                required=true
                problem=problem
            />
            <Field
                form="setup"
                name="password"
                label="Password"
                hint="At least 10 characters."
                kind="password"
                autocomplete="new-password"
                max_length=1024
                required=true
                problem=problem
            />
            <Field
                form="setup"
                name="email"
                label="E-mail"
                hint="The author's address of your commits."
                kind="email"
                value=submission.typed("email")
                autocomplete="email"
                problem=problem
            />
            <button type="submit" class="button main" disabled=move || submission.pending()>
                "Make the account"
            </button>
        </PostForm>
    }
}
