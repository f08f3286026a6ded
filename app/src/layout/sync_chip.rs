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
    let counted = |shape, tone, count: u32, one: &str, many: &str| {
        (shape, tone, [&*count.to_string(), if count == 1 { one } else { many }].concat())
    };
    match chip {
        SyncChip::ClusterAway { .. } => (Shape::Cross, "bad", "cluster away".to_owned()),
        SyncChip::CannotRecord { reason } => (Shape::Cross, "bad", ["cannot record: ", reason].concat()),
        SyncChip::CannotPush { reason } => (Shape::Warning, "warn", ["cannot push: ", reason].concat()),
        SyncChip::Starting => (Shape::Dots, "info", "reading the cluster".to_owned()),
        SyncChip::Held { deletions } => {
            counted(Shape::Warning, "warn", *deletions, " deletion waits for a word", " deletions wait for a word")
        }
        SyncChip::Blocked { records } => {
            counted(Shape::Warning, "warn", *records, " record cannot be written", " records cannot be written")
        }
        SyncChip::Waiting { changes } => counted(Shape::Dots, "info", *changes, " change waiting", " changes waiting"),
        SyncChip::Drifted { records } => counted(Shape::Warning, "warn", *records, " drifted", " drifted"),
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
