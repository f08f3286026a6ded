//! What waits and why: changes before their commit, and records whose deletion needs a person's word.

use leptos::prelude::*;
use model::sync::{HeldRecords, WaitReason, WaitingChanges};
use server_fn::ServerFn;

use super::api::{ApproveDeletions, RefuseDeletions};
use crate::submission::{PostForm, Submission};
use crate::ui::{Banner, Tone, counted};

/// One line per reason.
#[component]
pub fn Waiting(waiting: Vec<WaitingChanges>) -> impl IntoView {
    if waiting.is_empty() {
        return view! { <p>"Nothing waits to be committed."</p> }.into_any();
    }
    let lines = waiting.into_iter().map(|part| view! { <WaitingPart part=part/> }).collect_view();
    view! { <ul>{lines}</ul> }.into_any()
}

#[component]
fn WaitingPart(part: WaitingChanges) -> impl IntoView {
    let more = (part.changes as usize).saturating_sub(part.paths.len());
    let what = words(&part);
    let paths = part.paths.into_iter().map(|path| view! { <li class="code">{path}</li> }).collect_view();
    view! {
        <li>
            {what}
            <ul>
                {paths}
                {(more > 0).then(|| view! { <li class="muted">{format!("and {more} more")}</li> })}
            </ul>
        </li>
    }
}

fn words(waiting: &WaitingChanges) -> String {
    let changes = counted(waiting.changes.into(), "changes");
    match waiting.reason {
        WaitReason::Answer => format!("{changes}: until the API server's answer or audit event says whose it is"),
        WaitReason::Silence => format!("{changes}: for a pause of its author, so that one thing done is one commit"),
        WaitReason::Lists => format!("{changes}: until each kind has been listed, since what is found is one commit"),
        WaitReason::Turn => format!("{changes}: next to be committed"),
    }
}

/// The held records by kind, and both ways out.
#[component]
pub fn HeldDeletions(held: Vec<HeldRecords>, may_steer: bool, submission: Submission) -> impl IntoView {
    (!held.is_empty()).then(|| {
        let all: u64 = held.iter().map(|kind| u64::from(kind.records)).sum();
        let words = held_words(all);
        let kinds = held.into_iter().map(|kind| view! { <HeldKind held=kind/> }).collect_view();
        view! {
            <section>
                <Banner tone=Tone::Warn>
                    <p>{words}</p>
                </Banner>
                {kinds}
                {may_steer.then(|| view! {
                    <div class="button-row">
                        <PostForm to=ApproveDeletions::PATH submission=submission>
                            <button type="submit" class="button danger">"Delete the records"</button>
                        </PostForm>
                        <PostForm to=RefuseDeletions::PATH submission=submission>
                            <button type="submit" class="button">"Keep them"</button>
                        </PostForm>
                    </div>
                })}
            </section>
        }
    })
}

fn held_words(records: u64) -> String {
    match records {
        1 => "1 record has no resource any more. It stays until you decide.".to_owned(),
        all => format!("{all} records have no resource any more. That is much at once, so they stay until you decide."),
    }
}

#[component]
fn HeldKind(held: HeldRecords) -> impl IntoView {
    let more = (held.records as usize).saturating_sub(held.paths.len());
    let paths = held.paths.into_iter().map(|path| view! { <li class="code">{path}</li> }).collect_view();
    view! {
        <details>
            <summary>{format!("{}: {}", held.kind, counted(held.records.into(), "records"))}</summary>
            <ul>
                {paths}
                {(more > 0).then(|| view! { <li class="muted">{format!("and {more} more")}</li> })}
            </ul>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_says_what_for() {
        let check = |changes, reason, expect: &str| {
            assert_eq!(words(&WaitingChanges { reason, changes, paths: Vec::new() }), expect);
        };
        check(1, WaitReason::Turn, "1 change: next to be committed");
        check(3, WaitReason::Lists, "3 changes: until each kind has been listed, since what is found is one commit");
    }

    #[test]
    fn held_records_are_counted_in_words() {
        assert_eq!(held_words(1), "1 record has no resource any more. It stays until you decide.");
        assert!(held_words(30).starts_with("30 records have no resource any more. That is much at once"));
    }
}
