//! Server functions that anybody may call: they prove who somebody is.

use leptos::prelude::*;

use crate::AppError;

/// Signs in with a password and goes to `next`. Anybody may call it; it is throttled.
///
/// # Errors
/// Wrong name or password, or too many tries.
#[server(prefix = "/fn", endpoint = "session/sign_in")]
pub async fn sign_in(username: String, password: String, #[server(default)] next: String) -> Result<(), AppError> {
    use crate::backend::{address, begin_session, engine, redirect, request_session, user_agent};
    let user = engine()
        .sign_in(&username, password.into(), address())
        .await
        .map_err(|error| AppError::from(error).with_typed("username", &username))?;
    begin_session(&request_session(), &user, &user_agent()).await?;
    redirect(&next);
    Ok(())
}

/// Signs out of this session. Anybody may call it.
///
/// # Errors
/// The store is away.
#[server(prefix = "/fn", endpoint = "session/sign_out")]
pub async fn sign_out() -> Result<(), AppError> {
    crate::backend::end_session().await?;
    crate::backend::redirect("/sign-in");
    Ok(())
}

/// Makes the first account with the set-up link's token, signs it in and goes Home.
///
/// # Errors
/// The link is used or too old, or a field is wrong.
#[server(prefix = "/fn", endpoint = "session/complete_setup")]
pub async fn complete_setup(
    token: String,
    username: String,
    password: String,
    #[server(default)] email: String,
) -> Result<(), AppError> {
    use crate::backend::{begin_session, engine, redirect, request_session, user_agent};
    let address = Some(email.clone()).filter(|email| !email.is_empty());
    let user = engine()
        .complete_setup(&token.into(), &username, password.into(), address)
        .await
        .map_err(|error| AppError::from(error).with_typed("username", &username).with_typed("email", &email))?;
    begin_session(&request_session(), &user, &user_agent()).await?;
    redirect("/");
    Ok(())
}

/// Sets a new password with a one-time link's token and goes to sign in.
///
/// # Errors
/// The link is used or too old, or the password is too weak.
#[server(prefix = "/fn", endpoint = "session/redeem_reset")]
pub async fn redeem_reset(token: String, password: String) -> Result<(), AppError> {
    crate::backend::engine().redeem_reset(&token.into(), password.into()).await?;
    crate::backend::redirect("/sign-in?reset=1");
    Ok(())
}

/// Tells whether the first account is still to be made. Anybody may call it.
///
/// # Errors
/// The store is away.
#[server(prefix = "/fn", endpoint = "session/is_setup_needed", protocol = server_fn::Http<server_fn::codec::GetUrl, crate::json::Json>)]
pub async fn is_setup_needed() -> Result<bool, AppError> {
    Ok(crate::backend::engine().setup_needed().await?)
}
