//! Values that look like credentials where everybody may read: ConfigMaps, environment variables, annotations.
//!
//! Each rule looks at one value and the name it has. They are kept few and sure: what is found here is taken out of the
//! record, which cannot be restored whole after that. The forms of tokens are those that their issuers publish.

mod forms;

use serde_json::{Map, Value};

use crate::mask::is_stand_in;
use crate::tree::is_kind;

/// One way in which a value looks like a credential.
#[derive(Debug)]
pub struct CredentialRule {
    /// Names it in settings and addresses.
    pub name: &'static str,
    /// In words.
    pub finds: &'static str,
    fits: fn(name: &str, value: &str) -> bool,
}

/// All of them; the first that fits counts.
pub const CREDENTIAL_RULES: [CredentialRule; 7] = [
    CredentialRule {
        name: "private-key",
        finds: "Private keys in PEM",
        fits: |_, value| forms::has_private_key(value),
    },
    CredentialRule {
        name: "token",
        finds: "Tokens that their issuer marks: GitHub, GitLab, Slack, AWS, Google, Stripe, npm, PyPI and the like",
        fits: |_, value| forms::has_marked_token(value),
    },
    CredentialRule { name: "jwt", finds: "Signed tokens (JWT)", fits: |_, value| forms::has_jwt(value) },
    CredentialRule {
        name: "url-password",
        finds: "Addresses with a password in them",
        fits: |_, value| forms::has_url_password(value),
    },
    CredentialRule {
        name: "authorization",
        finds: "Authorization headers",
        fits: |_, value| forms::is_authorization(value),
    },
    CredentialRule {
        name: "name",
        finds: "Values whose name ends in password, passphrase, secret, token, credentials, api key and the like",
        fits: forms::is_named_as_one,
    },
    CredentialRule {
        name: "setting",
        finds: "Lines of configuration files that set a password, a token and the like",
        fits: |_, value| forms::has_setting(value),
    },
];

/// A value that looks like a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The keys from the root, without the places in lists.
    pub path: Vec<String>,
    /// As people find it: `env DB_PASSWORD`, `key app.properties`, `annotation token`.
    pub place: String,
    pub rule: &'static str,
}

/// Gives each value that looks like a credential to `replace`, which says what stands for it, and lists them.
///
/// `rules` says by its name whether a rule is on. What stands for a value already is left as it is.
pub fn replace_credentials(
    tree: &mut Value,
    rules: impl Fn(&str) -> bool,
    mut replace: impl FnMut(&Credential, &str) -> String,
) -> Vec<Credential> {
    let mut walk = Walk { rules: &rules, replace: &mut replace, found: Vec::new(), path: Vec::new() };
    if is_kind(tree, "", "ConfigMap")
        && let Some(data) = tree.get_mut("data").and_then(Value::as_object_mut)
    {
        walk.path.push("data".into());
        walk.names(data, "key");
        walk.path.pop();
    }
    walk.look(tree);
    walk.found
}

/// Names the rule by which a value looks like a credential; `rules` says by its name whether a rule is on.
pub fn credential_rule(name: &str, value: &str, rules: impl Fn(&str) -> bool) -> Option<&'static str> {
    CREDENTIAL_RULES.iter().find(|rule| rules(rule.name) && (rule.fits)(name, value)).map(|rule| rule.name)
}

struct Walk<'a> {
    rules: &'a dyn Fn(&str) -> bool,
    replace: &'a mut dyn FnMut(&Credential, &str) -> String,
    found: Vec<Credential>,
    path: Vec<String>,
}

impl Walk<'_> {
    fn look(&mut self, value: &mut Value) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    self.path.push(key.clone());
                    match (key.as_str(), &mut *value) {
                        ("annotations", Value::Object(annotations)) if self.is_metadata() => {
                            self.names(annotations, "annotation");
                        }
                        ("env", Value::Array(variables)) => variables.iter_mut().for_each(|item| self.variable(item)),
                        _ => self.look(value),
                    }
                    self.path.pop();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.look(item)),
            _ => {}
        }
    }

    fn is_metadata(&self) -> bool {
        self.path.iter().rev().nth(1).is_some_and(|above| above == "metadata")
    }

    fn names(&mut self, map: &mut Map<String, Value>, what: &str) {
        for (name, value) in map {
            self.path.push(name.clone());
            self.value(name, what, value);
            self.path.pop();
        }
    }

    fn variable(&mut self, variable: &mut Value) {
        let Some(name) = variable.get("name").and_then(Value::as_str).map(str::to_owned) else { return };
        if let Some(value) = variable.get_mut("value") {
            self.path.push("value".into());
            self.value(&name, "env", value);
            self.path.pop();
        }
    }

    fn value(&mut self, name: &str, what: &str, value: &mut Value) {
        let Value::String(text) = value else { return };
        if is_stand_in(text) {
            return;
        }
        let Some(rule) = credential_rule(name, text, self.rules) else { return };
        let found = Credential { path: self.path.clone(), place: format!("{what} {name}"), rule };
        *text = (self.replace)(&found, text);
        self.found.push(found);
    }
}

#[cfg(test)]
mod tests;
