//! GitOps -> Rules: what records leave out, and what a new rule would have left out.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use model::ignore::{IgnorePreview, IgnoreRules, LeftOutCommit, ListedRule, RuleOrigin};
use server_fn::ServerFn;

use super::rules_api::{
    CreateIgnoreRule, DeleteIgnoreRule, RuleDraft, SetIgnoreRule, list_ignore_rules, preview_ignore_rule,
};
use crate::AppError;
use crate::failure::FailurePage;
use crate::reading::{arrived, reading};
use crate::submission::{PostForm, Submission};
use crate::ui::{Age, Field, FieldProblem, FormErrors, PageTitle, TextareaField, counted};

/// Where the page's forms lead.
const PATHS: [&str; 3] = [CreateIgnoreRule::PATH, SetIgnoreRule::PATH, DeleteIgnoreRule::PATH];

/// The rules, a form that tests a new one, and what that would have done.
#[component]
pub fn RulesPage() -> impl IntoView {
    let submission = Submission::of(&PATHS);
    let map = use_query_map();
    let draft = Memo::new(move |_| map.with(read));
    let rules = reading(move || submission.answers(), |_| list_ignore_rules());
    let preview = reading(
        move || draft.get(),
        |draft| async move {
            match draft {
                Some(draft) => preview_ignore_rule(draft).await.map(Some),
                None => Ok(None),
            }
        },
    );
    view! {
        <PageTitle text="Rules"/>
        <h1>"Rules"</h1>
        <p class="muted">
            "What a rule leaves out is not in the records at all: a change of it makes no commit, and applying a record \
             leaves it to whoever keeps it in the cluster. A resource that is left out altogether keeps the record that \
             is there."
        </p>
        <FormErrors form="rules" problem=submission.problem()/>
        <Transition>
            {move || Suspend::new(async move {
                match (arrived(rules).await, arrived(preview).await) {
                    (Ok(rules), preview) => {
                        let draft = draft.get_untracked();
                        view! { <Rules rules=rules draft=draft preview=preview submission=submission/> }.into_any()
                    }
                    (Err(error), _) => view! { <FailurePage error=error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Rules(
    rules: IgnoreRules,
    draft: Option<RuleDraft>,
    preview: Result<Option<IgnorePreview>, AppError>,
    submission: Submission,
) -> impl IntoView {
    let decider = rules.may_steer.then_some(submission);
    let rows = rules.rules.into_iter().map(|rule| row(rule, decider)).collect_view();
    let (preview, problem) = match preview {
        Ok(preview) => (preview, None),
        Err(error) => (None, Some(error)),
    };
    let problem: FieldProblem = Signal::stored(problem);
    let typed = draft.clone().unwrap_or_default();
    let tested = preview.zip(draft);
    view! {
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">"Left out"</th>
                    <th scope="col">"From"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="number">"Resources"</th>
                    <th scope="col"><span class="hidden-visually">"Actions"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        {decider.map(|submission| view! {
            <h2>"New rule"</h2>
            <FormErrors form="rule" problem=problem/>
            <RuleForm draft=typed problem=problem/>
            {tested.map(|(preview, draft)| view! { <Preview preview=preview draft=draft submission=submission/> })}
        })}
    }
}

fn row(rule: ListedRule, decider: Option<Submission>) -> impl IntoView {
    let from = match rule.origin {
        RuleOrigin::BuiltIn => "Denshimon",
        RuleOrigin::Settings => "Settings file",
        RuleOrigin::People => "This page",
    };
    let (state, turn, words) = if rule.on { ("On", "off", "Switch off") } else { ("Off", "on", "Switch on") };
    let label = format!("{words}: {}", rule.words);
    let removed = rule.words.clone();
    let (id, removed_id) = (rule.id.clone(), rule.id);
    let switch = decider.filter(|_| rule.origin != RuleOrigin::Settings).map(|submission| {
        view! {
            <PostForm to=SetIgnoreRule::PATH submission=submission>
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="turn" value=turn/>
                <button type="submit" class="button small" aria-label=label>{words}</button>
            </PostForm>
        }
    });
    let remove = decider.filter(|_| rule.origin == RuleOrigin::People).map(|submission| {
        view! {
            <details class="menu row-menu">
                <summary>
                    "Remove"
                    <span class="hidden-visually">": " {removed}</span>
                </summary>
                <div class="menu-body">
                    <p>"All records follow: what it left out is recorded again."</p>
                    <PostForm to=DeleteIgnoreRule::PATH submission=submission>
                        <input type="hidden" name="id" value=removed_id/>
                        <button type="submit" class="button danger">"Remove the rule"</button>
                    </PostForm>
                </div>
            </details>
        }
    });
    view! {
        <tr>
            <th scope="row" data-label="Left out">{rule.words}</th>
            <td data-label="From">{from}</td>
            <td data-label="State">{state}</td>
            <td data-label="Resources" class="number">{rule.resources.map_or_else(|| "–".to_owned(), |count| count.to_string())}</td>
            <td class="actions">{switch} {remove}</td>
        </tr>
    }
}

/// Asks for the same page with the rule in its address, so that a rule can be tested, shared and tested again.
#[component]
fn RuleForm(draft: RuleDraft, problem: FieldProblem) -> impl IntoView {
    let choices = [
        ("fields", "Fields, by their paths"),
        ("manager", "Fields, by their manager"),
        ("resource", "The resource altogether"),
    ];
    let options = choices
        .map(|(value, words)| {
            view! { <option value=value selected=draft.leave_out == value>{words}</option> }
        })
        .collect_view();
    view! {
        <form method="get" action="/gitops/rules">
            <Field form="rule" name="kind" label="Kind" value=draft.kind code=true problem=problem
                hint="Deployment, Deployment.apps, *.apps; empty for any. * stands for any part of a name."/>
            <Field form="rule" name="namespace" label="Namespace" value=draft.namespace code=true problem=problem/>
            <Field form="rule" name="name" label="Name" value=draft.name code=true problem=problem/>
            <Field form="rule" name="selector" label="Labels" value=draft.selector code=true problem=problem
                hint="As kubectl takes them: app=api,tier!=db,env in (a,b),!canary"/>
            <div class="field">
                <label for="rule-leave_out">"Leave out"</label>
                <select id="rule-leave_out" name="leave_out">{options}</select>
            </div>
            <TextareaField form="rule" name="fields" label="Paths" value=draft.fields rows=2 code=true problem=problem
                hint="One per line: spec.replicas, spec.template.spec.containers[name=app].image, \
                      metadata.annotations[\"example.org/note\"]; * for all of a map or list."/>
            <Field form="rule" name="manager" label="Field manager" value=draft.manager code=true problem=problem
                hint="What only managers of this name own: keda-*"/>
            <button type="submit" class="button main">"Test the rule"</button>
        </form>
    }
}

#[component]
fn Preview(preview: IgnorePreview, draft: RuleDraft, submission: Submission) -> impl IntoView {
    let stands_on = preview.managed.map(|resources| {
        let resources = counted(u64::from(resources), "resources");
        view! {
            <p>
                "What a manager owned when a commit was made is not in Git: this goes by what such a manager alone owns now. \
                 It has a hand in "
                {resources}
                "."
            </p>
        }
    });
    let words = preview.words.clone();
    let hidden = [
        ("draft[kind]", draft.kind),
        ("draft[namespace]", draft.namespace),
        ("draft[name]", draft.name),
        ("draft[selector]", draft.selector),
        ("draft[leave_out]", draft.leave_out),
        ("draft[fields]", draft.fields),
        ("draft[manager]", draft.manager),
    ]
    .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
    .collect_view();
    view! {
        <section aria-labelledby="preview">
            <h2 id="preview">"Leaves out " {words}</h2>
            {stands_on}
            <Found preview=preview/>
            <PostForm to=CreateIgnoreRule::PATH submission=submission>
                {hidden}
                <button type="submit" class="button main">"Save the rule"</button>
            </PostForm>
        </section>
    }
}

#[component]
fn Found(preview: IgnorePreview) -> impl IntoView {
    let read = counted(u64::from(preview.commits_read), "commits");
    let count = preview.commits.len();
    let commits = match count {
        0 => format!("It would have left out none of the newest {read}."),
        1 => format!("It would have left out this 1 commit of the newest {read}."),
        count => format!("It would have left out these {count} commits of the newest {read}."),
    };
    let lines = preview.commits.into_iter().map(commit_line).collect_view();
    let records = match preview.records {
        0 => "No record that is there changes.".to_owned(),
        1 => "1 record that is there changes, or follows its resource no more.".to_owned(),
        records => format!("{records} records that are there change, or follow their resources no more."),
    };
    let more = usize::try_from(preview.records).unwrap_or(usize::MAX).saturating_sub(preview.paths.len());
    let paths = preview.paths.into_iter().map(|path| view! { <li class="code">{path}</li> }).collect_view();
    view! {
        <p>{commits}</p>
        <ul>{lines}</ul>
        <p>{records}</p>
        <ul>{paths} {(more > 0).then(|| view! { <li>{format!("and {more} more")}</li> })}</ul>
    }
}

fn commit_line(commit: LeftOutCommit) -> impl IntoView {
    view! {
        <li>
            <a href=format!("/gitops/commits/{}", commit.id)>{commit.subject}</a>
            ", "
            {commit.author}
            ", "
            <Age at=commit.at/>
        </li>
    }
}

/// Reads the rule in the address, when there is one.
fn read(map: &ParamsMap) -> Option<RuleDraft> {
    let text = |name: &str| map.get(name).unwrap_or_default();
    let draft = RuleDraft {
        kind: text("kind"),
        namespace: text("namespace"),
        name: text("name"),
        selector: text("selector"),
        leave_out: text("leave_out"),
        fields: text("fields"),
        manager: text("manager"),
    };
    (!draft.leave_out.is_empty()).then_some(draft)
}
