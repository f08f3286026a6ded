//! The account page.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use server_fn::ServerFn;

use super::api::{ChangePassword, CreateToken, RevokeSession, RevokeToken, read_account};
use super::password_form::PasswordForm;
use super::sessions::SessionList;
use super::tokens::{TokenForm, TokenList};
use crate::failure::FailurePage;
use crate::reading::{arrived, reading};
use crate::submission::Submission;
use crate::ui::{Banner, PageTitle, Tone};

/// Password, sessions and tokens of whoever is signed in.
#[component]
pub fn AccountPage() -> impl IntoView {
    let change_password = Submission::of(&[ChangePassword::PATH]);
    let revoke_session = Submission::of(&[RevokeSession::PATH]);
    let create_token = Submission::of(&[CreateToken::PATH]);
    let revoke_token = Submission::of(&[RevokeToken::PATH]);
    let query = use_query_map();
    let reveal = Memo::new(move |_| query.with(|query| query.get("reveal")).unwrap_or_default());
    let versions = move || (revoke_session.answers(), revoke_token.answers());
    let account = reading(move || (reveal.get(), versions()), |(reveal, _)| read_account(reveal));
    let password_changed = move || query.with(|query| query.get("password").is_some());
    view! {
        <PageTitle text="Account"/>
        <h1>"Account"</h1>
        {move || {
            password_changed()
                .then(|| {
                    view! { <Banner tone=Tone::Good>"The new password is set. Your other sessions have ended."</Banner> }
                })
        }}
        <Transition>
            {move || Suspend::new(async move {
                match arrived(account).await {
                    Ok(account) => {
                        let username = account.user.username.to_string();
                        view! {
                            <p class="muted">{format!("{username}, {}", account.user.role)}</p>
                            {account.revealed.clone().map(|text| view! { <NewToken text=text/> })}
                            <h2>"Password"</h2>
                            <PasswordForm submission=change_password username=username/>
                            <h2>"Sessions"</h2>
                            <SessionList sessions=account.sessions submission=revoke_session/>
                            <h2>"API tokens"</h2>
                            <TokenList tokens=account.tokens submission=revoke_token/>
                            <TokenForm submission=create_token role=account.user.role/>
                        }
                            .into_any()
                    }
                    Err(error) => view! { <FailurePage error=error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn NewToken(text: String) -> impl IntoView {
    view! {
        <Banner tone=Tone::Good>
            <p>"This is the token. It is shown only now; keep it where nobody else reads it."</p>
            <p>
                <code class="secret">{text}</code>
            </p>
        </Banner>
    }
}
