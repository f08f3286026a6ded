//! Which part of a list is asked for.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use model::PageRequest;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::failures::Failure;

/// The page of a list.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// Counts from 1.
    #[param(minimum = 1, default = 1)]
    page: u32,
    /// Rows of a page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    size: u32,
}

impl Default for Paging {
    fn default() -> Self {
        let page = PageRequest::default();
        Self { page: page.number, size: page.size }
    }
}

impl From<Paging> for PageRequest {
    fn from(paging: Paging) -> Self {
        Self { number: paging.page, size: paging.size }.clamped()
    }
}

/// A query string, with an error that names what is wrong with it.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let Query(query) = Query::try_from_uri(&parts.uri)
            .map_err(|rejection| Failure::invalid(format!("The query cannot be read. {}", rejection.body_text())))?;
        Ok(Self(query))
    }
}
