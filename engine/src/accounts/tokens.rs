//! API tokens: one's own rights or fewer, for a time.

use std::time::Duration;

use model::user::{TokenRequest, TokenSummary};
use secrecy::{ExposeSecret, SecretString};
use ulid::Ulid;

use super::revocation::Revoked;
use super::{new_secret, secret_hash};
use crate::rights::{Action, check};
use crate::store::TokenRow;
use crate::{Caller, Engine, Error, Via};

/// Tells a token from other secrets, for people and for secret scanners.
const PREFIX: &str = "dsh_";
/// Tokens one user may have.
const MOST: usize = 50;

impl Engine {
    /// Makes a token and returns its text, which is shown once: only its hash is kept.
    ///
    /// # Errors
    /// It asks for more than the caller has, or a field is wrong.
    pub async fn create_token(
        &self,
        caller: &Caller,
        request: TokenRequest,
    ) -> Result<(TokenSummary, SecretString), Error> {
        check(caller, Action::ManageOwnTokens)?;
        if matches!(caller.via, Via::Token { .. }) {
            // Else a token that leaks once could renew itself for ever.
            return Err(Error::NotAllowed { action: "make a token with a token" });
        }
        let accounts = &self.parts.accounts;
        let name = request.name.trim();
        if name.is_empty() || name.chars().count() > 64 || name.chars().any(|c| c.is_control() || "<>()".contains(c)) {
            return Err(Error::invalid_field("name", "A token's name has 1 to 64 characters, without < > ( )."));
        }
        if !(1..=365).contains(&request.expires_in_days) {
            return Err(Error::invalid_field("expires_in_days", "A token lives 1 to 365 days."));
        }
        if matches!(&request.scope, model::user::Scope::Namespaces(list) if list.is_empty()) {
            return Err(Error::invalid_field("namespaces", "Name at least one namespace."));
        }
        if request.role > caller.role {
            return Err(Error::invalid_field("role", "A token cannot have more rights than you have."));
        }
        if !caller.scope.contains(&request.scope) {
            return Err(Error::invalid_field("namespaces", "A token cannot reach where you cannot."));
        }
        if accounts.store.tokens_of(&caller.user_id).await?.len() >= MOST {
            return Err(Error::invalid_field("name", "You have 50 tokens already: revoke one first."));
        }
        let secret = new_secret(PREFIX)?;
        let now = accounts.clock.now();
        let row = TokenRow {
            key: Ulid::generate().to_string(),
            hash: secret_hash(secret.expose_secret()),
            user_id: caller.user_id.clone(),
            name: name.to_owned(),
            role: request.role,
            scope: request.scope,
            created_at: now,
            expires_at: now + Duration::from_secs(24 * 60 * 60) * u32::from(request.expires_in_days),
            last_used: None,
        };
        // What ends the access of this caller meanwhile also ends what they were about to make.
        let _guard = accounts.membership.lock().await;
        if accounts.caller_now(caller).await? != *caller {
            return Err(Error::NotSignedIn);
        }
        accounts.store.put_token(&row).await?;
        accounts.audit(caller.username.as_str(), format!("made the token {name}"), None, true).await?;
        Ok((summary(row, caller), secret))
    }

    /// Lists the caller's own tokens, newest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_tokens(&self, caller: &Caller) -> Result<Vec<TokenSummary>, Error> {
        check(caller, Action::ManageOwnTokens)?;
        let rows = self.parts.store.tokens_of(&caller.user_id).await?;
        Ok(rows.into_iter().map(|row| summary(row, caller)).collect())
    }

    /// Ends one of the caller's own tokens.
    ///
    /// # Errors
    /// There is none with this id.
    pub async fn revoke_token(&self, caller: &Caller, id: &str) -> Result<(), Error> {
        check(caller, Action::ManageOwnTokens)?;
        let accounts = &self.parts.accounts;
        let row = accounts.store.token(id).await?.filter(|row| row.user_id == caller.user_id);
        let row = row.ok_or_else(|| Error::NotFound { what: "such token".into() })?;
        accounts.store.delete_token(id).await?;
        accounts.revocations.announce(Revoked::Token(id.to_owned()));
        accounts.audit(caller.username.as_str(), format!("revoked the token {}", row.name), None, true).await
    }
}

fn summary(row: TokenRow, owner: &Caller) -> TokenSummary {
    TokenSummary {
        id: row.key,
        name: row.name,
        owner: owner.username.clone(),
        role: row.role,
        scope: row.scope,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used: row.last_used,
    }
}
