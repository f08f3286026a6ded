//! Which kinds have records: what is usual, what the settings say, what people decide on the page.

use model::Kind;

use crate::rights::{Action, check};
use crate::store::Store;
use crate::{Caller, Engine, EngineConfig, Error, KindRules};

impl Engine {
    /// Lets a kind have records from now on, or none; records that there are stay.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::NotFound`] for a kind that the cluster does not serve; the database does not
    /// answer.
    pub async fn set_kind_recorded(&self, caller: &Caller, kind: &Kind, recorded: bool) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        let parts = &self.parts;
        if !parts.cluster.watched_kinds().iter().any(|known| known.kind == *kind) {
            return Err(Error::NotFound { what: format!("kind {}", kind.qualified()) });
        }
        parts.store.put_kind_rule(&kind.qualified(), recorded).await?;
        let words = if recorded { "records" } else { "leaves out" };
        parts
            .accounts
            .audit(&caller.actor().to_string(), format!("{words} the kind {}", kind.qualified()), None, true)
            .await?;
        parts.cluster.set_rules(read_rules(&parts.store, &parts.config).await?);
        Ok(())
    }
}

/// Joins the settings with what was decided on the page, which counts more.
pub(crate) async fn read_rules(store: &Store, config: &EngineConfig) -> Result<KindRules, Error> {
    let decided = store.kind_rules().await?;
    let decided = decided.into_iter().filter_map(|row| Some((row.kind.parse().ok()?, row.recorded)));
    Ok(config.kind_rules.clone().with(decided))
}
