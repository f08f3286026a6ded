//! What rules leave out of records, and what autoscalers scale.

mod autoscaled;

use std::sync::{Arc, PoisonError, RwLock};

use manifest::{IgnoreError, Ignoring, MADE_RULES, MadeRule, Manifest, forget_replicas, made_by_itself};
use model::ignore::{IgnoreRule, RuleOrigin};
use model::{Namespace, ResourceRef};
use serde_json::Value;

use crate::Error;
use crate::store::Store;

pub(crate) use autoscaled::{Autoscaled, autoscalers};

/// The switch of Denshimon's own rule.
pub(crate) const AUTOSCALED: &str = "autoscaled";
/// That rule in words.
pub(crate) const AUTOSCALED_WORDS: &str = "spec.replicas of what a HorizontalPodAutoscaler scales";

/// Rules that were read, in their order, and which of Denshimon's own are off.
#[derive(Clone, Debug, Default)]
pub struct IgnoreRules {
    asked: Vec<(IgnoreRule, Ignoring)>,
    off: Vec<&'static str>,
}

/// What is in force; shared by the watches, the recorder and the pages.
#[derive(Debug)]
pub(crate) struct Ignored {
    settings: IgnoreRules,
    rules: RwLock<Arc<Vec<Rule>>>,
    pub(crate) autoscaled: Autoscaled,
}

/// A rule and whether it is on.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) id: Arc<str>,
    pub(crate) words: Arc<str>,
    pub(crate) origin: RuleOrigin,
    pub(crate) on: bool,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Autoscaled,
    /// Objects that something else makes.
    Made,
    Asked(Box<Ignoring>),
}

/// Something that a rule leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub(crate) rule: Arc<str>,
    pub(crate) words: Arc<str>,
    /// The field's path; `None` for the resource altogether.
    pub(crate) path: Option<String>,
}

impl IgnoreRules {
    /// Reads rules.
    ///
    /// # Errors
    /// The first that is wrong: its number, from one, and what is wrong with it.
    pub fn parse(rules: Vec<IgnoreRule>) -> Result<Self, (usize, IgnoreError)> {
        let numbered = rules.into_iter().enumerate();
        let read = numbered.map(|(index, rule)| match Ignoring::parse(&rule) {
            Ok(parsed) => Ok((rule, parsed)),
            Err(error) => Err((index + 1, error)),
        });
        Ok(Self { asked: read.collect::<Result<_, _>>()?, off: Vec::new() })
    }

    /// Switches off rules by which objects that something else makes are left out.
    ///
    /// # Errors
    /// There is no rule of a name: all names there are.
    pub fn recording(mut self, names: &[&str]) -> Result<Self, String> {
        let known = |name: &&str| MADE_RULES.iter().map(|rule| rule.name).find(|known| known == name);
        let off: Option<Vec<&'static str>> = names.iter().map(known).collect();
        self.off = off.ok_or_else(|| MADE_RULES.map(|rule| rule.name).join(", "))?;
        Ok(self)
    }
}

impl Ignored {
    /// Begins with the rules of the settings and Denshimon's own.
    pub(crate) fn new(settings: IgnoreRules) -> Self {
        let ignored = Self { settings, rules: RwLock::default(), autoscaled: Autoscaled::default() };
        ignored.put(|_| true, Vec::new());
        ignored
    }

    /// Takes over what people have decided.
    pub(crate) async fn read(&self, store: &Store) -> Result<(), Error> {
        let rows = store.ignore_rules().await?;
        let on = |own: &str| rows.iter().find(|row| row.key == own).is_none_or(|row| row.on);
        let is_own = |key: &str| key == AUTOSCALED || MADE_RULES.iter().any(|rule| rule.name == key);
        let asked = rows.iter().filter(|row| !is_own(&row.key)).filter_map(|row| {
            let rule: IgnoreRule = serde_json::from_str(&row.rule).ok()?;
            let parsed = Ignoring::parse(&rule).ok()?;
            Some(Rule::asked(&row.key, &rule, RuleOrigin::People, row.on, parsed))
        });
        self.put(on, asked.collect());
        Ok(())
    }

    fn put(&self, on: impl Fn(&str) -> bool, asked: Vec<Rule>) {
        let own = |id: &str, words: &str, what| Rule {
            id: id.into(),
            words: words.into(),
            origin: RuleOrigin::BuiltIn,
            on: on(id),
            what,
        };
        let mut rules = vec![own(AUTOSCALED, AUTOSCALED_WORDS, What::Autoscaled)];
        rules.extend(MADE_RULES.iter().map(|made| {
            let rule = own(made.name, made.what, What::Made);
            let is_set = self.settings.off.contains(&made.name);
            if is_set { Rule { origin: RuleOrigin::Settings, on: false, ..rule } } else { rule }
        }));
        let numbered = self.settings.asked.iter().enumerate();
        rules.extend(numbered.map(|(index, (rule, parsed))| {
            Rule::asked(&format!("settings-{}", index + 1), rule, RuleOrigin::Settings, true, parsed.clone())
        }));
        rules.extend(asked);
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    /// Returns all rules, those that are off, too.
    pub(crate) fn rules(&self) -> Arc<Vec<Rule>> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says by which rule a live object has no record, since something else makes it.
    pub(crate) fn made(&self, live: &Value) -> Option<&'static MadeRule> {
        let rules = self.rules();
        made_by_itself(live, |name| rules.iter().any(|rule| rule.on && *rule.id == *name))
    }

    /// Says which rule leaves a live object, or a record, out altogether.
    pub(crate) fn whole(&self, object: &Value) -> Option<LeftOut> {
        let rules = self.rules();
        let mut on = rules.iter().filter(|rule| rule.on);
        let rule =
            on.find(|rule| matches!(&rule.what, What::Asked(asked) if asked.is_whole() && asked.fits(object)))?;
        Some(rule.leaves_out(None))
    }

    /// Tells whether any rule leaves resources out altogether.
    pub(crate) fn has_whole(&self) -> bool {
        self.rules().iter().any(|rule| rule.on && matches!(&rule.what, What::Asked(asked) if asked.is_whole()))
    }

    /// Takes out of a manifest what rules leave out, and says what that was.
    pub(crate) fn trim(&self, resource: &ResourceRef, object: &Value, manifest: &mut Manifest) -> Vec<LeftOut> {
        let mut left_out = Vec::new();
        for rule in self.rules().iter().filter(|rule| rule.on) {
            match &rule.what {
                What::Autoscaled if self.autoscaled.holds(resource) && forget_replicas(manifest) => {
                    left_out.push(rule.leaves_out(Some("spec.replicas".into())));
                }
                What::Autoscaled | What::Made => {}
                What::Asked(asked) => {
                    let paths = asked.trim(object, manifest).into_iter();
                    left_out.extend(paths.map(|path| rule.leaves_out(Some(path))));
                }
            }
        }
        left_out
    }
}

impl Rule {
    fn asked(id: &str, rule: &IgnoreRule, origin: RuleOrigin, on: bool, parsed: Ignoring) -> Self {
        let what = What::Asked(Box::new(parsed));
        Self { id: id.into(), words: rule.to_string().into(), origin, on, what }
    }

    /// Tells whether the resources that it leaves out are not remembered.
    pub(crate) fn is_made(&self) -> bool {
        matches!(self.what, What::Made)
    }

    /// Tells whether it may apply to something in a namespace.
    pub(crate) fn is_for(&self, namespace: &Namespace) -> bool {
        match &self.what {
            What::Autoscaled | What::Made => true,
            What::Asked(asked) => asked.is_for(namespace.as_str()),
        }
    }

    fn leaves_out(&self, path: Option<String>) -> LeftOut {
        LeftOut { rule: self.id.clone(), words: self.words.clone(), path }
    }
}
