//! Who asks.

use engine::Caller;
use model::ErrorKind;
use server_fn::error::ServerFnUrlError;

use super::session::USER_KEY;
use super::{page_address, redirect, request, sign_in_address};
use crate::AppError;

/// Names the caller by the session; looked up once for a request.
///
/// # Errors
/// Nobody is signed in, the user is gone or disabled, or the store is away.
pub async fn caller() -> Result<Caller, AppError> {
    let request = request();
    request.caller.get_or_try_init(|| read_caller(&request)).await.cloned()
}

/// Names the caller for a form; a browser whose session has ended is sent to sign in and back to the form's page.
///
/// # Errors
/// As [`caller`].
pub async fn signed_in_or_away() -> Result<Caller, AppError> {
    let answer = caller().await;
    if answer.as_ref().is_err_and(|error| error.error.kind == ErrorKind::NotSignedIn) {
        redirect(&sign_in_address(&page_address()));
    }
    answer
}

/// The same for a form that posts to `path`: whoever has to sign in comes back to it as it was filled in.
///
/// # Errors
/// Not signed in, or the engine cannot tell.
pub async fn signed_in_or_back(path: &str, typed: &[(&str, &str)]) -> Result<Caller, AppError> {
    let answer = caller().await;
    if answer.as_ref().is_err_and(|error| error.error.kind == ErrorKind::NotSignedIn) {
        let words = "Your session had ended, so nothing was done yet. What you typed is kept: send it again.";
        let kept = AppError::new(ErrorKind::Conflict, words).with_all_typed(typed);
        let page = page_address();
        let join = if page.contains('?') { '&' } else { '?' };
        let error = ServerFnUrlError::new(path, kept).to_url("http://page/").ok();
        let query = error.as_ref().and_then(|url| url.query()).unwrap_or_default();
        redirect(&sign_in_address(&format!("{page}{join}{query}")));
    }
    answer
}

async fn read_caller(request: &super::RequestContext) -> Result<Caller, AppError> {
    let user: Option<String> =
        request.session.get(USER_KEY).await.map_err(|error| engine::Error::unavailable("the database", error))?;
    let (Some(user), Some(session)) = (user, request.session.id()) else {
        return Err(engine::Error::NotSignedIn.into());
    };
    Ok(request.engine.caller_for_session(&user, &session.to_string()).await?)
}
