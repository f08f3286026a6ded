//! Server functions for one's own account; anybody who is signed in may call them, for themselves.

use leptos::prelude::*;
use model::user::{SessionSummary, SignedIn, TokenSummary};
use serde::{Deserialize, Serialize};
#[cfg(feature = "ssr")]
use server_fn::ServerFn;

use crate::AppError;
use crate::json::Json;

/// What the account page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountData {
    pub user: SignedIn,
    pub sessions: Vec<SessionSummary>,
    pub tokens: Vec<TokenSummary>,
    /// The text of a token that was just made, this once.
    pub revealed: Option<String>,
}

/// Reads the account, and takes out the text of a new token when `reveal` names one.
///
/// # Errors
/// Not signed in.
#[server(prefix = "/fn", endpoint = "account/read_account", protocol = server_fn::Http<Json, Json>)]
pub async fn read_account(reveal: String) -> Result<AccountData, AppError> {
    use secrecy::ExposeSecret;
    let caller = crate::backend::caller().await?;
    let engine = crate::backend::engine();
    Ok(AccountData {
        sessions: engine.list_sessions(&caller).await?,
        tokens: engine.list_tokens(&caller).await?,
        revealed: crate::backend::take_reveal(&caller, &reveal).map(|secret| secret.expose_secret().to_owned()),
        user: SignedIn { username: caller.username, role: caller.role, scope: caller.scope },
    })
}

/// Changes the password, which ends the other sessions.
///
/// # Errors
/// Not signed in, a wrong current password, or a new one that is too weak.
#[server(prefix = "/fn", endpoint = "account/change_password")]
pub async fn change_password(current: String, new: String) -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    crate::backend::engine().change_password(&caller, current.into(), new.into()).await?;
    crate::backend::redirect("/account?password=1");
    Ok(())
}

/// Ends one of one's own sessions.
///
/// # Errors
/// Not signed in, or there is no such session.
#[server(prefix = "/fn", endpoint = "account/revoke_session")]
pub async fn revoke_session(id: String) -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    crate::backend::engine().revoke_session(&caller, &id).await?;
    crate::backend::redirect("/account");
    Ok(())
}

/// Makes an API token with one's own rights or fewer; its text is shown once.
///
/// # Errors
/// Not signed in, more rights than one has, or a field that is wrong.
#[server(prefix = "/fn", endpoint = "account/create_token")]
pub async fn create_token(
    name: String,
    role: String,
    #[server(default)] namespaces: String,
    expires_in_days: String,
) -> Result<(), AppError> {
    let typed = [
        ("name", name.as_str()),
        ("role", role.as_str()),
        ("namespaces", namespaces.as_str()),
        ("expires_in_days", expires_in_days.as_str()),
    ];
    let caller = crate::backend::signed_in_or_back(CreateToken::PATH, &typed).await?;
    let request = super::tokens::parse_request(&name, &role, &namespaces, &expires_in_days, &caller.scope)
        .map_err(|error| error.with_all_typed(&typed).answered())?;
    let created = crate::backend::engine().create_token(&caller, request).await;
    let (_, secret) = created.map_err(|error| AppError::from(error).with_all_typed(&typed))?;
    let reveal = crate::backend::keep_reveal(&caller, secret);
    crate::backend::redirect(&format!("/account?reveal={reveal}"));
    Ok(())
}

/// Ends an API token.
///
/// # Errors
/// Not signed in, or there is no such token.
#[server(prefix = "/fn", endpoint = "account/revoke_token")]
pub async fn revoke_token(id: String) -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    crate::backend::engine().revoke_token(&caller, &id).await?;
    crate::backend::redirect("/account");
    Ok(())
}
