//! How a person or a program proves who they are.

use std::net::IpAddr;
use std::time::Duration;

use model::user::{Scope, UserSummary};
use secrecy::{ExposeSecret, SecretString};

use super::revocation::Revoked;
use super::{Accounts, password, secret_hash};
use crate::rights::{Action, check};
use crate::store::{TokenRow, UserRow};
use crate::{Caller, Engine, Error, Via};

/// How exact `last used` is.
const TOUCH: Duration = Duration::from_secs(60);

impl Accounts {
    /// Ends all that lets a user in, but one session, and all streams that rest on it.
    pub(super) async fn end_access(&self, user: &str, kept_session: Option<&str>) -> Result<(), Error> {
        self.store.end_access(user, kept_session).await?;
        self.revocations
            .announce(Revoked::User { id: user.to_owned(), kept_session: kept_session.map(ToOwned::to_owned) });
        Ok(())
    }
}

impl Engine {
    /// Checks a password, slowed down per account and per address; unknown users cost the same time and words.
    ///
    /// # Errors
    /// Name or password is wrong, or there were too many tries.
    pub async fn sign_in(&self, username: &str, password: SecretString, address: IpAddr) -> Result<UserSummary, Error> {
        let accounts = &self.parts.accounts;
        let username = username.trim();
        let slots = accounts.throttle.slots(username, address);
        accounts.throttle.begin(slots, accounts.clock.now())?;
        let user = accounts.store.user_by_name(username).await?;
        let hash = user.as_ref().filter(|user| !user.disabled).and_then(|user| user.password_hash.clone());
        let fits = password.expose_secret().len() <= 1024 && accounts.passwords.verify(password, hash).await?;
        let Some(user) = user.filter(|_| fits) else {
            accounts.audit(username, "failed to sign in", Some(address), false).await?;
            return Err(Error::Invalid {
                message: "User name or password is wrong.".into(),
                hint: "Try again, or ask an administrator for a link that sets a new password.".into(),
                fields: Vec::new(),
            });
        };
        accounts.throttle.succeed(slots);
        let user = UserRow { last_sign_in: Some(accounts.clock.now()), ..user };
        accounts.store.put_user(&user).await?;
        accounts.audit(user.username.as_str(), "signed in", Some(address), true).await?;
        Ok(user.summary())
    }

    /// Makes the caller of a session that is signed in; `session` is its raw id.
    ///
    /// # Errors
    /// The user is gone or disabled.
    pub async fn caller_for_session(&self, user_id: &str, session: &str) -> Result<Caller, Error> {
        let user = self.parts.accounts.store.user(user_id).await?;
        let user = user.filter(|user| !user.disabled).ok_or(Error::NotSignedIn)?;
        Ok(caller(&user, Via::Session { id: secret_hash(session) }))
    }

    /// Makes the caller of an API token, who may do what both the token and its owner may do.
    ///
    /// # Errors
    /// The token is unknown or too old, or its owner is gone or disabled.
    pub async fn authenticate_token(&self, token: &SecretString) -> Result<Caller, Error> {
        let accounts = &self.parts.accounts;
        let now = accounts.clock.now();
        let row = accounts.store.token_by_hash(&secret_hash(token.expose_secret())).await?;
        let row = row.filter(|row| row.expires_at > now).ok_or(Error::NotSignedIn)?;
        let user = accounts.store.user(&row.user_id).await?;
        let user = user.filter(|user| !user.disabled).ok_or(Error::NotSignedIn)?;
        let age = row.last_used.map(|used| Duration::try_from(now.duration_since(used)).unwrap_or_default());
        if age.is_none_or(|age| age > TOUCH) {
            accounts.store.touch_token(&row.key, now).await?;
        }
        let scope = narrower(&row, &user).ok_or(Error::NotSignedIn)?;
        let via = Via::Token { id: row.key, name: row.name };
        Ok(Caller { role: row.role.min(user.role), scope, ..caller(&user, via) })
    }

    /// Changes the caller's own password; all other sessions, all tokens and all links end.
    ///
    /// # Errors
    /// The current password is wrong, or the new one is too weak.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: SecretString,
        new: SecretString,
    ) -> Result<(), Error> {
        check(caller, Action::ManageOwnAccount)?;
        let Via::Session { id } = &caller.via else {
            return Err(Error::NotAllowed { action: "change a password with a token" });
        };
        let accounts = &self.parts.accounts;
        let row = accounts.store.user(&caller.user_id).await?.ok_or(Error::NotSignedIn)?;
        if !accounts.passwords.verify(current, row.password_hash.clone()).await? {
            return Err(Error::invalid_field("current", "This is not your current password."));
        }
        password::check_new("new", &new, &row.username)?;
        let row = UserRow { password_hash: Some(accounts.passwords.hash(new).await?), ..row };
        accounts.store.put_user(&row).await?;
        accounts.end_access(&row.key, Some(id)).await?;
        accounts.audit(row.username.as_str(), "changed the password", None, true).await
    }
}

fn caller(user: &UserRow, via: Via) -> Caller {
    Caller {
        user_id: user.key.clone(),
        username: user.username.clone(),
        email: user.email.clone(),
        role: user.role,
        scope: user.scope.clone(),
        via,
    }
}

/// Returns where both may act; nothing when nowhere.
fn narrower(token: &TokenRow, user: &UserRow) -> Option<Scope> {
    match (&token.scope, &user.scope) {
        (Scope::Everywhere, scope) | (scope, Scope::Everywhere) => Some(scope.clone()),
        (Scope::Namespaces(token), Scope::Namespaces(user)) => {
            let both: Vec<_> = token.iter().filter(|namespace| user.contains(namespace)).cloned().collect();
            (!both.is_empty()).then_some(Scope::Namespaces(both))
        }
    }
}
