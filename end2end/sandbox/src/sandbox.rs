//! One control plane, and a Gitea beside it when asked for.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result};
use kube::Client;

use crate::{
    cluster,
    components::{self, Module},
    control_plane::{ControlPlane, kubeconfig_path},
    data_dir::DataDir,
    gitea::{Gitea, GiteaServer},
    ports::Ports,
    process::tail,
    progress::say,
};

/// What a sandbox shall have.
#[derive(Clone, Debug)]
pub struct Options {
    /// A Gitea beside the cluster.
    pub gitea: bool,
    /// metrics-server; the first figures come half a minute after the start.
    pub metrics: bool,
    /// How many nodes, each with room for 4,000 pods.
    pub nodes: u32,
    /// Where the data are kept from one start to the next; `None` is a temporary folder.
    pub data_dir: Option<PathBuf>,
    /// What the API server is started with beside the usual.
    pub api_server_arguments: Vec<String>,
    /// A control plane of three minor versions before.
    pub earlier: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            gitea: false,
            metrics: false,
            nodes: 3,
            data_dir: None,
            api_server_arguments: Vec::new(),
            earlier: false,
        }
    }
}

/// A running control plane. Its components end when it is stopped or dropped, and when this process ends, however it
/// ends.
#[derive(Debug)]
pub struct Sandbox {
    // Dropped in this order: the components before the folder they write to.
    gitea: Option<GiteaServer>,
    plane: ControlPlane,
    data: DataDir,
    kubeconfig: PathBuf,
}

impl Sandbox {
    /// Builds the components if they are missing, starts them and waits until pods can run and repositories be made.
    ///
    /// # Errors
    ///
    /// When a component cannot be built, or does not come up: with the end of its log.
    pub async fn start(options: Options) -> Result<Self> {
        let mut modules = vec![Module::Kubernetes];
        modules.extend(options.gitea.then_some(Module::Gitea));
        modules.extend(options.earlier.then_some(Module::Earlier));
        components::ensure(&modules).await?;
        let data = DataDir::open(options.data_dir.clone())?;
        Self::start_in(data, &options).await
    }

    /// Starts on a folder that is held already, with components that are built.
    pub(crate) async fn start_in(data: DataDir, options: &Options) -> Result<Self> {
        data.rotate_logs()?;
        match Self::start_on(&data, options).await {
            Ok(parts) => Ok(Self::of(parts, data)),
            // Another process took a port between its choice and its use.
            Err(error) if address_was_taken(&data) => {
                say(&format!("{error:#}; trying other ports"));
                data.rotate_logs()?;
                let parts = Self::start_on(&data, options).await?;
                Ok(Self::of(parts, data))
            }
            Err(error) => Err(error),
        }
    }

    /// A kubeconfig file with every right, context `sandbox`.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The folder with data and logs.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// Gitea, where it was asked for.
    #[must_use]
    pub fn gitea(&self) -> Option<&Gitea> {
        self.gitea.as_ref().map(GiteaServer::gitea)
    }

    /// A client with every right.
    ///
    /// # Errors
    ///
    /// Never while the API server has been started once, which [`Sandbox::start`] does.
    pub fn client(&self) -> Result<Client> {
        self.plane.client()
    }

    /// Stops the API server and starts it again on the same port.
    ///
    /// # Errors
    ///
    /// When it does not come up again.
    pub async fn restart_api_server(&mut self) -> Result<()> {
        self.stop_api_server().await?;
        self.start_api_server().await
    }

    /// Stops the API server; the other components go on trying to reach it.
    ///
    /// # Errors
    ///
    /// None today.
    pub async fn stop_api_server(&mut self) -> Result<()> {
        self.plane.stop_api_server().await;
        Ok(())
    }

    /// Starts the API server, where it is stopped, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// When it does not come up.
    pub async fn start_api_server(&mut self) -> Result<()> {
        if self.plane.processes().iter().any(|process| process.name() == "kube-apiserver") {
            return Ok(());
        }
        self.plane.start_api_server(&self.data).await
    }

    /// Stops etcd; the API server goes on without being able to read or to write.
    pub async fn stop_etcd(&mut self) {
        self.plane.stop_etcd().await;
    }

    /// Starts etcd again on its data, where it is stopped.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start_etcd(&mut self) -> Result<()> {
        self.plane.start_etcd(&self.data)
    }

    /// Has etcd forget all but the newest version of everything; an API server that is started after that knows
    /// nothing older and answers 410 to who asks for it.
    ///
    /// # Errors
    ///
    /// When etcd does not answer.
    pub async fn compact_etcd(&self) -> Result<()> {
        self.plane.compact_etcd().await
    }

    /// Waits until a component ends by itself, and returns its name.
    pub async fn wait_for_death(&self) -> &'static str {
        loop {
            let processes = self.plane.processes().iter().chain(self.gitea.as_ref().map(GiteaServer::process));
            if let Some(dead) = processes.into_iter().find(|process| !process.is_running()) {
                return dead.name();
            }
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        }
    }

    /// Ends all components in order, and removes a temporary folder.
    ///
    /// # Errors
    ///
    /// None today.
    pub async fn stop(mut self) -> Result<()> {
        let gitea = self.gitea.take();
        let stop_gitea = async {
            if let Some(gitea) = gitea {
                gitea.stop().await;
            }
        };
        tokio::join!(stop_gitea, self.plane.stop_all());
        Ok(())
    }

    async fn start_on(data: &DataDir, options: &Options) -> Result<(ControlPlane, Option<GiteaServer>)> {
        let started = Instant::now();
        let ports = Ports::choose(data.path())?;
        let cluster = async {
            let mut plane =
                ControlPlane::start(data, ports.clone(), options).await.context("start the control plane")?;
            plane.start_controllers(data, options.metrics)?;
            let client = plane.client()?;
            cluster::furnish(&client, options.nodes, options.metrics.then_some(&ports)).await?;
            cluster::wait_until_ready(&plane, &client, options.nodes).await?;
            say(&format!("the cluster is ready after {:.1} s", started.elapsed().as_secs_f64()));
            Ok(plane)
        };
        let gitea = async {
            if !options.gitea {
                return Ok(None);
            }
            let gitea = GiteaServer::start(data, ports.gitea).await.context("start Gitea")?;
            say(&format!("Gitea is ready after {:.1} s", started.elapsed().as_secs_f64()));
            Ok::<_, anyhow::Error>(Some(gitea))
        };
        tokio::try_join!(cluster, gitea)
    }

    fn of((plane, gitea): (ControlPlane, Option<GiteaServer>), data: DataDir) -> Self {
        let kubeconfig = kubeconfig_path(&data, "admin");
        Self { gitea, plane, data, kubeconfig }
    }
}

fn address_was_taken(data: &DataDir) -> bool {
    ["etcd", "kube-apiserver", "kwok", "metrics-server", "gitea"]
        .iter()
        .any(|component| tail(&data.log(component)).contains("address already in use"))
}
