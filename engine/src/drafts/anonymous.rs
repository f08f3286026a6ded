//! Drafts of nobody yet: a form was sent after its session had ended. Kept in memory, few and for a short time.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use model::Timestamp;
use model::deployment::Draft;

use super::encode;
use crate::Error;

const LIFE: Duration = Duration::from_secs(60 * 60);
/// The oldest gives way; anybody may send forms, so this bounds what strangers take.
const MOST: usize = 100;
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// By id, each with its length in bytes.
#[derive(Default)]
pub(crate) struct AnonymousDrafts(Mutex<HashMap<String, (Draft, usize)>>);

impl AnonymousDrafts {
    /// Keeps a draft until somebody takes it.
    ///
    /// # Errors
    /// It is too long.
    pub(super) fn keep(&self, draft: Draft) -> Result<(), Error> {
        let bytes = encode(&draft.change)?.len();
        let mut drafts = self.lock();
        drafts.retain(|_, (kept, _)| fresh(kept, draft.saved_at));
        while drafts.len() >= MOST || drafts.values().map(|(_, bytes)| bytes).sum::<usize>() + bytes > MOST_BYTES {
            let oldest = drafts.values().min_by_key(|(kept, _)| kept.saved_at).map(|(kept, _)| kept.id.clone());
            match oldest {
                Some(id) => drafts.remove(&id),
                None => break,
            };
        }
        drafts.insert(draft.id.clone(), (draft, bytes));
        Ok(())
    }

    /// Takes a draft out, so that only one person gets it.
    pub(super) fn take(&self, id: &str, now: Timestamp) -> Option<Draft> {
        self.lock().remove(id).map(|(draft, _)| draft).filter(|draft| fresh(draft, now))
    }

    /// Forgets what is too old.
    pub(super) fn purge(&self, now: Timestamp) {
        self.lock().retain(|_, (draft, _)| fresh(draft, now));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Draft, usize)>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn fresh(draft: &Draft, now: Timestamp) -> bool {
    draft.saved_at + LIFE > now
}

#[cfg(test)]
mod tests {
    use model::deployment::DeploymentChange;

    use super::*;

    fn draft(id: &str, second: i64) -> Draft {
        Draft {
            id: id.into(),
            change: DeploymentChange::CreateYaml("kind: Deployment".into()),
            resource_version: None,
            saved_at: Timestamp::from_second(second).unwrap(),
        }
    }

    #[test]
    fn a_draft_is_taken_once_and_within_an_hour() {
        let drafts = AnonymousDrafts::default();
        drafts.keep(draft("a", 0)).unwrap();
        drafts.keep(draft("b", 0)).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(drafts.take("a", at(3599)).is_some());
        assert!(drafts.take("a", at(3599)).is_none());
        assert!(drafts.take("b", at(3600)).is_none());
    }

    #[test]
    fn strangers_cannot_fill_the_memory() {
        let drafts = AnonymousDrafts::default();
        for number in 0..1000 {
            drafts.keep(draft(&number.to_string(), number)).unwrap();
        }
        assert_eq!(drafts.lock().len(), MOST);
        assert!(drafts.take("999", Timestamp::from_second(1000).unwrap()).is_some());
        let long = |bytes| DeploymentChange::CreateYaml("x".repeat(bytes));
        assert!(drafts.keep(Draft { change: long(MOST_BYTES), ..draft("too long", 1001) }).is_err());
        for number in 0..5 {
            drafts
                .keep(Draft { change: long(MOST_BYTES / 4), ..draft(&format!("long {number}"), 1001 + number) })
                .unwrap();
        }
        assert_eq!(drafts.lock().len(), 3, "the newest that go into the bound");
    }
}
