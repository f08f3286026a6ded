//! The program as one value, which the binary and the tests start alike.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::Router;
use engine::Engine;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::connections::{self, ConnectionBounds};
use crate::state::AppState;

/// How long the way down may take: answers first, then the engine.
const GRACE: Duration = Duration::from_secs(10);
/// The answers' share of it.
const ANSWERS: Duration = Duration::from_secs(4);

/// A started program that does not yet serve.
pub struct Application {
    listener: TcpListener,
    address: SocketAddr,
    url: String,
    router: Router,
    engine: Engine,
    stopping: CancellationToken,
    setup_link: Option<SecretString>,
}

impl Application {
    /// Binds the address, starts the engine and lays out the routes.
    ///
    /// # Errors
    /// The address is taken, the assets are not built, or the engine cannot start.
    pub async fn build(config: Config) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {} (DENSHIMON_LISTEN)", config.listen))?;
        let address = listener.local_addr().context("the listener has no address")?;
        let url = config.public_url.as_ref().map_or_else(|| local_url(address), |url| url.origin().to_owned());
        let engine = Engine::start(config.engine.clone()).await?;
        let stopping = CancellationToken::new();
        let state = AppState::new(&config, engine.clone(), stopping.clone())?;
        let setup_link = first_account(&engine, &config, &url).await?;
        Ok(Self { listener, address, url, router: crate::router::routes(state), engine, stopping, setup_link })
    }

    /// Returns the address listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address for browsers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the link that makes the first account; only a first start has one.
    pub fn setup_link(&self) -> Option<&str> {
        self.setup_link.as_ref().map(ExposeSecret::expose_secret)
    }

    /// Returns the engine behind the routes.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Serves until `shutdown` resolves; then ends streams, waits for answers, and stops the engine within 10 s.
    ///
    /// # Errors
    /// The task that serves ended by itself.
    pub async fn run_until(self, shutdown: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
        let serving =
            connections::serve(self.listener, self.router, ConnectionBounds::default(), self.stopping.clone());
        let mut serving = tokio::spawn(serving);
        tokio::select! {
            () = shutdown => {}
            ended = &mut serving => return ended.context("the server ended"),
        }
        let began = Instant::now();
        self.stopping.cancel();
        if tokio::time::timeout(ANSWERS, &mut serving).await.is_err() {
            tracing::warn!("some requests were still running and were cut off");
            serving.abort();
        }
        if !self.engine.stop(GRACE.saturating_sub(began.elapsed())).await {
            tracing::warn!("background work did not end in time; the next start takes up what is left");
        }
        Ok(())
    }
}

/// Makes the first account from the password that was set, or a link for a person to make it.
async fn first_account(engine: &Engine, config: &Config, url: &str) -> anyhow::Result<Option<SecretString>> {
    if !engine.setup_needed().await? {
        return Ok(None);
    }
    if let Some(password) = config.admin_password.clone() {
        engine
            .create_first_admin(password)
            .await
            .context("cannot make the first account (DENSHIMON_ADMIN_PASSWORD)")?;
        return Ok(None);
    }
    let token = engine.create_setup_link().await?;
    Ok(Some(SecretString::from(format!("{url}/setup?token={}", token.expose_secret()))))
}

/// Nobody can open `0.0.0.0`.
fn local_url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("http://{}", SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())))
    } else {
        format!("http://{address}")
    }
}
