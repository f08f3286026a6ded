//! Passwords: what is good enough, and argon2id.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use model::Username;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::Error;

/// Each hash takes 19 MiB for some tens of milliseconds: two at a time bound both.
const AT_ONCE: usize = 2;
/// Who waits longer for their turn is sent away.
const LONGEST_QUEUE: Duration = Duration::from_secs(10);

/// The commonest passwords of ten and more characters; shorter ones are refused anyway.
const COMMONEST: [&str; 20] = [
    "1234567890",
    "12345678910",
    "0123456789",
    "0987654321",
    "1111111111",
    "qwertyuiop",
    "1q2w3e4r5t",
    "password12",
    "password123",
    "password1234",
    "passw0rd123",
    "iloveyou123",
    "qwerty12345",
    "qwerty1234",
    "qwerty123456",
    "administrator",
    "changeme123",
    "letmein1234",
    "kubernetes1",
    "denshimon123",
];

/// Hashes and verifies, a bounded number at a time.
#[derive(Clone)]
pub(super) struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Passwords {
    /// Hashes a password with a salt of its own, as a PHC string.
    pub(super) async fn hash(&self, password: SecretString) -> Result<String, Error> {
        self.blocking(move || {
            let hash = argon2id()?.hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|error| Error::internal("hashing a password", error))
        })
        .await
    }

    /// Tells whether a password fits its hash; without a hash it takes as long and says no.
    pub(super) async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool, Error> {
        self.blocking(move || {
            let Some(hash) = hash else {
                let unused = argon2id()?.hash_password(password.expose_secret().as_bytes());
                return unused.map(|_| false).map_err(|error| Error::internal("hashing a password", error));
            };
            let hash = PasswordHash::new(&hash).map_err(|error| Error::internal("reading a password's hash", error))?;
            Ok(argon2id()?.verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = tokio::time::timeout(LONGEST_QUEUE, self.0.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| Error::TooMany { retry_after: LONGEST_QUEUE })?;
        let permit = permit.map_err(|error| Error::internal("hashing a password", error))?;
        let answer = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        answer.await.map_err(|error| Error::internal("hashing a password", error))?
    }
}

/// The parameters that OWASP recommends: 19 MiB, two passes, one lane.
fn argon2id() -> Result<Argon2<'static>, Error> {
    let parameters = Params::new(19 * 1024, 2, 1, None).map_err(|error| Error::internal("setting up argon2", error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

/// Checks a new password; `field` names it in the form.
///
/// # Errors
/// Says what is missing.
pub(super) fn check_new(field: &str, password: &SecretString, username: &Username) -> Result<(), Error> {
    let text = password.expose_secret();
    let length = text.chars().count();
    if !(10..=200).contains(&length) {
        return Err(Error::invalid_field(field, "A password has 10 to 200 characters."));
    }
    let lower = text.to_lowercase();
    let single = text.chars().next().is_some_and(|first| text.chars().all(|c| c == first));
    if single || COMMONEST.contains(&lower.as_str()) {
        return Err(Error::invalid_field(field, "This password is among the first that others would try."));
    }
    if lower.contains(username.as_str()) && username.as_str().len() * 2 > lower.len() {
        return Err(Error::invalid_field(field, "A password is more than the user name."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_no_other() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("correct horsf".into(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("correct horse".into(), None).await.unwrap());
    }

    #[test]
    fn a_weak_password_is_refused() {
        let name = "adalovelace".parse().unwrap();
        for weak in ["", "short", "aaaaaaaaaaaa", "Password123", "adalovelace1", &"x".repeat(201)] {
            assert!(check_new("password", &weak.into(), &name).is_err(), "{weak}");
        }
        assert!(check_new("password", &"correct horse battery".into(), &name).is_ok());
    }
}
