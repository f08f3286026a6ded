//! What an operation answers when it does not do what was asked.

use axum::response::{IntoResponse, Response};

use crate::failure::{self, Reader};

/// An operation's failure; it becomes `{kind, message, hint}` with the status that fits.
#[derive(Debug)]
pub(crate) enum Failure {
    Engine(engine::Error),
    Wire(model::Error),
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<model::Error> for Failure {
    fn from(error: model::Error) -> Self {
        Self::Wire(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Engine(error) => failure::from_engine(&error),
            Self::Wire(error) => failure::answer(&error, Reader::Program),
        }
    }
}

impl Failure {
    /// The request is wrong.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Wire(model::Error::new(model::ErrorKind::Invalid, message))
    }

    /// One field of the request is wrong.
    pub(crate) fn field(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Wire(model::Error::new(model::ErrorKind::Invalid, message.clone()).with_field(field, message))
    }
}

/// The failures of every operation, for the description.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "only described, never made")]
pub(crate) enum Failures {
    /// The request is wrong; `fields` says where.
    #[response(status = 400)]
    Invalid(model::Error),
    /// Nobody is signed in, or the token is not known.
    #[response(status = 401)]
    NotSignedIn(model::Error),
    /// The role or scope does not allow it.
    #[response(status = 403)]
    NotAllowed(model::Error),
    /// It is not there, or may not be seen.
    #[response(status = 404)]
    NotFound(model::Error),
    /// Somebody else was faster, or owns the field.
    #[response(status = 409)]
    Conflict(model::Error),
    /// Kubernetes refused it.
    #[response(status = 422)]
    Refused(model::Error),
    /// Too many tries; `Retry-After` says how many seconds to wait.
    #[response(status = 429)]
    TooMany(model::Error),
    /// Our own bug.
    #[response(status = 500)]
    Internal(model::Error),
    /// The cluster, the repository's remote or the database is away.
    #[response(status = 503)]
    Unavailable(model::Error),
}
