//! The first account, and the one-time links that set a password.

use std::time::Duration;

use model::user::{Role, Scope, UserSummary};
use model::{Timestamp, Username};
use secrecy::{ExposeSecret, SecretString};
use ulid::Ulid;

use super::{Accounts, new_secret, password, secret_hash};
use crate::store::{LinkRow, UserRow};
use crate::{Engine, Error};

const LINK_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

impl Accounts {
    /// Makes a link that works once within 24 h; only its hash is kept.
    pub(super) async fn create_link(&self, user: Option<String>) -> Result<SecretString, Error> {
        let secret = new_secret("")?;
        let hash = secret_hash(secret.expose_secret());
        let expires_at = self.clock.now() + LINK_LIFE;
        self.store.put_link(&LinkRow { hash, user, expires_at }).await?;
        Ok(secret)
    }

    /// Finds a link that still works, without using it.
    async fn valid_link(&self, secret: &SecretString) -> Result<LinkRow, Error> {
        let link = self.store.link(&secret_hash(secret.expose_secret())).await?;
        link.filter(|link| link.expires_at > self.clock.now()).ok_or_else(spent)
    }

    async fn create_first(
        &self,
        username: Username,
        email: Option<String>,
        hash: String,
        last_sign_in: Option<Timestamp>,
    ) -> Result<UserRow, Error> {
        let row = UserRow {
            key: Ulid::generate().to_string(),
            username,
            email,
            role: Role::Admin,
            scope: Scope::Everywhere,
            disabled: false,
            password_hash: Some(hash),
            created_at: self.clock.now(),
            last_sign_in,
            access_ended_at: None,
        };
        self.store.put_user(&row).await?;
        self.audit(row.username.as_str(), "made the first account", None, true).await?;
        Ok(row)
    }
}

impl Engine {
    /// Tells whether there is no account yet.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn setup_needed(&self) -> Result<bool, Error> {
        Ok(!self.parts.store.has_users().await?)
    }

    /// Makes the secret of the link that makes the first account; the one before it ends.
    ///
    /// # Errors
    /// There is an account already, or the database does not answer.
    pub async fn create_setup_link(&self) -> Result<SecretString, Error> {
        if !self.setup_needed().await? {
            return Err(spent());
        }
        self.parts.accounts.create_link(None).await
    }

    /// Makes the first administrator, once, with the set-up link's secret; they count as signed in.
    ///
    /// # Errors
    /// The link is spent, or a field is wrong; then the link still works.
    pub async fn complete_setup(
        &self,
        secret: &SecretString,
        username: &str,
        password: SecretString,
        email: Option<String>,
    ) -> Result<UserSummary, Error> {
        let accounts = &self.parts.accounts;
        let link = accounts.valid_link(secret).await?;
        let username = parse_username(username)?;
        let email = email.map(|email| check_email(&email)).transpose()?;
        password::check_new("password", &password, &username)?;
        let hash = accounts.passwords.hash(password).await?;
        let _guard = accounts.membership.lock().await;
        if link.user.is_some() || !self.setup_needed().await? || accounts.store.take_link(&link.hash).await?.is_none() {
            return Err(spent());
        }
        Ok(accounts.create_first(username, email, hash, Some(accounts.clock.now())).await?.summary())
    }

    /// Makes the user `admin` with a password from the settings, when there is no account yet.
    ///
    /// # Errors
    /// The password is too weak, or the database does not answer.
    pub async fn create_first_admin(&self, password: SecretString) -> Result<(), Error> {
        let accounts = &self.parts.accounts;
        let username = parse_username("admin")?;
        password::check_new("password", &password, &username)?;
        let _guard = accounts.membership.lock().await;
        if self.setup_needed().await? {
            let hash = accounts.passwords.hash(password).await?;
            accounts.create_first(username, None, hash, None).await?;
        }
        Ok(())
    }

    /// Sets a user's password, once, with a one-time link's secret; everything that let them in before ends.
    ///
    /// # Errors
    /// The link is spent, or the password is too weak; then the link still works.
    pub async fn redeem_reset(&self, secret: &SecretString, password: SecretString) -> Result<(), Error> {
        let accounts = &self.parts.accounts;
        let link = accounts.valid_link(secret).await?;
        let user = link.user.as_deref().ok_or_else(spent)?;
        let row = accounts.store.user(user).await?.filter(|row| !row.disabled).ok_or_else(spent)?;
        password::check_new("password", &password, &row.username)?;
        let hash = accounts.passwords.hash(password).await?;
        let _guard = accounts.membership.lock().await;
        if accounts.store.take_link(&link.hash).await?.is_none() {
            return Err(spent());
        }
        // Hashing takes a while, in which the user may have been disabled or deleted.
        let row = accounts.store.user(&row.key).await?.filter(|row| !row.disabled).ok_or_else(spent)?;
        let row = UserRow { password_hash: Some(hash), ..row };
        accounts.put_and_end_access(&row, None).await?;
        accounts.audit(row.username.as_str(), "set a password with a one-time link", None, true).await
    }
}

pub(super) fn parse_username(text: &str) -> Result<Username, Error> {
    text.trim().parse().map_err(|error: model::InvalidName| Error::invalid_field("username", error.to_string()))
}

/// Checks what may stand between `<` and `>` in a commit's author.
pub(super) fn check_email(text: &str) -> Result<String, Error> {
    let text = text.trim();
    let plain = |c: char| c.is_ascii_graphic() && !"<>()[],;:\\\"".contains(c);
    let parts = text.split_once('@');
    let whole = parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'));
    if text.len() > 200 || !whole || !text.chars().all(plain) {
        return Err(Error::invalid_field("email", "An e-mail address looks like ada@example.org."));
    }
    Ok(text.to_owned())
}

fn spent() -> Error {
    Error::Invalid {
        message: "This link was used already, or it is older than 24 hours.".into(),
        hint: "Ask an administrator for a new one; for the first account, restart Denshimon.".into(),
        fields: Vec::new(),
    }
}
