//! Files in the repository that Denshimon does not change.

use leptos::prelude::*;
use model::sync::LeftAloneFile;

use crate::ui::{Banner, Tone};

/// Those that a person should put right first, the others on demand.
#[component]
pub fn LeftAlone(files: Vec<LeftAloneFile>) -> impl IntoView {
    let (wrong, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.wrong);
    let wrong = (!wrong.is_empty()).then(|| {
        view! {
            <Banner tone=Tone::Warn>
                <p>"Files in the repository that do not count until somebody puts them right:"</p>
                {list(wrong)}
            </Banner>
        }
    });
    let others = (!others.is_empty()).then(|| {
        let words = match others.len() {
            1 => "1 file in the repository is left alone".to_owned(),
            count => format!("{count} files in the repository are left alone"),
        };
        view! {
            <details>
                <summary>{words}</summary>
                {list(others)}
            </details>
        }
    });
    view! {
        {wrong}
        {others}
    }
}

fn list(files: Vec<LeftAloneFile>) -> impl IntoView {
    let rows = files
        .into_iter()
        .map(|file| {
            view! {
                <li>
                    <span class="code">{file.path}</span>
                    " "
                    <span class="muted">{file.reason}</span>
                </li>
            }
        })
        .collect_view();
    view! { <ul>{rows}</ul> }
}
