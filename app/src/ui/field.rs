//! One field of a form: label above, hint below, error at the field.

use leptos::prelude::*;

use super::SafeTextarea;
use crate::AppError;

/// What is wrong with the fields of one form.
pub type FieldProblem = Signal<Option<AppError>>;

/// Returns what is wrong with a field, if anything is.
fn first_error(problem: FieldProblem, field: &str) -> Option<String> {
    problem.with(|problem| problem.as_ref().and_then(|error| error.error.field(field).map(ToOwned::to_owned)))
}

/// A line of text.
#[component]
pub fn Field(
    /// Sets the form's fields apart from those of other forms on the page.
    form: &'static str,
    name: &'static str,
    /// The field's name in errors, where it differs.
    #[prop(default = "")]
    error_name: &'static str,
    #[prop(into)] label: String,
    #[prop(into, optional)] value: String,
    #[prop(into, optional)] hint: String,
    #[prop(default = "text")] kind: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(default = 500)] max_length: u32,
    #[prop(optional)] required: bool,
    #[prop(optional)] code: bool,
    #[prop(into)] problem: FieldProblem,
) -> impl IntoView {
    let id = format!("{form}-{}", plain(name));
    let parts = Parts::new(&id, key(name, error_name), hint, problem);
    let described_by = parts.described_by();
    view! {
        <div class="field">
            <label for=id.clone()>{label}{mark(required)}</label>
            <input
                id=id
                name=name
                type=kind
                value=value
                autocomplete=autocomplete
                maxlength=max_length
                required=required
                class:code=code
                autocapitalize="none"
                spellcheck="false"
                aria-describedby=described_by
                aria-invalid=move || parts.error.with(Option::is_some).then_some("true")
            />
            {parts.below()}
        </div>
    }
}

/// Several lines of text.
#[component]
pub fn TextareaField(
    form: &'static str,
    name: &'static str,
    #[prop(default = "")] error_name: &'static str,
    #[prop(into)] label: String,
    #[prop(into, optional)] value: String,
    #[prop(into, optional)] hint: String,
    #[prop(default = 4)] rows: u32,
    #[prop(optional)] required: bool,
    #[prop(optional)] code: bool,
    #[prop(into)] problem: FieldProblem,
) -> impl IntoView {
    let id = format!("{form}-{}", plain(name));
    let parts = Parts::new(&id, key(name, error_name), hint, problem);
    let invalid = Signal::derive({
        let error = parts.error;
        move || error.with(Option::is_some)
    });
    view! {
        <div class="field">
            <label for=id.clone()>{label}{mark(required)}</label>
            <SafeTextarea
                id=id
                name=name
                text=value
                rows=rows
                code=code
                required=required
                described_by=parts.described_by()
                invalid=invalid
            />
            {parts.below()}
        </div>
    }
}

/// A box to tick.
#[component]
pub fn Checkbox(
    form: &'static str,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional)] checked: bool,
    #[prop(default = "true")] value: &'static str,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    let id = format!("{form}-{}-{value}", plain(name));
    view! {
        <div class="checkbox">
            <input id=id.clone() type="checkbox" name=name value=value checked=checked required=required/>
            <label for=id>{label}</label>
        </div>
    }
}

/// The texts below a field and how the field refers to them.
struct Parts {
    id: String,
    hint: String,
    error: Memo<Option<String>>,
}

impl Parts {
    fn new(id: &str, key: &'static str, hint: String, problem: FieldProblem) -> Self {
        Self { id: id.to_owned(), hint, error: Memo::new(move |_| first_error(problem, key)) }
    }

    fn described_by(&self) -> String {
        format!("{0}-hint {0}-error", self.id)
    }

    fn below(&self) -> impl IntoView + use<> {
        let error = self.error;
        view! {
            <p class="hint" id=format!("{}-hint", self.id)>{self.hint.clone()}</p>
            <p class="field-error" id=format!("{}-error", self.id)>{move || error.get()}</p>
        }
    }
}

fn mark(required: bool) -> Option<impl IntoView> {
    (!required).then(|| view! { <span class="optional">" (optional)"</span> })
}

fn key(name: &'static str, error_name: &'static str) -> &'static str {
    if error_name.is_empty() { name } else { error_name }
}

/// `form[image]` has no place in an id.
fn plain(name: &str) -> String {
    name.replace(['[', ']'], "-")
}
