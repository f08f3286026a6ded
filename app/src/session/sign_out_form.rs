//! The way out.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::api::SignOut;
use crate::submission::{PostForm, Submission};

/// One button.
#[component]
pub fn SignOutForm() -> impl IntoView {
    let submission = Submission::of(&[SignOut::PATH]);
    view! {
        <PostForm to=SignOut::PATH submission=submission>
            <button type="submit" class="button">"Sign out"</button>
        </PostForm>
    }
}
