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
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

/// The folder of the built files and the names in it.
#[derive(Clone, Debug)]
pub(crate) struct Assets {
    folder: PathBuf,
    names: Arc<AssetNames>,
    /// Files of `public`, which keep their name: `favicon.svg`, `robots.txt`.
    root_files: Arc<[String]>,
}

/// `assets.json`, as `script/build-assets` writes it.
#[derive(Clone, Debug, Deserialize)]
struct AssetNames {
    boot: String,
    script: String,
    style: String,
    wasm: String,
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
        let root_files = list_files(&folder.join("public")).with_context(hint)?;
        Ok(Self { folder: folder.to_owned(), names: Arc::new(names), root_files: root_files.into() })
    }

    /// Returns the files' addresses, for the pages.
    pub(crate) fn addresses(&self) -> app::Assets {
        let address = |name: &str| format!("/assets/{name}");
        app::Assets {
            boot: address(&self.names.boot),
            script: address(&self.names.script),
            style: address(&self.names.style),
            wasm: address(&self.names.wasm),
        }
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
        let router = Router::new().nest_service("/assets", ServiceBuilder::new().layer(immutable).service(files));
        self.root_files.iter().fold(router, |router, name| {
            let service = ServeFile::new(self.folder.join("public").join(name));
            router.route_service(&format!("/{name}"), ServiceBuilder::new().layer(an_hour()).service(service))
        })
    }
}

/// Lists the plain files of a folder that have harmless names; none when there is no folder.
fn list_files(folder: &Path) -> std::io::Result<Vec<String>> {
    let harmless = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if let (true, Ok(name)) = (entry.file_type()?.is_file(), entry.file_name().into_string()) {
            names.extend(harmless(&name).then_some(name));
        }
    }
    Ok(names)
}

fn an_hour() -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"))
}
