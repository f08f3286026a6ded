//! Secrets between the form that made them and the page that shows them once; never stored.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::SecretString;

const KEPT_FOR: Duration = Duration::from_secs(300);
const KEPT_AT_MOST: usize = 256;

/// The secrets of all users; one for the whole program, cheap to clone.
#[derive(Clone, Default)]
pub struct Reveals(Arc<Mutex<HashMap<String, Reveal>>>);

struct Reveal {
    user_id: String,
    secret: SecretString,
    kept_at: Instant,
}

impl Reveals {
    /// Keeps a secret for five minutes and returns the name to ask for it.
    pub(super) fn keep(&self, user_id: &str, secret: SecretString) -> String {
        let id = ulid::Ulid::generate().to_string();
        let reveal = Reveal { user_id: user_id.to_owned(), secret, kept_at: Instant::now() };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, reveal| reveal.kept_at.elapsed() < KEPT_FOR);
        if kept.len() >= KEPT_AT_MOST {
            kept.clear();
        }
        kept.insert(id.clone(), reveal);
        id
    }

    /// Takes a secret out, for the user who made it.
    pub(super) fn take(&self, user_id: &str, id: &str) -> Option<SecretString> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let belongs =
            kept.get(id).is_some_and(|reveal| reveal.user_id == user_id && reveal.kept_at.elapsed() < KEPT_FOR);
        if belongs { kept.remove(id).map(|reveal| reveal.secret) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_is_shown_once_and_to_its_maker() {
        let reveals = Reveals::default();
        let id = reveals.keep("ada", "hunter2".to_owned().into());
        assert!(reveals.take("bob", &id).is_none());
        assert_eq!(reveals.take("ada", &id).unwrap().expose_secret(), "hunter2");
        assert!(reveals.take("ada", &id).is_none());
    }
}
