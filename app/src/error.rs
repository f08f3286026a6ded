//! The error that server functions answer with.

use model::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

use crate::json::JsonText;

/// A failure in words for people, and what they had typed.
///
/// Without JavaScript it travels in an address, so nothing in it may be secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{error}")]
pub struct AppError {
    #[serde(flatten)]
    pub error: Error,
    /// Fields and what was typed into them, so that a form without JavaScript can show it again; never a secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub typed: Vec<(String, String)>,
}

impl AppError {
    /// Joins kind and message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error::new(kind, message).into()
    }

    /// One field that is wrong.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Error::new(ErrorKind::Invalid, message.clone()).with_field(field, message).into()
    }

    /// Adds what was typed into a field that is not secret.
    #[must_use]
    pub fn with_typed(mut self, field: &str, text: &str) -> Self {
        self.typed.push((field.to_owned(), text.to_owned()));
        self
    }

    /// Adds what was typed into several fields.
    #[must_use]
    pub fn with_all_typed(self, typed: &[(&str, &str)]) -> Self {
        typed.iter().fold(self, |error, (field, text)| error.with_typed(field, text))
    }

    /// Returns what was typed into a field; empty when that is not known.
    pub fn typed(&self, field: &str) -> String {
        self.typed.iter().find(|(name, _)| name == field).map(|(_, text)| text.clone()).unwrap_or_default()
    }
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        Self { error, typed: Vec::new() }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let error = match error {
            ServerFnErrorErr::Request(_) => Error::new(ErrorKind::Unavailable, "Denshimon does not answer.").with_hint(
                "Check the network. What was just sent may have arrived: reload the page before you try again.",
            ),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                Error::new(ErrorKind::Invalid, "The request could not be read.")
                    .with_hint("Reload the page and try again.")
            }
            ServerFnErrorErr::Deserialization(_) => {
                Error::new(ErrorKind::Internal, "The answer could not be read.").with_hint("Reload the page.")
            }
            _ => Error::new(ErrorKind::Internal, "Something went wrong inside Denshimon.")
                .with_hint("The server's log says what; please report it."),
        };
        error.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_from_an_address_as_it_went() {
        let error = AppError::field("image", "An image has a name.").with_typed("image", "a b");
        assert_eq!(AppError::de(error.ser()), error);
    }

    #[test]
    fn upstream_text_stays_out() {
        let error = AppError::from_server_fn_error(ServerFnErrorErr::Args("hunter2".into()));
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
