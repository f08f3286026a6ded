//! GitOps -> Status.

use leptos::prelude::*;
use model::sync::{AuditStatus, RemoteChoice, SyncProblem, SyncStatus, WayOut};
use server_fn::ServerFn;

use super::api::{
    ApproveDeletions, CommitNow, DecideRemote, RecordAgain, RefuseDeletions, RetrySync, SetKindRecorded, SetMaskRule,
    read_sync_status,
};
use super::kinds::KindTable;
use super::left_alone::LeftAlone;
use super::masks::MaskTable;
use super::plots::Plots;
use super::repository::Repository;
use super::waiting::{HeldDeletions, Waiting};
use crate::failure::FailurePage;
use crate::layout::chip_words;
use crate::live::Live;
use crate::reading::{arrived, reading};
use crate::submission::{PostForm, Submission};
use crate::ui::{Age, Banner, FormErrors, Icon, PageTitle, Tone};

/// Where the page's forms lead.
const PATHS: [&str; 8] = [
    RetrySync::PATH,
    RecordAgain::PATH,
    CommitNow::PATH,
    DecideRemote::PATH,
    ApproveDeletions::PATH,
    RefuseDeletions::PATH,
    SetKindRecorded::PATH,
    SetMaskRule::PATH,
];

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
                match arrived(status).await {
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
    view! {
        <div class="page-head">
            <p class=format!("status {tone}")>
                <Icon shape=shape/>
                {words}
            </p>
            {may_steer.then(|| view! {
                <div class="actions">
                    <PostForm to=CommitNow::PATH submission=submission>
                        <button type="submit" class="button main">"Commit now"</button>
                    </PostForm>
                </div>
            })}
        </div>
        <Problems problems=status.problems may_steer=may_steer submission=submission/>
        {may_steer.then(|| view! { <Choices choices=status.repository.choices.clone() submission=submission/> })}
        <HeldDeletions held=status.held_deletions may_steer=may_steer submission=submission/>
        <h2>"Waiting"</h2>
        <Waiting waiting=status.waiting_for/>
        {status.audit.map(|audit| view! { <Audit audit=audit/> })}
        <Plots plots=status.plots/>
        <h2>"Repository"</h2>
        <Repository repository=status.repository/>
        <LeftAlone files=status.left_alone/>
        <h2>"Credentials"</h2>
        <MaskTable rules=status.mask_rules may_steer=may_steer submission=submission/>
        <h2>"Kinds"</h2>
        <KindTable kinds=status.kinds may_steer=may_steer submission=submission/>
    }
}

#[component]
fn Problems(problems: Vec<SyncProblem>, may_steer: bool, submission: Submission) -> impl IntoView {
    problems
        .into_iter()
        .map(|problem| {
            view! {
                <Banner tone=Tone::Bad>
                    <p>{problem.what} <span class="muted">" since " <Age at=problem.since/></span></p>
                    <p>{problem.remedy}</p>
                    {problem.way_out.filter(|_| may_steer).map(|way_out| {
                        let (path, words) = match way_out {
                            WayOut::Retry => (RetrySync::PATH, "Retry"),
                            WayOut::RecordAgain => (RecordAgain::PATH, "Record the cluster's state"),
                        };
                        view! {
                            <PostForm to=path submission=submission>
                                <button type="submit" class="button">{words}</button>
                            </PostForm>
                        }
                    })}
                </Banner>
            }
        })
        .collect_view()
}

/// Whether the API server's audit events arrive.
#[component]
fn Audit(audit: AuditStatus) -> impl IntoView {
    let arrived = match audit.last_event {
        Some(at) => view! { "The newest audit event of the API server arrived " <Age at=at/> "." }.into_any(),
        None => "No audit event of the API server has arrived yet.".into_any(),
    };
    let named = match audit.named {
        0 => String::new(),
        1 => " The events named the user of 1 change.".to_owned(),
        count => format!(" The events named the users of {count} changes."),
    };
    let trouble = audit.trouble.map(|trouble| format!(" {trouble}"));
    view! { <p class="muted">{arrived} {named} {trouble}</p> }
}

/// What may be decided about a remote with another history.
#[component]
fn Choices(choices: Vec<RemoteChoice>, submission: Submission) -> impl IntoView {
    (!choices.is_empty()).then(|| {
        let buttons = choices.into_iter().map(|choice| {
            let (name, words) = match choice {
                RemoteChoice::BuildOn => ("build_on", "Build on what is there now"),
                RemoteChoice::PushAgain => ("push_again", "Push all of the history again"),
                RemoteChoice::KeepHere => ("keep_here", "Keep committing here only"),
            };
            view! {
                <PostForm to=DecideRemote::PATH submission=submission>
                    <input type="hidden" name="choice" value=name/>
                    <button type="submit" class="button">{words}</button>
                </PostForm>
            }
        });
        view! { <div class="button-row">{buttons.collect_view()}</div> }
    })
}
