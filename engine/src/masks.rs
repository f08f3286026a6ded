//! Which values are taken for credentials: all rules are on until people switch one off.

use std::collections::BTreeSet;

use manifest::{CREDENTIAL_RULES, credential_rule};
use model::ResourceRef;
use model::workload::{ContainerSummary, EnvValue, EnvVar};
use serde_json::Value;

use crate::rights::{Action, check};
use crate::sealing::Sealer;
use crate::store::Store;
use crate::{Caller, Engine, Error};

impl Engine {
    /// Switches a rule for credentials on or off; all resources are read again then, and their records follow.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::NotFound`] for a rule that there is not; the database does not answer.
    pub async fn set_mask_rule(&self, caller: &Caller, rule: &str, on: bool) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        let parts = &self.parts;
        if !CREDENTIAL_RULES.iter().any(|known| known.name == rule) {
            return Err(Error::NotFound { what: format!("rule {rule}") });
        }
        parts.store.put_mask_rule(rule, on).await?;
        let words = if on { "masks" } else { "no longer masks" };
        let audit = format!("{words} values by the rule {rule}");
        parts.accounts.audit(&caller.actor().to_string(), audit, None, true).await?;
        read_rules(&parts.store, &parts.sealer).await?;
        parts.cluster.read_again();
        Ok(())
    }

    /// Takes out of a container's variables what looks like a credential.
    pub(crate) fn veil(&self, mut container: ContainerSummary) -> ContainerSummary {
        for EnvVar { name, value } in &mut container.env {
            if let EnvValue::Plain(text) = value
                && credential_rule(name, text, |rule| self.parts.sealer.is_on(rule)).is_some()
            {
                *value = EnvValue::From("masked, since it looks like a credential".into());
            }
        }
        container
    }

    /// Covers what looks like a credential, for words and differences that are kept or shown to many.
    pub(crate) fn covered(&self, resource: &ResourceRef, mut tree: Value) -> Value {
        self.parts.sealer.cover(resource, &mut tree);
        tree
    }
}

/// Takes over what was decided.
pub(crate) async fn read_rules(store: &Store, sealer: &Sealer) -> Result<(), Error> {
    let rows = store.mask_rules().await?;
    let off: BTreeSet<String> = rows.into_iter().filter(|row| !row.on).map(|row| row.rule).collect();
    sealer.switch_off(off);
    Ok(())
}
