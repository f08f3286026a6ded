//! Users, their rights, sessions and tokens, without anything secret.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Namespace, Timestamp, Username};

/// What a user may do; each role holds the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees everything but secret values.
    Viewer,
    /// Deploys, scales, edits, deletes, commits and rolls back.
    Operator,
    /// Also manages users, tokens and settings.
    Admin,
}

/// Where a role holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Everywhere,
    /// Only in these namespaces, and never for cluster-scoped resources; not empty.
    Namespaces(Vec<Namespace>),
}

/// A user as the team page shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UserSummary {
    pub id: String,
    pub username: Username,
    /// Used as the author's address of commits when set.
    pub email: Option<String>,
    pub role: Role,
    pub scope: Scope,
    pub disabled: bool,
    #[serde(with = "crate::timestamp::text")]
    pub created_at: Timestamp,
    #[serde(default, with = "crate::timestamp::optional")]
    pub last_sign_in: Option<Timestamp>,
}

/// Who is signed in, for the frame of each page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SignedIn {
    pub username: Username,
    pub role: Role,
    pub scope: Scope,
}

/// One place where a user is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SessionSummary {
    /// Names the session without being able to open it.
    pub id: String,
    #[serde(with = "crate::timestamp::text")]
    pub created_at: Timestamp,
    #[serde(with = "crate::timestamp::text")]
    pub last_seen: Timestamp,
    pub user_agent: String,
    /// The one that asks.
    pub current: bool,
}

/// An API token, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TokenSummary {
    pub id: String,
    pub name: String,
    pub owner: Username,
    pub role: Role,
    pub scope: Scope,
    #[serde(with = "crate::timestamp::text")]
    pub created_at: Timestamp,
    #[serde(with = "crate::timestamp::text")]
    pub expires_at: Timestamp,
    #[serde(default, with = "crate::timestamp::optional")]
    pub last_used: Option<Timestamp>,
}

/// What an API token is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TokenRequest {
    pub name: String,
    pub role: Role,
    pub scope: Scope,
    /// 1 to 365.
    pub expires_in_days: u16,
}

/// Something that was done to accounts, or tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    pub id: String,
    #[serde(with = "crate::timestamp::text")]
    pub at: Timestamp,
    /// Who did it; the name as typed when a sign-in failed.
    pub actor: String,
    /// In plain words: `signed in`, `made user grace a viewer`.
    pub action: String,
    /// Where it came from, when that is known.
    pub address: Option<String>,
    pub succeeded: bool,
}

impl Scope {
    /// Tells whether a resource in this namespace (`None`: cluster-scoped) is inside.
    pub fn covers(&self, namespace: Option<&Namespace>) -> bool {
        match (self, namespace) {
            (Self::Everywhere, _) => true,
            (Self::Namespaces(list), Some(namespace)) => list.contains(namespace),
            (Self::Namespaces(_), None) => false,
        }
    }

    /// Tells whether nothing in the other scope lies outside this one.
    pub fn contains(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Everywhere, _) => true,
            (Self::Namespaces(_), Self::Everywhere) => false,
            (Self::Namespaces(mine), Self::Namespaces(theirs)) => {
                theirs.iter().all(|namespace| mine.contains(namespace))
            }
        }
    }
}

impl Role {
    /// All roles, from the least to the most.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// Returns `viewer`, `operator` or `admin`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl std::str::FromStr for Role {
    type Err = crate::InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| crate::InvalidName("A role is viewer, operator or admin.".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_never_holds_more_than_its_namespaces() {
        let shop = Scope::Namespaces(vec!["shop".parse().unwrap()]);
        let both = Scope::Namespaces(vec!["shop".parse().unwrap(), "bank".parse().unwrap()]);
        assert!(both.contains(&shop) && Scope::Everywhere.contains(&both));
        assert!(!shop.contains(&both) && !both.contains(&Scope::Everywhere));
        assert!(!both.covers(None) && both.covers(Some(&"bank".parse().unwrap())));
    }
}
