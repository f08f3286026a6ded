//! The files for browsers: hashed names, so that they may be kept for ever, compressed when they were built.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use tower::ServiceBuilder;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// The folder of the built files and the names in it.
#[derive(Clone, Debug)]
pub(crate) struct Assets {
    folder: PathBuf,
    names: Arc<AssetNames>,
}

/// `assets.json`, as `script/build-assets` writes it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AssetNames {
    pub(crate) script: String,
    pub(crate) wasm: String,
    pub(crate) style: String,
}

impl Assets {
    /// Reads which files were built.
    ///
    /// # Errors
    /// They were not.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let list = folder.join("assets.json");
        let hint = || format!("cannot read {} (DENSHIMON_ASSETS_DIR): run script/build-assets", list.display());
        let text = std::fs::read_to_string(&list).with_context(hint)?;
        let names = serde_json::from_str(&text).with_context(hint)?;
        Ok(Self { folder: folder.to_owned(), names: Arc::new(names) })
    }

    pub(crate) fn names(&self) -> &AssetNames {
        &self.names
    }

    /// Serves the files under `/assets`, and what browsers look for at the root.
    pub(crate) fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let immutable =
            SetResponseHeaderLayer::if_not_present(CACHE_CONTROL, |response: &Response<_>| match response.status() {
                StatusCode::OK | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT => {
                    Some(HeaderValue::from_static("public, max-age=31536000, immutable"))
                }
                _ => None,
            });
        let files = ServeDir::new(self.folder.join("assets"))
            .precompressed_br()
            .precompressed_gzip()
            .append_index_html_on_directories(false)
            .call_fallback_on_method_not_allowed(false);
        Router::new().nest_service("/assets", ServiceBuilder::new().layer(immutable).service(files))
    }
}
