//! The sync chip: in words, how far cluster and repository are in step.

use leptos::prelude::*;
use model::sync::SyncChip;

use crate::ui::{Age, Icon, Shape};

/// The chip, which leads to GitOps -> Status.
#[component]
pub fn SyncChipLink(chip: SyncChip) -> impl IntoView {
    let (shape, tone, words) = chip_words(&chip);
    let since = match chip {
        SyncChip::InStep { since } => Some((" · ", since)),
        SyncChip::ClusterAway { since } => Some((" since ", since)),
        _ => None,
    };
    view! {
        <a class=format!("sync-chip status {tone}") href="/gitops/status">
            <Icon shape=shape/>
            <span>{words} {since.map(|(join, since)| view! { {join} <Age at=since/> })}</span>
        </a>
    }
}

/// Returns icon, colour and words.
pub fn chip_words(chip: &SyncChip) -> (Shape, &'static str, String) {
    match chip {
        SyncChip::ClusterAway { .. } => (Shape::Cross, "bad", "cluster away".to_owned()),
        SyncChip::CannotRecord { reason } => (Shape::Cross, "bad", format!("cannot record: {reason}")),
        SyncChip::CannotPush { reason } => (Shape::Warning, "warn", format!("cannot push: {reason}")),
        SyncChip::Starting => (Shape::Dots, "info", "reading the cluster".to_owned()),
        SyncChip::Waiting { changes: 1 } => (Shape::Dots, "info", "1 change waiting".to_owned()),
        SyncChip::Waiting { changes } => (Shape::Dots, "info", format!("{changes} changes waiting")),
        SyncChip::Held { deletions: 1 } => (Shape::Warning, "warn", "1 deletion waits for a word".to_owned()),
        SyncChip::Held { deletions } => (Shape::Warning, "warn", format!("{deletions} deletions wait for a word")),
        SyncChip::Blocked { records: 1 } => (Shape::Warning, "warn", "1 record cannot be written".to_owned()),
        SyncChip::Blocked { records } => (Shape::Warning, "warn", format!("{records} records cannot be written")),
        SyncChip::Drifted { records } => (Shape::Warning, "warn", format!("{records} drifted")),
        SyncChip::InStep { .. } => (Shape::Check, "good", "in step".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chip_tells_the_truth_in_words() {
        let words = |chip| chip_words(&chip).2;
        assert_eq!(words(SyncChip::Waiting { changes: 1 }), "1 change waiting");
        assert_eq!(words(SyncChip::Waiting { changes: 4 }), "4 changes waiting");
        assert_eq!(words(SyncChip::Held { deletions: 1 }), "1 deletion waits for a word");
        assert_eq!(words(SyncChip::Blocked { records: 2 }), "2 records cannot be written");
        assert_eq!(words(SyncChip::Drifted { records: 2 }), "2 drifted");
        let refused = SyncChip::CannotPush { reason: "the remote refused the token".into() };
        assert_eq!(words(refused), "cannot push: the remote refused the token");
    }
}
