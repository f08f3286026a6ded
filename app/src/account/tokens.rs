//! API tokens.

use leptos::prelude::*;
use model::timestamp::to_second;
use model::user::{Role, Scope, TokenRequest, TokenSummary};
use model::{ErrorKind, FieldError};
use server_fn::ServerFn;

use super::api::{CreateToken, RevokeToken};
use crate::AppError;
use crate::submission::{PostForm, Submission};
use crate::ui::{Age, EmptyState, Field, FormErrors};
use crate::users::{RoleField, parse_scope, scope_words};

/// The tokens, each with a button that ends it.
#[component]
pub fn TokenList(tokens: Vec<TokenSummary>, submission: Submission) -> impl IntoView {
    let problem = submission.problem();
    if tokens.is_empty() {
        return view! { <EmptyState what="You have no API token. A script signs in with one."/> }.into_any();
    }
    let rows = tokens
        .into_iter()
        .map(|token| {
            let last_used = match token.last_used {
                Some(at) => view! { <Age at=at/> }.into_any(),
                None => "never".into_any(),
            };
            view! {
                <tr>
                    <td data-label="Name" class="name">{token.name.clone()}</td>
                    <td data-label="Rights">{format!("{}, {}", token.role, scope_words(&token.scope))}</td>
                    <td data-label="Expires">{to_second(token.expires_at).chars().take(10).collect::<String>()}</td>
                    <td data-label="Last used">{last_used}</td>
                    <td data-label="">
                        <PostForm to=RevokeToken::PATH submission=submission>
                            <input type="hidden" name="id" value=token.id/>
                            <button type="submit" class="button small">
                                "Revoke"
                                <span class="hidden-visually">" " {token.name}</span>
                            </button>
                        </PostForm>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <FormErrors form="tokens" problem=problem/>
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Rights"</th>
                    <th scope="col">"Expires"</th>
                    <th scope="col">"Last used"</th>
                    <th scope="col"><span class="hidden-visually">"Actions"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// Makes a token.
#[component]
pub fn TokenForm(submission: Submission, role: Role) -> impl IntoView {
    let problem = submission.problem();
    let chosen = submission.typed("role").parse().unwrap_or(Role::Viewer);
    let typed = move |field: &str, instead: &str| {
        Some(submission.typed(field)).filter(|text| !text.is_empty()).unwrap_or_else(|| instead.to_owned())
    };
    view! {
        <h3>"New token"</h3>
        <PostForm to=CreateToken::PATH submission=submission>
            <FormErrors form="token" problem=problem/>
            <Field
                form="token"
                name="name"
                label="Name"
                hint="What uses it, such as ci. It stands beside your name in commits."
                value=typed("name", "")
                max_length=64
                required=true
                problem=problem
            />
            <RoleField form="token" most=role chosen=chosen/>
            <Field
                form="token"
                name="namespaces"
                label="Namespaces"
                hint="Separated by spaces; empty for all that you may see."
                value=typed("namespaces", "")
                code=true
                problem=problem
            />
            <Field
                form="token"
                name="expires_in_days"
                label="Days until it expires"
                hint="1 to 365."
                kind="number"
                value=typed("expires_in_days", "90")
                required=true
                problem=problem
            />
            <button type="submit" class="button" disabled=move || submission.pending()>
                "Make the token"
            </button>
        </PostForm>
    }
}

/// Reads the form's fields; without namespaces the token holds where its owner's rights do.
///
/// # Errors
/// Names each field that is wrong.
#[cfg_attr(not(any(feature = "ssr", test)), expect(dead_code, reason = "forms are read on the server"))]
pub fn parse_request(
    name: &str,
    role: &str,
    namespaces: &str,
    days: &str,
    own: &Scope,
) -> Result<TokenRequest, AppError> {
    let mut fields = Vec::new();
    let mut wrong = |field: &str, message: String| fields.push(FieldError { field: field.to_owned(), message });
    let role = role.parse::<Role>().map_err(|error| wrong("role", error.to_string())).ok();
    let scope = parse_scope(namespaces).map_err(|error| wrong("namespaces", error.to_string())).ok();
    let days = days.trim().parse::<u16>().ok().filter(|days| (1..=365).contains(days));
    if days.is_none() {
        wrong("expires_in_days", "A token lasts 1 to 365 days.".to_owned());
    }
    match (role, scope, days) {
        (Some(role), Some(scope), Some(expires_in_days)) => Ok(TokenRequest {
            name: name.trim().to_owned(),
            role,
            scope: scope.unwrap_or_else(|| own.clone()),
            expires_in_days,
        }),
        _ => {
            let mut error = AppError::new(ErrorKind::Invalid, "The token cannot be made like this.");
            error.error.fields = fields;
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_field_is_named() {
        let error = parse_request("ci", "root", "Shop", "0", &Scope::Everywhere).unwrap_err();
        let fields: Vec<&str> = error.error.fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!(fields, ["role", "namespaces", "expires_in_days"]);
    }

    #[test]
    fn namespaces_may_be_left_out() {
        let own = Scope::Namespaces(vec!["shop".parse().unwrap()]);
        let request = parse_request(" ci ", "viewer", "", "30", &own).unwrap();
        assert_eq!((request.name.as_str(), request.scope), ("ci", own));
    }
}
