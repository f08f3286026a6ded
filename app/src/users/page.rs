//! The users page.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use model::user::Role;

use super::RoleField;
use super::api::{CreateUser, DeleteUser, ResetUser, SetUserAccess, SetUserRole, list_users};
use super::row::{UserActions, UserRow};
use crate::AppError;
use crate::failure::FailurePage;
use crate::reading::reading;
use crate::ui::{Banner, Field, FormErrors, PageTitle, Tone};

/// All users, and a form for a new one.
#[component]
pub fn UsersPage() -> impl IntoView {
    let create = ServerAction::<CreateUser>::new();
    let actions = UserActions {
        set_role: ServerAction::<SetUserRole>::new(),
        set_access: ServerAction::<SetUserAccess>::new(),
        reset: ServerAction::<ResetUser>::new(),
        delete: ServerAction::<DeleteUser>::new(),
    };
    let problem = Signal::derive(move || first_problem(actions));
    let query = use_query_map();
    let reveal = Memo::new(move |_| query.with(|query| query.get("reveal")).unwrap_or_default());
    let versions = move || {
        let changed = (actions.set_role.version().get(), actions.set_access.version().get());
        (changed, actions.delete.version().get(), create.version().get())
    };
    let team = reading(move || (reveal.get(), versions()), |(reveal, _)| list_users(reveal));
    view! {
        <PageTitle text="Users"/>
        <h1>"Users"</h1>
        <FormErrors form="users" problem=problem/>
        <Transition>
            {move || Suspend::new(async move {
                match team.await {
                    Ok(team) => {
                        let rows = team
                            .users
                            .into_iter()
                            .map(|user| view! { <UserRow user=user actions=actions/> })
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
                            <UserForm action=create/>
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
fn UserForm(action: ServerAction<CreateUser>) -> impl IntoView {
    let problem = Signal::derive(move || action.value().get().and_then(Result::err));
    let typed = move |field: &str| {
        problem.with_untracked(|problem| problem.as_ref().map(|error| error.typed(field))).unwrap_or_default()
    };
    view! {
        <h2>"New user"</h2>
        <ActionForm action=action>
            <FormErrors form="user" problem=problem/>
            <Field
                form="user"
                name="username"
                label="User name"
                hint="a-z, 0-9, dot, dash and underscore."
                value=typed("username")
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
                value=typed("email")
                problem=problem
            />
            <RoleField form="user" most=Role::Admin chosen=Role::Viewer/>
            <Field
                form="user"
                name="namespaces"
                label="Only in these namespaces"
                hint="Separated by spaces; empty for everywhere."
                value=typed("namespaces")
                code=true
                problem=problem
            />
            <button type="submit" class="button" disabled=move || action.pending().get()>
                "Make the user"
            </button>
        </ActionForm>
    }
}

fn first_problem(actions: UserActions) -> Option<AppError> {
    let set_role = actions.set_role.value().get().and_then(Result::err);
    let set_access = actions.set_access.value().get().and_then(Result::err);
    let reset = actions.reset.value().get().and_then(Result::err);
    let delete = actions.delete.value().get().and_then(Result::err);
    set_role.or(set_access).or(reset).or(delete)
}
