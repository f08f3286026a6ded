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
    /// Writes a changed user and ends all that let them in, but one session, and all streams that rest on it.
    ///
    /// Whoever calls it holds `membership` since before it read the row, so that no other change is undone.
    pub(super) async fn put_and_end_access(&self, row: &UserRow, kept_session: Option<&str>) -> Result<(), Error> {
        let row = &UserRow { access_ended_at: Some(self.clock.now().as_millisecond()), ..row.clone() };
        self.store.put_user_and_end_access(row, kept_session).await?;
        self.revocations
            .announce(Revoked::User { id: row.key.clone(), kept_session: kept_session.map(ToOwned::to_owned) });
        Ok(())
    }

    /// Makes the caller of a session, by its hash.
    pub(super) async fn session_caller(&self, user_id: &str, hash: &str) -> Result<Caller, Error> {
        let known = self.store.session_and_user(hash, user_id).await?;
        let (session, user) = known.filter(|(_, user)| !user.disabled).ok_or(Error::NotSignedIn)?;
        if session.expires_at <= self.clock.now().as_millisecond() {
            return Err(Error::NotSignedIn);
        }
        Ok(caller(&user, Via::Session { id: session.hash }))
    }

    /// Makes the caller again who came in a moment ago, with the rights of now.
    pub(super) async fn caller_now(&self, caller: &Caller) -> Result<Caller, Error> {
        match &caller.via {
            Via::Session { id } => self.session_caller(&caller.user_id, id).await,
            Via::Token { id, .. } => self.token_caller(self.store.token(id).await?).await,
        }
    }

    /// Makes the caller of a token's row, who may do what both the token and its owner may do.
    pub(super) async fn token_caller(&self, row: Option<TokenRow>) -> Result<Caller, Error> {
        let row = row.filter(|row| row.expires_at > self.clock.now()).ok_or(Error::NotSignedIn)?;
        let user = self.store.user(&row.user_id).await?;
        let user = user.filter(|user| !user.disabled).ok_or(Error::NotSignedIn)?;
        let scope = narrower(&row, &user).ok_or(Error::NotSignedIn)?;
        let via = Via::Token { id: row.key, name: row.name };
        Ok(Caller { role: row.role.min(user.role), scope, ..caller(&user, via) })
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
        let fits = password.expose_secret().len() <= 1024 && accounts.passwords.verify(password, hash.clone()).await?;
        // Hashing takes a while, in which the user may have been disabled or deleted.
        let signed_in = match (&user, hash) {
            (Some(user), Some(hash)) if fits => {
                accounts.store.note_sign_in(&user.key, &hash, accounts.clock.now()).await?
            }
            _ => None,
        };
        let Some(user) = signed_in else {
            // People type passwords into the field for the name: only names that exist are written down.
            let actor = user.as_ref().map_or("(unknown user)", |user| user.username.as_str());
            accounts.audit(actor, "failed to sign in", Some(address), false).await?;
            return Err(Error::Invalid {
                message: "User name or password is wrong.".into(),
                hint: "Try again, or ask an administrator for a link that sets a new password.".into(),
                fields: Vec::new(),
            });
        };
        accounts.throttle.succeed(slots);
        accounts.audit(user.username.as_str(), "signed in", Some(address), true).await?;
        Ok(user.summary())
    }

    /// Makes the caller of a session that is signed in; `session` is its raw id.
    ///
    /// # Errors
    /// The session has ended, or the user is gone or disabled.
    pub async fn caller_for_session(&self, user_id: &str, session: &str) -> Result<Caller, Error> {
        self.parts.accounts.session_caller(user_id, &secret_hash(session)).await
    }

    /// Makes the caller of an API token, who may do what both the token and its owner may do.
    ///
    /// # Errors
    /// The token is unknown or too old, or its owner is gone or disabled.
    pub async fn authenticate_token(&self, token: &SecretString) -> Result<Caller, Error> {
        let accounts = &self.parts.accounts;
        let now = accounts.clock.now();
        let row = accounts.store.token_by_hash(&secret_hash(token.expose_secret())).await?;
        let last_used = row.as_ref().and_then(|row| row.last_used);
        let caller = accounts.token_caller(row).await?;
        let age = last_used.map(|used| Duration::try_from(now.duration_since(used)).unwrap_or_default());
        if let Via::Token { id, .. } = &caller.via
            && age.is_none_or(|age| age > TOUCH)
        {
            accounts.store.touch_token(id, now).await?;
        }
        Ok(caller)
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
        // Whoever found a browser open may not guess on here.
        let slots = accounts.throttle.slots_of_account(&format!("{} changes the password", caller.user_id));
        accounts.throttle.begin(slots, accounts.clock.now())?;
        let row = accounts.store.user(&caller.user_id).await?.ok_or(Error::NotSignedIn)?;
        if !accounts.passwords.verify(current, row.password_hash.clone()).await? {
            accounts.audit(row.username.as_str(), "failed to change the password", None, false).await?;
            return Err(Error::invalid_field("current", "This is not your current password."));
        }
        accounts.throttle.succeed(slots);
        password::check_new("new", &new, &row.username)?;
        let hash = accounts.passwords.hash(new).await?;
        let _guard = accounts.membership.lock().await;
        let now = accounts.store.user(&row.key).await?;
        let row = now.filter(|now| !now.disabled && now.password_hash == row.password_hash);
        let row = UserRow { password_hash: Some(hash), ..row.ok_or(Error::NotSignedIn)? };
        accounts.put_and_end_access(&row, Some(id)).await?;
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
