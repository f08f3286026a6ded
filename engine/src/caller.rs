//! Who asks; the first parameter of every method that acts.

use model::history::Actor;
use model::user::{Role, Scope};
use model::{Namespace, Username};

/// Somebody who has proved who they are; made only by `accounts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub user_id: String,
    pub username: Username,
    /// As the commit author's address.
    pub email: Option<String>,
    pub role: Role,
    pub scope: Scope,
    pub via: Via,
}

/// How a caller came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// A browser's session, named without being able to open it.
    Session { id: String },
    /// An API token.
    Token { id: String, name: String },
}

impl Caller {
    /// Returns whom the history names.
    pub fn actor(&self) -> Actor {
        match &self.via {
            Via::Session { .. } => Actor::User(self.username.clone()),
            Via::Token { name, .. } => Actor::Token { name: name.clone(), owner: self.username.clone() },
        }
    }

    /// Tells whether the caller may know what is in this namespace (`None`: cluster-scoped).
    pub fn sees(&self, namespace: Option<&Namespace>) -> bool {
        self.scope.covers(namespace)
    }
}
