//! Roles and namespaces in forms and in words.

use leptos::prelude::*;
use model::user::{Role, Scope};
use model::{InvalidName, Namespace};

/// Chooses a role, at most `most`.
#[component]
pub fn RoleField(form: &'static str, most: Role, chosen: Role) -> impl IntoView {
    let id = format!("{form}-role");
    let options = Role::ALL
        .into_iter()
        .filter(|role| *role <= most)
        .map(|role| {
            view! {
                <option value=role.as_str() selected=role == chosen>
                    {role_words(role)}
                </option>
            }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id.clone()>"Role"</label>
            <select id=id name="role">{options}</select>
        </div>
    }
}

/// Reads namespaces separated by spaces or commas; `None` when there are none.
///
/// # Errors
/// Says which rule a name breaks.
pub fn parse_scope(text: &str) -> Result<Option<Scope>, InvalidName> {
    let names = text.split([' ', ',', '\n', '\r', '\t']).filter(|name| !name.is_empty());
    let namespaces: Vec<Namespace> = names.map(str::parse).collect::<Result<_, _>>()?;
    Ok((!namespaces.is_empty()).then_some(Scope::Namespaces(namespaces)))
}

/// Says where a role holds.
pub fn scope_words(scope: &Scope) -> String {
    match scope {
        Scope::Everywhere => "everywhere".to_owned(),
        Scope::Namespaces(list) => {
            format!("in {}", list.iter().map(Namespace::as_str).collect::<Vec<_>>().join(", "))
        }
    }
}

fn role_words(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer: sees everything but secret values",
        Role::Operator => "operator: deploys, scales, edits, deletes",
        Role::Admin => "admin: also manages users and settings",
    }
}
