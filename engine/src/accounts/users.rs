//! The team, as administrators manage it.

use model::Username;
use model::user::{Role, Scope, UserSummary};
use secrecy::SecretString;
use ulid::Ulid;

use super::revocation::Revoked;
use super::setup::check_email;
use crate::rights::{Action, check};
use crate::store::UserRow;
use crate::{Caller, Engine, Error};

impl Engine {
    /// Lists all users by name.
    ///
    /// # Errors
    /// The caller is no administrator, or the database does not answer.
    pub async fn list_users(&self, caller: &Caller) -> Result<Vec<UserSummary>, Error> {
        check(caller, Action::ManageUsers)?;
        Ok(self.parts.store.users().await?.iter().map(UserRow::summary).collect())
    }

    /// Makes a user, who sets a password with the returned one-time link's secret.
    ///
    /// # Errors
    /// The caller is no administrator, the name is taken, or a field is wrong.
    pub async fn create_user(
        &self,
        caller: &Caller,
        username: Username,
        role: Role,
        scope: Scope,
        email: Option<String>,
    ) -> Result<(UserSummary, SecretString), Error> {
        check(caller, Action::ManageUsers)?;
        check_scope(&scope)?;
        let email = email.map(|email| check_email(&email)).transpose()?;
        let accounts = &self.parts.accounts;
        let _guard = accounts.membership.lock().await;
        if accounts.store.user_by_name(username.as_str()).await?.is_some() {
            return Err(Error::invalid_field("username", "There is a user with this name."));
        }
        let row = UserRow {
            key: Ulid::generate().to_string(),
            username,
            email,
            role,
            scope,
            disabled: false,
            password_hash: None,
            created_at: accounts.clock.now(),
            last_sign_in: None,
            access_ended_at: None,
        };
        accounts.store.put_user(&row).await?;
        let link = accounts.create_link(Some(row.key.clone())).await?;
        let action = format!("made user {}, {role}", row.username);
        accounts.audit(caller.username.as_str(), action, None, true).await?;
        Ok((row.summary(), link))
    }

    /// Changes what a user may do and where; their sessions, tokens and streams end.
    ///
    /// # Errors
    /// The caller is no administrator, or nobody would be one.
    pub async fn set_user_role(&self, caller: &Caller, id: &str, role: Role, scope: Scope) -> Result<(), Error> {
        check(caller, Action::ManageUsers)?;
        check_scope(&scope)?;
        let action = format!("{role}");
        self.change_user(caller, id, &format!("made {{}} {action}"), |row| UserRow { role, scope, ..row }).await
    }

    /// Keeps a user out; their sessions, tokens and streams end.
    ///
    /// # Errors
    /// The caller is no administrator, or nobody would be one.
    pub async fn disable_user(&self, caller: &Caller, id: &str) -> Result<(), Error> {
        check(caller, Action::ManageUsers)?;
        self.change_user(caller, id, "disabled {}", |row| UserRow { disabled: true, ..row }).await
    }

    /// Lets a user in again.
    ///
    /// # Errors
    /// The caller is no administrator, or there is no such user.
    pub async fn enable_user(&self, caller: &Caller, id: &str) -> Result<(), Error> {
        check(caller, Action::ManageUsers)?;
        self.change_user(caller, id, "enabled {}", |row| UserRow { disabled: false, ..row }).await
    }

    /// Ends a user's password, sessions and tokens, and returns the secret of a link that sets a new password.
    ///
    /// # Errors
    /// The caller is no administrator, or there is no such user.
    pub async fn reset_user(&self, caller: &Caller, id: &str) -> Result<SecretString, Error> {
        check(caller, Action::ManageUsers)?;
        self.change_user(caller, id, "reset the password of {}", |row| UserRow { password_hash: None, ..row }).await?;
        self.parts.accounts.create_link(Some(id.to_owned())).await
    }

    /// Deletes a user; what they did stays in timeline and audit.
    ///
    /// # Errors
    /// The caller is no administrator, or nobody would be one.
    pub async fn delete_user(&self, caller: &Caller, id: &str) -> Result<(), Error> {
        check(caller, Action::ManageUsers)?;
        let accounts = &self.parts.accounts;
        let _guard = accounts.membership.lock().await;
        let row = accounts.store.user(id).await?.ok_or_else(not_found)?;
        self.keep_an_administrator(id, None).await?;
        accounts.store.delete_user(id).await?;
        accounts.revocations.announce(Revoked::User { id: id.to_owned(), kept_session: None });
        accounts.audit(caller.username.as_str(), format!("deleted user {}", row.username), None, true).await
    }

    async fn change_user(
        &self,
        caller: &Caller,
        id: &str,
        action: &str,
        change: impl FnOnce(UserRow) -> UserRow,
    ) -> Result<(), Error> {
        let accounts = &self.parts.accounts;
        let _guard = accounts.membership.lock().await;
        let row = change(accounts.store.user(id).await?.ok_or_else(not_found)?);
        self.keep_an_administrator(id, Some(&row)).await?;
        accounts.put_and_end_access(&row, None).await?;
        let action = action.replace("{}", row.username.as_str());
        accounts.audit(caller.username.as_str(), action, None, true).await
    }

    /// Checks that somebody who can sign in still manages users when `changed` stands in the place of `id`.
    async fn keep_an_administrator(&self, id: &str, changed: Option<&UserRow>) -> Result<(), Error> {
        let manages = |row: &UserRow| {
            row.role == Role::Admin && row.scope == Scope::Everywhere && !row.disabled && row.password_hash.is_some()
        };
        let users = self.parts.store.users().await?;
        if changed.is_some_and(manages) || users.iter().any(|row| row.key != id && manages(row)) {
            return Ok(());
        }
        Err(Error::Conflict {
            message: "Nobody would be left who manages users.".into(),
            hint: "Make another user an administrator everywhere first.".into(),
            fields: Vec::new(),
        })
    }
}

fn check_scope(scope: &Scope) -> Result<(), Error> {
    match scope {
        Scope::Namespaces(list) if list.is_empty() => {
            Err(Error::invalid_field("namespaces", "Name at least one namespace, or choose all."))
        }
        _ => Ok(()),
    }
}

fn not_found() -> Error {
    Error::NotFound { what: "such user".into() }
}
