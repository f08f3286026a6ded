//! Who stands in a commit, and messages that nobody can smuggle lines into.

use git2::{Signature, Time};
use model::Timestamp;

/// A name and an address as Git takes them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    name: String,
    email: String,
}

impl Identity {
    /// Denshimon itself, the committer of all it records.
    pub(crate) fn denshimon() -> Self {
        Self { name: "Denshimon".into(), email: "denshimon@denshimon.invalid".into() }
    }

    /// Takes a name and an address, without what would end the line or the field.
    pub(crate) fn new(name: &str, email: &str) -> Self {
        let name = clean(name, |c| !"<>".contains(c));
        let email = clean(email, |c| !c.is_whitespace() && !"<>".contains(c));
        Self {
            name: if name.is_empty() { "unresolved".into() } else { name },
            email: if email.is_empty() { "unresolved@denshimon.invalid".into() } else { email },
        }
    }

    /// Returns the name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the address.
    #[cfg(test)]
    pub(crate) fn email(&self) -> &str {
        &self.email
    }

    /// Stamps the identity with a time in UTC.
    pub(super) fn sign(&self, at: Timestamp) -> Result<Signature<'static>, git2::Error> {
        Signature::new(&self.name, &self.email, &Time::new(at.as_second(), 0))
    }
}

/// Makes one line of any text: control characters, U+2028 and the like become spaces, the ends are trimmed.
pub(crate) fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    let spaced: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Git cuts these from the ends of a name, so one that has nothing else is none.
fn clean(text: &str, keep: impl Fn(char) -> bool) -> String {
    let line: String = one_line(text).chars().filter(|&c| keep(c)).take(200).collect();
    line.trim_matches(|c: char| c.is_whitespace() || ".,:;\"'\\".contains(c)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_signs_as_somebody_else() {
        let check = |name: &str, email: &str, expect: (&str, &str)| {
            let identity = Identity::new(name, email);
            assert_eq!((identity.name(), identity.email()), expect, "{name:?} {email:?}");
            assert!(identity.sign(Timestamp::UNIX_EPOCH).is_ok(), "{name:?} {email:?}");
        };
        check("ada", "ada@example.org", ("ada", "ada@example.org"));
        check("ada <root@x>\ncommitter eve", "a b\n<c>@d", ("ada root@x committer eve", "abc@d"));
        check("", "<>", ("unresolved", "unresolved@denshimon.invalid"));
        check("\u{2028}...", "\u{0}", ("unresolved", "unresolved@denshimon.invalid"));
    }
}
