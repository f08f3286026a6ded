//! Free ports, kept from one start to the next.

use std::{fs, net::TcpListener, path::Path};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The ports of one sandbox, all on 127.0.0.1.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ports {
    pub(crate) etcd: u16,
    pub(crate) etcd_peer: u16,
    pub(crate) api_server: u16,
    pub(crate) kwok: u16,
    pub(crate) metrics_server: u16,
    pub(crate) gitea: u16,
}

impl Ports {
    /// The ports of the last start, and others for those that somebody else has taken since.
    pub(crate) fn choose(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join("ports.json");
        let mut ports: Self =
            fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        // All stay bound until all are chosen, else one would be chosen twice.
        let mut bound = Vec::new();
        for port in [
            &mut ports.etcd,
            &mut ports.etcd_peer,
            &mut ports.api_server,
            &mut ports.kwok,
            &mut ports.metrics_server,
            &mut ports.gitea,
        ] {
            let listener = TcpListener::bind(("127.0.0.1", *port))
                .or_else(|_| TcpListener::bind(("127.0.0.1", 0)))
                .context("find a free port")?;
            *port = listener.local_addr()?.port();
            bound.push(listener);
        }
        fs::write(&path, serde_json::to_vec(&ports)?).with_context(|| format!("write {}", path.display()))?;
        Ok(ports)
    }
}
