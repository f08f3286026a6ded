//! Rules by which people keep parts of resources, or whole ones, out of records.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::git::CommitId;

/// What a rule applies to, and what it leaves out; an empty text stands for any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IgnoreRule {
    /// `Deployment`, `Deployment.apps`, `*.apps`; without a group, of any.
    #[serde(default)]
    pub kind: String,
    /// `shop`, `team-*`.
    #[serde(default)]
    pub namespace: String,
    /// `api`, `api-*`.
    #[serde(default)]
    pub name: String,
    /// Labels, as kubectl takes them: `app=api,tier!=db,env in (a,b),!canary`.
    #[serde(default)]
    pub selector: String,
    pub leaves_out: LeavesOut,
}

/// What a rule leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LeavesOut {
    /// Fields by their paths, such as `spec.template.spec.containers[name=app].image`.
    Fields(Vec<String>),
    /// What only field managers of this name own; `*` stands for any part of it.
    Manager(String),
    /// The resource altogether.
    Resource,
}

/// Whose rule it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RuleOrigin {
    /// Denshimon's own; it can be switched off.
    BuiltIn,
    /// The settings file's; it is changed there.
    Settings,
    People,
}

/// A rule as the page lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ListedRule {
    pub id: String,
    pub words: String,
    pub origin: RuleOrigin,
    pub on: bool,
    /// Resources that it leaves out, or parts of; `None` where nobody counts them.
    pub resources: Option<u32>,
}

/// All rules, in the order in which they apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct IgnoreRules {
    pub rules: Vec<ListedRule>,
    /// Whoever reads this may also change them.
    pub may_steer: bool,
}

/// What a rule would do, judged by what is in the repository, and by what is in the cluster where only that tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct IgnorePreview {
    pub words: String,
    /// For a rule by manager, which is judged by what such a manager owns now, since what it owned when a commit was made
    /// is not in Git: the resources in which it has a hand.
    pub managed: Option<u32>,
    /// The newest commits that were looked at.
    pub commits_read: u32,
    /// Those of them that would not have been made.
    pub commits: Vec<LeftOutCommit>,
    /// Records that would change or, where the resource is left out altogether, stay as they are from then on.
    pub records: u32,
    /// The first of them, by path.
    pub paths: Vec<String>,
}

/// A commit of which nothing would be left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LeftOutCommit {
    pub id: CommitId,
    pub subject: String,
    pub author: String,
    #[serde(with = "crate::timestamp::text")]
    pub at: Timestamp,
}

/// `spec.replicas of Deployment in shop named api-* with app=api`.
impl fmt::Display for IgnoreRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.leaves_out {
            LeavesOut::Fields(paths) => write!(formatter, "{} of ", paths.join(", "))?,
            LeavesOut::Manager(manager) => write!(formatter, "what {manager} alone owns of ")?,
            LeavesOut::Resource => {}
        }
        formatter.write_str(if self.kind.is_empty() { "any kind" } else { &self.kind })?;
        for (words, part) in [(" in ", &self.namespace), (" named ", &self.name), (" with ", &self.selector)] {
            if !part.is_empty() {
                write!(formatter, "{words}{part}")?;
            }
        }
        Ok(())
    }
}
