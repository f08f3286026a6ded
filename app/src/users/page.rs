//! The users page.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use model::user::Role;
use server_fn::ServerFn;

use super::RoleField;
use super::api::{CreateUser, list_users};
use super::row::{ROW_PATHS, UserRow};
use crate::failure::FailurePage;
use crate::reading::{arrived, reading};
use crate::submission::{PostForm, Submission};
use crate::ui::{Banner, Field, FormErrors, PageTitle, Tone};

/// All users, and a form for a new one.
#[component]
pub fn UsersPage() -> impl IntoView {
    let create = Submission::of(&[CreateUser::PATH]);
    let change = Submission::of(&ROW_PATHS);
    let query = use_query_map();
    let reveal = Memo::new(move |_| query.with(|query| query.get("reveal")).unwrap_or_default());
    let answers = move || (create.answers(), change.answers());
    let team = reading(move || (reveal.get(), answers()), |(reveal, _)| list_users(reveal));
    view! {
        <PageTitle text="Users"/>
        <h1>"Users"</h1>
        <FormErrors form="users" problem=change.problem()/>
        <Transition>
            {move || Suspend::new(async move {
                match arrived(team).await {
                    Ok(team) => {
                        let rows = team
                            .users
                            .into_iter()
                            .map(|user| view! { <UserRow user=user submission=change/> })
                            .collect_view();
                        view! {
                            {team.revealed.map(|path| view! { <NewLink path=path/> })}
                            <table class="list">
                                <thead>
                                    <tr>
                                        <th scope="col">"Name"</th>
                                        <th scope="col">"Role"</th>
                                        <th scope="col">"Access"</th>
                                        <th scope="col">"Last sign-in"</th>
                                        <th scope="col"><span class="hidden-visually">"Actions"</span></th>
                                    </tr>
                                </thead>
                                <tbody>{rows}</tbody>
                            </table>
                            <UserForm submission=create/>
                        }
                            .into_any()
                    }
                    Err(error) => view! { <FailurePage error=error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn NewLink(path: String) -> impl IntoView {
    view! {
        <Banner tone=Tone::Good>
            <p>
                "Give this one-time link to the user, who sets a password with it. It is shown only now and lasts 24 hours."
            </p>
            <p>
                <a class="secret" href=path.clone()>{path.clone()}</a>
            </p>
        </Banner>
    }
}

#[component]
fn UserForm(submission: Submission) -> impl IntoView {
    let problem = submission.problem();
    let role = submission.typed("role").parse().unwrap_or(Role::Viewer);
    view! {
        <h2>"New user"</h2>
        <PostForm to=CreateUser::PATH submission=submission>
            <FormErrors form="user" problem=problem/>
            <Field
                form="user"
                name="username"
                label="User name"
                hint="a-z, 0-9, dot, dash and underscore."
                value=submission.typed("username")
                max_length=64
                required=true
                problem=problem
            />
            <Field
                form="user"
                name="email"
                label="E-mail"
                hint="The author's address of their commits."
                kind="email"
                value=submission.typed("email")
                problem=problem
            />
            <RoleField form="user" most=Role::Admin chosen=role/>
            <Field
                form="user"
                name="namespaces"
                label="Only in these namespaces"
                hint="Separated by spaces; empty for everywhere."
                value=submission.typed("namespaces")
                code=true
                problem=problem
            />
            <button type="submit" class="button" disabled=move || submission.pending()>
                "Make the user"
            </button>
        </PostForm>
    }
}
