//! One user and what an administrator may do with them.

use leptos::prelude::*;
use model::user::{Scope, UserSummary};
use serde::{Deserialize, Serialize};
use server_fn::ServerFn;

use super::api::{DeleteUser, ResetUser, SetUserAccess, SetUserRole};
use super::scope_words;
use crate::submission::{PostForm, Submission};
use crate::ui::{Age, Icon, Shape};

/// Whether a user may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    Enabled,
    Disabled,
}

/// Where the forms of a row lead.
pub const ROW_PATHS: [&str; 4] = [SetUserRole::PATH, SetUserAccess::PATH, ResetUser::PATH, DeleteUser::PATH];

/// A row of the table.
#[component]
pub fn UserRow(user: UserSummary, submission: Submission) -> impl IntoView {
    let username = user.username.to_string();
    let last_sign_in = match user.last_sign_in {
        Some(at) => view! { <Age at=at/> }.into_any(),
        None => "never".into_any(),
    };
    let access = if user.disabled {
        view! {
            <span class="status bad">
                <Icon shape=Shape::Cross/>
                "Disabled"
            </span>
        }
        .into_any()
    } else {
        view! {
            <span class="status good">
                <Icon shape=Shape::Check/>
                "Enabled"
            </span>
        }
        .into_any()
    };
    view! {
        <tr>
            <td data-label="Name" class="name">{username}</td>
            <td data-label="Role">{format!("{}, {}", user.role, scope_words(&user.scope))}</td>
            <td data-label="Access">{access}</td>
            <td data-label="Last sign-in">{last_sign_in}</td>
            <td data-label="">
                <UserMenu user=user submission=submission/>
            </td>
        </tr>
    }
}

#[component]
fn UserMenu(user: UserSummary, submission: Submission) -> impl IntoView {
    let username = user.username.to_string();
    let id = user.id.clone();
    let namespaces = match &user.scope {
        Scope::Everywhere => String::new(),
        Scope::Namespaces(list) => list.iter().map(|namespace| namespace.as_str()).collect::<Vec<_>>().join(" "),
    };
    let id_field = || view! { <input type="hidden" name="id" value=id.clone()/> };
    let (in_role, in_access, in_reset, in_delete) = (id_field(), id_field(), id_field(), id_field());
    let (access, access_words) = if user.disabled { ("enabled", "Enable") } else { ("disabled", "Disable") };
    view! {
        <details class="menu row-menu">
            <summary>
                "Change"
                <span class="hidden-visually">" " {username.clone()}</span>
            </summary>
            <div class="menu-body">
                <PostForm to=SetUserRole::PATH submission=submission>
                    {in_role}
                    <label class="field">
                        "Role"
                        <select name="role">
                            {model::user::Role::ALL
                                .map(|role| {
                                    view! {
                                        <option value=role.as_str() selected=role == user.role>
                                            {role.as_str()}
                                        </option>
                                    }
                                })
                                .collect_view()}
                        </select>
                    </label>
                    <label class="field">
                        "Only in these namespaces"
                        <input type="text" name="namespaces" class="code" value=namespaces/>
                    </label>
                    <button type="submit" class="button small">"Set the role"</button>
                </PostForm>
                <PostForm to=SetUserAccess::PATH submission=submission>
                    {in_access}
                    <input type="hidden" name="access" value=access/>
                    <button type="submit" class="button small">{access_words}</button>
                </PostForm>
                <PostForm to=ResetUser::PATH submission=submission>
                    {in_reset}
                    <button type="submit" class="button small">"Make a reset link"</button>
                </PostForm>
                <PostForm to=DeleteUser::PATH submission=submission>
                    {in_delete}
                    <input type="hidden" name="username" value=username.clone()/>
                    <label class="field">
                        {format!("Type {username} to delete this user")}
                        <input type="text" name="typed" class="code" autocomplete="off" required=true/>
                    </label>
                    <button type="submit" class="button small danger">"Delete"</button>
                </PostForm>
            </div>
        </details>
    }
}
