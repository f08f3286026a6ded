//! Server functions for the team; administrators may call them, as the engine checks.

use leptos::prelude::*;
use model::user::UserSummary;
use serde::{Deserialize, Serialize};
#[cfg(feature = "ssr")]
use server_fn::ServerFn;

use crate::AppError;
use crate::json::Json;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamData {
    pub users: Vec<UserSummary>,
    /// The path of a one-time link that was just made, this once.
    pub revealed: Option<String>,
}

/// Reads the users, and takes out a new link when `reveal` names one.
///
/// # Errors
/// Not signed in, or not an administrator.
#[server(prefix = "/fn", endpoint = "users/list_users", protocol = server_fn::Http<Json, Json>)]
pub async fn list_users(reveal: String) -> Result<TeamData, AppError> {
    use secrecy::ExposeSecret;
    let caller = crate::backend::caller().await?;
    let users = crate::backend::engine().list_users(&caller).await?;
    let secret = crate::backend::take_reveal(&caller, &reveal);
    let revealed = secret.map(|token| format!("/reset?token={}", crate::address::encode(token.expose_secret())));
    Ok(TeamData { users, revealed })
}

/// Makes a user; the one-time link to set a password is shown once.
///
/// # Errors
/// Not an administrator, or a field that is wrong.
#[server(prefix = "/fn", endpoint = "users/create_user")]
pub async fn create_user(
    username: String,
    #[server(default)] email: String,
    role: String,
    #[server(default)] namespaces: String,
) -> Result<(), AppError> {
    let typed = [
        ("username", username.as_str()),
        ("email", email.as_str()),
        ("role", role.as_str()),
        ("namespaces", namespaces.as_str()),
    ];
    let caller = crate::backend::signed_in_or_back(CreateUser::PATH, &typed).await?;
    let keep = |error: AppError| error.with_all_typed(&typed);
    let name = username.trim().parse().map_err(|error: model::InvalidName| field("username", error)).map_err(keep)?;
    let (role, scope) = rights(&role, &namespaces).map_err(keep)?;
    let address = Some(email.trim().to_owned()).filter(|email| !email.is_empty());
    let created = crate::backend::engine().create_user(&caller, name, role, scope, address).await;
    let (_, link) = created.map_err(|error| keep(error.into()))?;
    let reveal = crate::backend::keep_reveal(&caller, link);
    crate::backend::redirect(&format!("/team/users?reveal={reveal}"));
    Ok(())
}

/// Changes what a user may do, and where.
///
/// # Errors
/// Not an administrator, or it would leave nobody who is one.
#[server(prefix = "/fn", endpoint = "users/set_user_role")]
pub async fn set_user_role(id: String, role: String, #[server(default)] namespaces: String) -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    let (role, scope) = rights(&role, &namespaces)?;
    crate::backend::engine().set_user_role(&caller, &id, role, scope).await?;
    crate::backend::redirect("/team/users");
    Ok(())
}

/// Keeps a user out, or lets them in again.
///
/// # Errors
/// Not an administrator, or it would leave nobody who is one.
#[server(prefix = "/fn", endpoint = "users/set_user_access")]
pub async fn set_user_access(id: String, access: super::row::Access) -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    match access {
        super::row::Access::Disabled => crate::backend::engine().disable_user(&caller, &id).await?,
        super::row::Access::Enabled => crate::backend::engine().enable_user(&caller, &id).await?,
    }
    crate::backend::redirect("/team/users");
    Ok(())
}

/// Makes a one-time link to set a new password, which is shown once.
///
/// # Errors
/// Not an administrator.
#[server(prefix = "/fn", endpoint = "users/reset_user")]
pub async fn reset_user(id: String) -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    let link = crate::backend::engine().reset_user(&caller, &id).await?;
    let reveal = crate::backend::keep_reveal(&caller, link);
    crate::backend::redirect(&format!("/team/users?reveal={reveal}"));
    Ok(())
}

/// Deletes a user whose name was typed.
///
/// # Errors
/// Not an administrator, another name, or it would leave nobody who is one.
#[server(prefix = "/fn", endpoint = "users/delete_user")]
pub async fn delete_user(id: String, username: String, typed: String) -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    if typed.trim() != username {
        return Err(AppError::field("typed", format!("Type {username} to delete this user.")).answered());
    }
    crate::backend::engine().delete_user(&caller, &id).await?;
    crate::backend::redirect("/team/users");
    Ok(())
}

#[cfg(feature = "ssr")]
fn field(name: &str, error: model::InvalidName) -> AppError {
    AppError::field(name, error.to_string()).answered()
}

#[cfg(feature = "ssr")]
fn rights(role: &str, namespaces: &str) -> Result<(model::user::Role, model::user::Scope), AppError> {
    let role = role.parse().map_err(|error| field("role", error))?;
    let scope = super::parse_scope(namespaces).map_err(|error| field("namespaces", error))?;
    Ok((role, scope.unwrap_or(model::user::Scope::Everywhere)))
}
