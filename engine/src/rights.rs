//! The one table of rights: action x scope -> role.

use model::Namespace;
use model::user::Role;

use crate::{Caller, Error};

/// Everything that asks for a right. Deny by default: what is not here cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    SeeResources,
    SeeHistory,
    SeeSync,
    WriteDeployments,
    /// Retry, commit now, and the fate of held deletions.
    SteerSync,
    ManageOwnAccount,
    ManageOwnTokens,
    ManageUsers,
    SeeAudit,
}

impl Action {
    /// All actions, for tables and tests.
    pub const ALL: [Self; 9] = [
        Self::SeeResources,
        Self::SeeHistory,
        Self::SeeSync,
        Self::WriteDeployments,
        Self::SteerSync,
        Self::ManageOwnAccount,
        Self::ManageOwnTokens,
        Self::ManageUsers,
        Self::SeeAudit,
    ];

    /// Returns the least role that may do it.
    pub fn least_role(self) -> Role {
        match self {
            Self::SeeResources | Self::SeeHistory | Self::SeeSync | Self::ManageOwnAccount | Self::ManageOwnTokens => {
                Role::Viewer
            }
            Self::WriteDeployments | Self::SteerSync => Role::Operator,
            Self::ManageUsers | Self::SeeAudit => Role::Admin,
        }
    }

    /// Tells whether a role that is bound to namespaces can never do it, because it reaches beyond them.
    pub fn needs_everywhere(self) -> bool {
        matches!(self, Self::SteerSync | Self::ManageUsers | Self::SeeAudit)
    }

    fn words(self) -> &'static str {
        match self {
            Self::SeeResources => "see resources",
            Self::SeeHistory => "see the history",
            Self::SeeSync => "see the sync state",
            Self::WriteDeployments => "change deployments",
            Self::SteerSync => "steer the sync engine",
            Self::ManageOwnAccount => "manage your account",
            Self::ManageOwnTokens => "manage tokens",
            Self::ManageUsers => "manage users",
            Self::SeeAudit => "see the audit",
        }
    }
}

/// Checks a right that belongs to no resource.
///
/// # Errors
/// [`Error::NotAllowed`].
pub fn check(caller: &Caller, action: Action) -> Result<(), Error> {
    let wide_enough = !action.needs_everywhere() || caller.scope == model::user::Scope::Everywhere;
    if caller.role >= action.least_role() && wide_enough {
        Ok(())
    } else {
        Err(Error::NotAllowed { action: action.words() })
    }
}

/// Checks a right on something in a namespace (`None`: cluster-scoped); `what` names it as in `deployment shop/api`.
///
/// # Errors
/// [`Error::NotFound`] for what the caller may not see, as for what is not there; [`Error::NotAllowed`] for what
/// they may see and not do.
pub fn check_in(caller: &Caller, action: Action, namespace: Option<&Namespace>, what: &str) -> Result<(), Error> {
    if !caller.sees(namespace) {
        return Err(Error::NotFound { what: what.to_owned() });
    }
    check(caller, action)
}

#[cfg(test)]
mod tests {
    use model::user::Scope;

    use super::*;
    use crate::Via;

    fn caller(role: Role, scope: Scope) -> Caller {
        Caller {
            user_id: "1".into(),
            username: "ada".parse().unwrap(),
            email: None,
            role,
            scope,
            via: Via::Session { id: "s".into() },
        }
    }

    #[test]
    fn each_role_holds_the_ones_before_it() {
        for action in Action::ALL {
            let allowed: Vec<bool> =
                Role::ALL.map(|role| check(&caller(role, Scope::Everywhere), action).is_ok()).into();
            assert!(allowed.is_sorted(), "{action:?}");
            assert!(allowed.last() == Some(&true), "{action:?}");
        }
    }

    #[test]
    fn another_team_s_namespace_looks_as_if_it_were_not_there() {
        let shop = caller(Role::Admin, Scope::Namespaces(vec!["shop".parse().unwrap()]));
        let bank = "bank".parse().unwrap();
        let answer = check_in(&shop, Action::WriteDeployments, Some(&bank), "deployment bank/api");
        assert!(matches!(answer, Err(Error::NotFound { .. })));
        assert!(matches!(check(&shop, Action::ManageUsers), Err(Error::NotAllowed { .. })));
    }
}
