//! The one error of the engine's methods, cut by what the caller can do about it.

use std::time::Duration;

use model::{ErrorKind, FieldError};

/// The source says why for the log; the message is for people and never quotes the source.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("nobody is signed in")]
    NotSignedIn,
    /// The caller sees the thing but may not do this to it.
    #[error("the caller may not {action}")]
    NotAllowed { action: &'static str },
    /// It is not there, or the caller may not know that it is.
    #[error("there is no {what}")]
    NotFound { what: String },
    /// The request is wrong; `fields` says where.
    #[error("{message}")]
    Invalid { message: String, hint: String, fields: Vec<FieldError> },
    /// Somebody else was faster, or owns it.
    #[error("{message}")]
    Conflict { message: String, hint: String, fields: Vec<FieldError> },
    /// Kubernetes does not take it.
    #[error("{message}")]
    Refused { message: String, hint: String, fields: Vec<FieldError> },
    #[error("too many tries")]
    TooMany { retry_after: Duration },
    /// A dependency does not answer.
    #[error("{what} does not answer")]
    Unavailable {
        /// `the cluster`, `the database`, `the repository's remote`.
        what: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A write was sent to the cluster and its answer never came.
    #[error("the cluster did not answer a write")]
    Unanswered {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Our own bug.
    #[error("{what} failed")]
    Internal {
        what: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// A request that is wrong in one field.
    pub fn invalid_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Invalid {
            message: message.clone(),
            hint: String::new(),
            fields: vec![FieldError { field: field.into(), message }],
        }
    }

    /// Wraps a failure that is nobody's fault but ours.
    pub fn internal(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal { what, source: source.into() }
    }

    /// Wraps a dependency's silence.
    pub fn unavailable(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable { what, source: source.into() }
    }

    /// Words the error for a browser or a script; logs nothing.
    pub fn to_wire(&self) -> model::Error {
        let wire = |kind, message: &str, hint: &str, fields: &[FieldError]| model::Error {
            kind,
            message: message.to_owned(),
            hint: hint.to_owned(),
            fields: fields.to_vec(),
        };
        match self {
            Self::NotSignedIn => wire(ErrorKind::NotSignedIn, "You are not signed in.", "Sign in and try again.", &[]),
            Self::NotAllowed { action } => wire(
                ErrorKind::NotAllowed,
                &format!("Your role does not allow you to {action}."),
                "Ask an administrator for the right.",
                &[],
            ),
            Self::NotFound { what } => {
                wire(ErrorKind::NotFound, &format!("There is no {what}, or you may not see it."), "", &[])
            }
            Self::Invalid { message, hint, fields } => wire(ErrorKind::Invalid, message, hint, fields),
            Self::Conflict { message, hint, fields } => wire(ErrorKind::Conflict, message, hint, fields),
            Self::Refused { message, hint, fields } => wire(ErrorKind::Refused, message, hint, fields),
            Self::TooMany { retry_after } => wire(
                ErrorKind::TooMany,
                "There were too many tries.",
                &format!("Wait {} s and try again.", retry_after.as_secs().max(1)),
                &[],
            ),
            Self::Unavailable { what, .. } => wire(
                ErrorKind::Unavailable,
                &format!("Denshimon cannot reach {what} just now."),
                "Nothing was changed. Try again in a moment; GitOps -> Status says since when it is away.",
                &[],
            ),
            Self::Unanswered { .. } => wire(
                ErrorKind::Unavailable,
                "The cluster did not answer, so it is not known whether this was done.",
                "The history says what became of it once the cluster answers again. Look there before you try again.",
                &[],
            ),
            Self::Internal { .. } => wire(
                ErrorKind::Internal,
                "Something went wrong inside Denshimon.",
                "The server's log says what; please report it.",
                &[],
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_upstream_text_reaches_people() {
        for error in [
            Error::internal("x", "token hunter2"),
            Error::unavailable("the cluster", "token hunter2"),
            Error::Unanswered { source: "token hunter2".into() },
        ] {
            let wire = error.to_wire();
            assert!(!format!("{wire:?}").contains("hunter2"));
        }
    }
}
