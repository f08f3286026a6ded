//! Kubeconfig files and clients made from them.

use std::path::Path;

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use kube::{Client, Config, config::Kubeconfig};
use serde_json::json;

use crate::certificates::write_secret;

/// Writes a kubeconfig with the one context `sandbox`.
pub(crate) fn write(path: &Path, port: u16, authority: &Path, user: &str, token: &str) -> Result<()> {
    let authority = BASE64_STANDARD.encode(std::fs::read(authority)?);
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sandbox", "cluster": {
            "server": format!("https://127.0.0.1:{port}"),
            "certificate-authority-data": authority,
        }}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": user, "namespace": "default"}}],
        "current-context": "sandbox",
    });
    write_secret(path, &serde_yaml::to_string(&config)?)
}

/// A client for the cluster of a kubeconfig file.
///
/// # Errors
///
/// When the file cannot be read or names no usable cluster.
pub async fn connect(kubeconfig: &Path) -> Result<Client> {
    // Another part of the process may have installed it already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let config = Kubeconfig::read_from(kubeconfig).with_context(|| format!("read {}", kubeconfig.display()))?;
    let config = Config::from_custom_kubeconfig(config, &Default::default()).await?;
    Ok(Client::try_from(config)?)
}
