//! Server functions for the rules by which records leave something out; the engine checks every right.

use leptos::prelude::*;
use model::ignore::{IgnorePreview, IgnoreRules};
#[cfg(feature = "ssr")]
use model::ignore::{IgnoreRule, LeavesOut};
use serde::{Deserialize, Serialize};

use crate::AppError;
use crate::json::Json;

/// A rule as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleDraft {
    pub kind: String,
    pub namespace: String,
    pub name: String,
    pub selector: String,
    /// `fields`, `manager` or `resource`.
    pub leave_out: String,
    /// Paths between white space.
    pub fields: String,
    pub manager: String,
}

#[cfg(feature = "ssr")]
impl RuleDraft {
    /// Makes a rule of it, which the engine reads.
    fn rule(self) -> IgnoreRule {
        let leaves_out = match self.leave_out.as_str() {
            "manager" => LeavesOut::Manager(self.manager),
            "resource" => LeavesOut::Resource,
            _ => LeavesOut::Fields(self.fields.split_whitespace().map(ToOwned::to_owned).collect()),
        };
        let trimmed = |text: String| text.trim().to_owned();
        IgnoreRule {
            kind: trimmed(self.kind),
            namespace: trimmed(self.namespace),
            name: trimmed(self.name),
            selector: trimmed(self.selector),
            leaves_out,
        }
    }
}

/// Lists the rules.
///
/// # Errors
/// Not signed in.
#[server(prefix = "/fn", endpoint = "gitops/list_ignore_rules", protocol = server_fn::Http<Json, Json>)]
pub async fn list_ignore_rules() -> Result<IgnoreRules, AppError> {
    let caller = crate::backend::caller().await?;
    Ok(crate::backend::engine().list_ignore_rules(&caller).await?)
}

/// Says what a rule would have left out. Operators of the whole cluster may call it.
///
/// # Errors
/// Not signed in, not allowed, or the rule is wrong.
#[server(prefix = "/fn", endpoint = "gitops/preview_ignore_rule", protocol = server_fn::Http<Json, Json>)]
pub async fn preview_ignore_rule(draft: RuleDraft) -> Result<IgnorePreview, AppError> {
    let caller = crate::backend::caller().await?;
    Ok(crate::backend::engine().preview_ignore_rule(&caller, &draft.rule()).await?)
}

/// Makes a rule. Operators of the whole cluster may call it.
///
/// # Errors
/// Not signed in, not allowed, or the rule is wrong.
#[server(prefix = "/fn", endpoint = "gitops/create_ignore_rule")]
pub async fn create_ignore_rule(draft: RuleDraft) -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    crate::backend::engine().create_ignore_rule(&caller, &draft.rule()).await?;
    crate::backend::redirect("/gitops/rules");
    Ok(())
}

/// Switches a rule `on` or `off`. Operators of the whole cluster may call it.
///
/// # Errors
/// Not signed in, not allowed, or no such rule.
#[server(prefix = "/fn", endpoint = "gitops/set_ignore_rule")]
pub async fn set_ignore_rule(id: String, turn: String) -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    let on = match turn.as_str() {
        "on" => true,
        "off" => false,
        _ => return Err(AppError::field("turn", "A rule is switched on or off.").answered()),
    };
    crate::backend::engine().set_ignore_rule(&caller, &id, on).await?;
    crate::backend::redirect("/gitops/rules");
    Ok(())
}

/// Removes a rule. Operators of the whole cluster may call it.
///
/// # Errors
/// Not signed in, not allowed, or no such rule.
#[server(prefix = "/fn", endpoint = "gitops/delete_ignore_rule")]
pub async fn delete_ignore_rule(id: String) -> Result<(), AppError> {
    let caller = crate::backend::signed_in_or_away().await?;
    crate::backend::engine().delete_ignore_rule(&caller, &id).await?;
    crate::backend::redirect("/gitops/rules");
    Ok(())
}
