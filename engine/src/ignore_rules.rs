//! The rules for what is left out of records, as people list, test, make and switch them.

use manifest::Ignoring;
use model::ignore::{IgnorePreview, IgnoreRule, IgnoreRules, ListedRule, RuleOrigin};
use model::user::Scope;

use crate::ignoring::Rule;
use crate::recorder::preview;
use crate::rights::{Action, check};
use crate::{Caller, Engine, Error};

impl Engine {
    /// Lists the rules that may apply to what the caller sees, in the order in which they apply.
    ///
    /// # Errors
    /// [`Error::NotAllowed`].
    pub async fn list_ignore_rules(&self, caller: &Caller) -> Result<IgnoreRules, Error> {
        check(caller, Action::SeeSync)?;
        let rules = self.parts.ignored.rules();
        let resources = self.parts.recorder.resources_by_rule(&caller.scope);
        let concerns = |rule: &&Rule| match &caller.scope {
            Scope::Everywhere => true,
            Scope::Namespaces(own) => own.iter().any(|own| rule.is_for(own)),
        };
        let listed = |rule: &Rule| ListedRule {
            id: rule.id.to_string(),
            words: rule.words.to_string(),
            origin: rule.origin,
            on: rule.on,
            resources: (!rule.is_made()).then(|| resources.get(&rule.id).copied().unwrap_or_default()),
        };
        Ok(IgnoreRules {
            rules: rules.iter().filter(concerns).map(listed).collect(),
            may_steer: check(caller, Action::SteerSync).is_ok(),
        })
    }

    /// Says which of the newest commits a rule would have left out, and which records it would change.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::Invalid`] names the field that is wrong; the repository cannot be read, or the
    /// cluster be asked who manages what.
    pub async fn preview_ignore_rule(&self, caller: &Caller, rule: &IgnoreRule) -> Result<IgnorePreview, Error> {
        check(caller, Action::SteerSync)?;
        let parsed = parse(rule)?;
        let (repository, config, cluster) = (&self.parts.repository, &self.parts.config, &self.parts.cluster);
        let owners = if parsed.needs_managers() {
            let owners = cluster.owners(&config.cluster.name, &parsed).await;
            Some(owners.map_err(|error| Error::unavailable("the cluster", error))?)
        } else {
            None
        };
        preview(repository, config, rule.to_string(), parsed, owners).await
    }

    /// Makes a rule, which is on; all resources are read again then, and their records follow. Returns its id.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::Invalid`] names the field that is wrong; the database does not answer.
    pub async fn create_ignore_rule(&self, caller: &Caller, rule: &IgnoreRule) -> Result<String, Error> {
        check(caller, Action::SteerSync)?;
        parse(rule)?;
        let text = serde_json::to_string(rule)
            .map_err(|error| Error::Internal { what: "writing a rule", source: error.into() })?;
        // By time, so that they stay in the order in which they were made.
        let now = self.parts.config.clock.now().as_millisecond();
        let id = format!("{now:012x}-{:04x}", rand::random::<u16>());
        self.parts.store.put_ignore_rule(&id, &text, true).await?;
        self.rules_changed(caller, format!("leaves out of records: {rule}")).await?;
        Ok(id)
    }

    /// Switches a rule on or off; one of the settings is changed there.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::NotFound`]; [`Error::Conflict`] for one of the settings; the database does not
    /// answer.
    pub async fn set_ignore_rule(&self, caller: &Caller, id: &str, on: bool) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        let rule = self.changeable(id)?;
        let store = &self.parts.store;
        let row = store.ignore_rules().await?.into_iter().find(|row| row.key == id);
        match row {
            Some(row) => store.put_ignore_rule(id, &row.rule, on).await?,
            None if rule.origin == RuleOrigin::BuiltIn => store.put_ignore_rule(id, "", on).await?,
            None => return Err(not_found(id)),
        }
        let words = if on { "leaves out of records again" } else { "no longer leaves out of records" };
        self.rules_changed(caller, format!("{words}: {}", rule.words)).await
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::NotFound`]; [`Error::Conflict`] for one of the settings or Denshimon's own; the
    /// database does not answer.
    pub async fn delete_ignore_rule(&self, caller: &Caller, id: &str) -> Result<(), Error> {
        check(caller, Action::SteerSync)?;
        let rule = self.changeable(id)?;
        if rule.origin == RuleOrigin::BuiltIn {
            return Err(fixed("This rule is Denshimon's own.", "Switch it off instead."));
        }
        self.parts.store.delete_ignore_rule(id).await?;
        self.rules_changed(caller, format!("removes the rule that left out of records: {}", rule.words)).await
    }

    fn changeable(&self, id: &str) -> Result<Rule, Error> {
        let rules = self.parts.ignored.rules();
        let rule = rules.iter().find(|rule| *rule.id == *id).ok_or_else(|| not_found(id))?;
        if rule.origin == RuleOrigin::Settings {
            return Err(fixed("This rule comes from the settings.", "Change it in the settings file and start again."));
        }
        Ok(rule.clone())
    }

    async fn rules_changed(&self, caller: &Caller, audit: String) -> Result<(), Error> {
        let parts = &self.parts;
        parts.accounts.audit(&caller.actor().to_string(), audit, None, true).await?;
        parts.ignored.read(&parts.store).await?;
        parts.cluster.read_again();
        Ok(())
    }
}

fn parse(rule: &IgnoreRule) -> Result<Ignoring, Error> {
    Ignoring::parse(rule).map_err(|error| Error::invalid_field(error.field, error.message))
}

fn not_found(id: &str) -> Error {
    Error::NotFound { what: format!("rule {id}") }
}

fn fixed(message: &str, hint: &str) -> Error {
    Error::Conflict { message: message.into(), hint: hint.into(), fields: Vec::new() }
}
