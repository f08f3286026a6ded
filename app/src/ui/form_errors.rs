//! What is wrong with a form, above it.

use leptos::html::Div;
use leptos::prelude::*;
use model::ErrorKind;

use super::{FieldProblem, Icon, Shape};
use crate::address::Address;

/// Sums up the errors, takes the focus when they appear, and leads to the fields.
#[component]
pub fn FormErrors(
    form: &'static str,
    #[prop(into)] problem: FieldProblem,
    /// The field's name in the form, by its name in errors.
    #[prop(default = "")]
    prefix: &'static str,
) -> impl IntoView {
    let summary = NodeRef::<Div>::new();
    Effect::new(move || {
        if problem.with(Option::is_some)
            && let Some(summary) = summary.get()
        {
            let _ = summary.focus();
        }
    });
    move || {
        problem.get().map(|error| {
            let error = error.error;
            let fields = error
                .fields
                .iter()
                .filter(|field| field.message != error.message)
                .map(|field| {
                    let target = if prefix.is_empty() {
                        format!("#{form}-{}", field.field)
                    } else {
                        format!("#{form}-{prefix}-{}-", field.field)
                    };
                    view! {
                        <li>
                            <a href=target>{field.field.replace('_', " ")}</a>
                            ": "
                            {field.message.clone()}
                        </li>
                    }
                })
                .collect_view();
            let sign_in = (error.kind == ErrorKind::NotSignedIn).then(|| {
                view! { <a href=String::from(Address::new("/sign-in"))>"Sign in"</a> }
            });
            view! {
                <div class="banner bad" role="alert" tabindex="-1" node_ref=summary>
                    <Icon shape=Shape::Cross/>
                    <div class="banner-text">
                        <p>{error.message.clone()} " " {error.hint.clone()} " " {sign_in}</p>
                        <ul>{fields}</ul>
                    </div>
                </div>
            }
        })
    }
}
