//! Forms that post to a server function: with a page load without JavaScript, in the background with it.
//!
//! The browser sends the fields as they stand, exactly as it would by itself. Leptos' `ActionForm` reads them into the
//! function's type first and so brings a parser for each; that parser is the server's matter.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::server::ServerActionError;
use leptos::task::spawn_local;
use server_fn::client::Client;
use server_fn::error::{FromServerFnError, ServerFnErrorErr, ServerFnUrlError};
use server_fn::redirect::call_redirect_hook;
use server_fn::request::ClientReq;
use server_fn::response::ClientRes;
use server_fn::{ContentType, ServerFn};

use crate::AppError;
use crate::form_fields::form_fields;
use crate::json::JsonText;
use crate::theme::SetTheme;

/// `fetch` in the browser, nothing on the server.
type Fetch = <SetTheme as ServerFn>::Client;

/// What came of the last form that was sent; forms that report in one place share one.
#[derive(Clone, Copy, Debug)]
pub struct Submission {
    problem: RwSignal<Option<AppError>>,
    /// Where the form led that failed, when the page begins with that.
    failed: StoredValue<Option<String>>,
    pending: RwSignal<bool>,
    answers: RwSignal<u32>,
    refusals: RwSignal<u32>,
}

impl Submission {
    /// Begins with the error that the address carries when a form to one of these paths failed without JavaScript.
    ///
    /// Must be called in a page, outside of what waits for resources.
    pub fn of(paths: &[&str]) -> Self {
        let failed = use_context::<ServerActionError>().filter(|error| paths.contains(&error.path()));
        let problem = failed.as_ref().map(|error| ServerFnUrlError::<AppError>::decode_err(error.err()));
        let failed = StoredValue::new(failed.map(|error| error.path().to_owned()));
        let (answers, refusals) = (RwSignal::new(0), RwSignal::new(0));
        Self { problem: RwSignal::new(problem), failed, pending: RwSignal::new(false), answers, refusals }
    }

    /// Returns what went wrong.
    pub fn problem(self) -> Signal<Option<AppError>> {
        self.problem.into()
    }

    /// Tells whether an answer is awaited.
    pub fn pending(self) -> bool {
        self.pending.get()
    }

    /// Counts the answers; what a form changes is read again when this moves.
    pub fn answers(self) -> u32 {
        self.answers.get()
    }

    /// Counts the answers that did not do what was asked; what was shown before may be old then.
    pub fn refusals(self) -> u32 {
        self.refusals.get()
    }

    /// Returns what had been typed into a field of the form that failed.
    pub fn typed(self, field: &str) -> String {
        self.problem.with_untracked(|problem| problem.as_ref().map(|error| error.typed(field))).unwrap_or_default()
    }

    /// Tells whether the page begins with the failure of the form that leads here.
    pub fn failed_at(self, path: &str) -> bool {
        self.failed.with_value(|failed| failed.as_deref() == Some(path))
    }

    async fn send(self, to: &'static str, body: String) {
        self.pending.set(true);
        let problem = post(to, body).await.err();
        let refused = problem.is_some();
        // A redirect may have led to another page, and this one's signals are gone.
        self.problem.try_set(problem);
        self.pending.try_set(false);
        self.answers.try_update(|answers| *answers = answers.wrapping_add(1));
        if refused {
            self.refusals.try_update(|refusals| *refusals = refusals.wrapping_add(1));
        }
    }
}

/// A form whose fields are the arguments of the server function at `to`.
#[component]
pub fn PostForm(to: &'static str, submission: Submission, children: Children) -> impl IntoView {
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if submission.pending.get_untracked() {
            return;
        }
        if let Some(body) = form_fields(&event) {
            spawn_local(submission.send(to, body));
        }
    };
    view! {
        <form method="post" action=to on:submit=submit>
            {children()}
        </form>
    }
}

async fn post(to: &str, body: String) -> Result<(), AppError> {
    type Request = <Fetch as Client<AppError>>::Request;
    let request: Result<Request, AppError> =
        Request::try_new_post(to, "application/x-www-form-urlencoded", JsonText::CONTENT_TYPE, body);
    outcome(<Fetch as Client<AppError>>::send(request?).await?).await
}

async fn outcome(answer: impl ClientRes<AppError>) -> Result<(), AppError> {
    match answer.status() {
        // Whose session has ended signs in and comes back to the form as it is.
        401 if answer.has_redirect() => {
            call_redirect_hook(&answer.location());
            Ok(())
        }
        400.. => Err(AppError::de(answer.try_into_bytes().await?)),
        200..=299 => {
            if answer.has_redirect() {
                call_redirect_hook(&answer.location());
            }
            Ok(())
        }
        other => Err(AppError::from_server_fn_error(ServerFnErrorErr::Response(format!("status {other}")))),
    }
}
