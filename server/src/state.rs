//! What every handler may use; cheap to clone.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRef};
use axum::http::request::Parts;
use engine::Engine;
use ipnet::IpNet;
use leptos::config::LeptosOptions;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::assets::Assets;
use crate::client_address::client_address;
use crate::config::{Config, PublicUrl};
use crate::probes::Metrics;

/// What every handler may use.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) engine: Engine,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) assets: Assets,
    /// Secrets on their way from the form that made them to the page that shows them once.
    pub(crate) reveals: app::backend::Reveals,
    pub(crate) public_url: Option<PublicUrl>,
    trusted_proxies: Arc<[IpNet]>,
    /// How many more streams may be open.
    pub(crate) streams: Arc<Semaphore>,
    /// Cancelled when the program ends: streams end with it.
    pub(crate) stopping: CancellationToken,
    leptos_options: LeptosOptions,
}

impl AppState {
    pub(crate) fn new(config: &Config, engine: Engine, stopping: CancellationToken) -> anyhow::Result<Self> {
        let metrics = Arc::new(Metrics::new(engine.sync_histograms()));
        Ok(Self {
            engine,
            metrics,
            assets: Assets::read(&config.assets_dir)?,
            reveals: app::backend::Reveals::default(),
            public_url: config.public_url.clone(),
            trusted_proxies: config.trusted_proxies.clone().into(),
            streams: Arc::new(Semaphore::new(crate::live::STREAMS)),
            stopping,
            leptos_options: LeptosOptions::builder().output_name("denshimon").build(),
        })
    }

    /// Returns the address a request comes from.
    pub(crate) fn address(&self, parts: &Parts) -> IpAddr {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |info| info.0.ip());
        client_address(peer, &parts.headers, &self.trusted_proxies)
    }

    /// Tells whether browsers come by HTTPS.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.as_ref().is_some_and(PublicUrl::is_secure)
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos_options.clone()
    }
}
