//! What changed lately, without the noise of a whole commit's worth of rows.

use model::history::{Actor, HistoryEntry};

/// Joins neighbours that Denshimon found and recorded by itself in one commit, such as all of a cluster's resources at
/// the first start.
pub fn join_found(entries: Vec<HistoryEntry>) -> Vec<HistoryEntry> {
    let together = |one: &HistoryEntry, next: &HistoryEntry| {
        one.actor == Actor::Denshimon && next.actor == Actor::Denshimon && one.recorded == next.recorded
    };
    entries
        .chunk_by(together)
        .filter_map(|run| {
            let mut first = run.first()?.clone();
            if run.len() > 1 {
                first.summary = format!("{} and {} more", first.summary, run.len() - 1);
            }
            Some(first)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use model::history::{Recorded, Verb};
    use model::{Kind, ResourceRef, Timestamp};

    use super::*;

    fn entry(actor: Actor, commit: &str, summary: &str) -> HistoryEntry {
        HistoryEntry {
            id: summary.into(),
            at: Timestamp::UNIX_EPOCH,
            actor,
            verb: Verb::Observe,
            resource: ResourceRef {
                cluster: "c".parse().unwrap(),
                kind: Kind::deployment(),
                namespace: None,
                name: "api".parse().unwrap(),
            },
            summary: summary.into(),
            reason: String::new(),
            operation: None,
            recorded: Recorded::Commit { id: commit.repeat(40).parse().unwrap(), pushed: Some(true) },
            outcome: None,
        }
    }

    #[test]
    fn only_what_was_found_together_is_joined() {
        let kubectl = || Actor::Manager("kubectl".into());
        let entries = vec![
            entry(kubectl(), "a", "Scale x"),
            entry(kubectl(), "a", "Scale y"),
            entry(Actor::Denshimon, "b", "Found a"),
            entry(Actor::Denshimon, "b", "Found b"),
            entry(Actor::Denshimon, "b", "Found c"),
            entry(Actor::Denshimon, "c", "Found d"),
        ];
        let words: Vec<String> = join_found(entries).into_iter().map(|entry| entry.summary).collect();
        assert_eq!(words, ["Scale x", "Scale y", "Found a and 2 more", "Found d"]);
    }
}
