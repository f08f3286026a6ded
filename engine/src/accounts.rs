//! Users, how they prove who they are, and how long that lasts.

mod audit;
mod password;
mod revocation;
mod sessions;
mod setup;
mod sign_in;
mod throttle;
mod tokens;
mod users;

pub use sessions::SessionUser;

use std::sync::Arc;

use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::store::Store;
use crate::{Clock, Error};

/// The accounts; cheap to clone.
#[derive(Clone)]
pub(crate) struct Accounts {
    store: Store,
    clock: Clock,
    passwords: password::Passwords,
    throttle: Arc<throttle::Throttle>,
    revocations: revocation::Revocations,
    /// Held while the number of administrators is counted and changed, and while the first account is made.
    membership: Arc<tokio::sync::Mutex<()>>,
}

impl Accounts {
    pub(crate) fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            passwords: password::Passwords::default(),
            throttle: Arc::default(),
            revocations: revocation::Revocations::default(),
            membership: Arc::default(),
        }
    }
}

/// Makes 256 bits of randomness, as 64 hexadecimal digits after a prefix that says what it opens.
pub(crate) fn new_secret(prefix: &str) -> Result<SecretString, Error> {
    let mut bytes = [0u8; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| Error::internal("drawing random numbers", error))?;
    Ok(format!("{prefix}{}", hexadecimal(&bytes)).into())
}

/// What the database keeps of a secret with enough randomness in it.
fn secret_hash(secret: &str) -> String {
    hexadecimal(&Sha256::digest(secret.as_bytes()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
