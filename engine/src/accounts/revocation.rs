//! Tells open streams that what they rest on has ended.

use std::time::Duration;

use tokio::sync::broadcast;

use super::Accounts;
use crate::{Caller, Engine, Error, Via};

/// How often a stream looks whether its session or token has expired, or was ended by another replica.
const LOOK: Duration = Duration::from_secs(30);

/// What has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Revoked {
    /// Everything of a user, but one session where one is kept.
    User {
        id: String,
        kept_session: Option<String>,
    },
    Session(String),
    Token(String),
}

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Revocations(broadcast::Sender<Revoked>);

impl Default for Revocations {
    fn default() -> Self {
        Self(broadcast::Sender::new(256))
    }
}

impl Revocations {
    pub(super) fn announce(&self, revoked: Revoked) {
        // Nobody listens: nothing is open.
        let _ = self.0.send(revoked);
    }
}

impl Engine {
    /// Waits until the caller's session, token or account ends or their rights change.
    ///
    /// Begins to listen when it is called, not when it is first polled.
    pub fn revoked(&self, caller: &Caller) -> impl Future<Output = ()> + Send + use<> {
        let mut revocations = self.parts.accounts.revocations.0.subscribe();
        let accounts = self.parts.accounts.clone();
        let caller = caller.clone();
        async move {
            // The first look finds what ended between the making of the caller and now.
            let mut look = tokio::time::interval(LOOK);
            loop {
                tokio::select! {
                    revoked = revocations.recv() => match revoked {
                        Ok(revoked) if !concerns(&revoked, &caller) => {}
                        // Whoever missed something cannot know: better to end once too often.
                        Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                        Err(broadcast::error::RecvError::Closed) => return,
                    },
                    _ = look.tick() => if has_ended(&accounts, &caller).await { return },
                }
            }
        }
    }
}

/// Tells whether what the caller rests on has ended or changed; a database that is away ends nothing.
async fn has_ended(accounts: &Accounts, caller: &Caller) -> bool {
    match accounts.caller_now(caller).await {
        Ok(now) => now.role != caller.role || now.scope != caller.scope,
        Err(error) => matches!(error, Error::NotSignedIn),
    }
}

fn concerns(revoked: &Revoked, caller: &Caller) -> bool {
    match (revoked, &caller.via) {
        (Revoked::User { id, kept_session }, Via::Session { id: session }) => {
            *id == caller.user_id && kept_session.as_ref() != Some(session)
        }
        (Revoked::User { id, .. }, Via::Token { .. }) => *id == caller.user_id,
        (Revoked::Session(ended), Via::Session { id }) => ended == id,
        (Revoked::Token(ended), Via::Token { id, .. }) => ended == id,
        (Revoked::Session(_), Via::Token { .. }) | (Revoked::Token(_), Via::Session { .. }) => false,
    }
}
