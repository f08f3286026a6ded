//! GitOps -> Status.

use leptos::prelude::*;
use model::sync::{SyncProblem, SyncStatus};
use server_fn::ServerFn;

use super::api::{ApproveDeletions, CommitNow, RefuseDeletions, RetrySync, SetKindRecorded, read_sync_status};
use super::kinds::KindTable;
use super::repository::Repository;
use crate::failure::FailurePage;
use crate::layout::chip_words;
use crate::live::Live;
use crate::reading::reading;
use crate::submission::{PostForm, Submission};
use crate::ui::{Age, Banner, FormErrors, Icon, PageTitle, Tone};

/// Where the page's forms lead.
const PATHS: [&str; 5] =
    [RetrySync::PATH, CommitNow::PATH, ApproveDeletions::PATH, RefuseDeletions::PATH, SetKindRecorded::PATH];

/// Repository, kinds, what waits, what is wrong and the way out; live.
#[component]
pub fn StatusPage() -> impl IntoView {
    let submission = Submission::of(&PATHS);
    let live = Live::sync_counter();
    let status = reading(move || (live.get(), submission.answers()), |_| read_sync_status());
    view! {
        <PageTitle text="GitOps status"/>
        <h1>"GitOps status"</h1>
        <FormErrors form="gitops" problem=submission.problem()/>
        <Transition>
            {move || Suspend::new(async move {
                match status.await {
                    Ok(status) => view! { <Status status=status submission=submission/> }.into_any(),
                    Err(error) => view! { <FailurePage error=error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Status(status: SyncStatus, submission: Submission) -> impl IntoView {
    let may_steer = status.may_steer;
    let (shape, tone, words) = chip_words(&status.chip);
    let waiting = match status.waiting {
        0 => "Nothing waits to be committed.".to_owned(),
        1 => "1 change waits to be committed.".to_owned(),
        count => format!("{count} changes wait to be committed."),
    };
    let lag = status.lag_milliseconds.map(|lag| format!("The newest change was committed {lag} ms after it was seen."));
    view! {
        <div class="page-head">
            <p class=format!("status {tone}")>
                <Icon shape=shape/>
                {words}
            </p>
            {may_steer.then(|| view! {
                <div class="actions">
                    <PostForm to=RetrySync::PATH submission=submission>
                        <button type="submit" class="button">"Retry"</button>
                    </PostForm>
                    <PostForm to=CommitNow::PATH submission=submission>
                        <button type="submit" class="button main">"Commit now"</button>
                    </PostForm>
                </div>
            })}
        </div>
        <Problems problems=status.problems/>
        <HeldDeletions records=status.held_deletions may_steer=may_steer submission=submission/>
        <p>{waiting}</p>
        <p class="muted">{lag}</p>
        <h2>"Repository"</h2>
        <Repository repository=status.repository/>
        <h2>"Kinds"</h2>
        <KindTable kinds=status.kinds may_steer=may_steer submission=submission/>
    }
}

#[component]
fn Problems(problems: Vec<SyncProblem>) -> impl IntoView {
    problems
        .into_iter()
        .map(|problem| {
            view! {
                <Banner tone=Tone::Bad>
                    <p>{problem.what} <span class="muted">" since " <Age at=problem.since/></span></p>
                    <p>{problem.remedy}</p>
                </Banner>
            }
        })
        .collect_view()
}

#[component]
fn HeldDeletions(records: Vec<String>, may_steer: bool, submission: Submission) -> impl IntoView {
    (!records.is_empty()).then(|| {
        let words = format!(
            "{} records have no resource any more. That is much at once, so they stay until you decide.",
            records.len()
        );
        let rows = records.into_iter().take(50).map(|path| view! { <li class="code">{path}</li> }).collect_view();
        view! {
            <section>
                <Banner tone=Tone::Warn>
                    <p>{words}</p>
                </Banner>
                <details>
                    <summary>"Which records"</summary>
                    <ul>{rows}</ul>
                </details>
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
