//! etcd, API server, controller manager, scheduler, kwok and metrics-server: their flags, their start, their end.

use std::{fmt, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result};
use kube::Client;
use serde_json::{Value, json};

use crate::{
    certificates::{Certificates, write_secret},
    components::Module,
    data_dir::DataDir,
    kubeconfig,
    ports::Ports,
    process::Process,
    sandbox::Options,
    wait::wait_for,
};

/// How long a component may take to end by itself. An API server waits long for its watches; nothing is lost by
/// killing it.
const GRACE: Duration = Duration::from_secs(5);
const READY: Duration = Duration::from_secs(90);

/// The users of the control plane, all with every right; the first is for the outside.
const USERS: [&str; 5] = ["admin", "controller-manager", "scheduler", "kwok", "metrics-server"];

pub(crate) struct ControlPlane {
    ports: Ports,
    certificates: Certificates,
    /// In the order of their start.
    processes: Vec<Process>,
    client: Option<Client>,
    api_server_arguments: Vec<String>,
    earlier: bool,
}

// A client has no form for reading.
impl fmt::Debug for ControlPlane {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ControlPlane").field("processes", &self.processes).finish_non_exhaustive()
    }
}

impl ControlPlane {
    /// Starts etcd and the API server, and waits until it answers.
    pub(crate) async fn start(data: &DataDir, ports: Ports, options: &Options) -> Result<Self> {
        let certificates = Certificates::ensure(data.join("pki"))?;
        let mut tokens = String::new();
        for user in USERS {
            let token = data.secret(&format!("token-{user}"))?;
            tokens.push_str(&format!("{token},{user},{user},system:masters\n"));
            let path = kubeconfig_path(data, user);
            kubeconfig::write(&path, ports.api_server, &certificates.path("ca.crt"), user, &token)?;
        }
        write_secret(&data.join("tokens.csv"), &tokens)?;
        let (api_server_arguments, earlier) = (options.api_server_arguments.clone(), options.earlier);
        let mut plane =
            Self { ports, certificates, processes: Vec::new(), client: None, api_server_arguments, earlier };
        plane.spawn_etcd(data)?;
        plane.start_api_server(data).await?;
        Ok(plane)
    }

    /// Starts the rest. They come up by themselves; see `cluster` for when the whole is ready.
    pub(crate) fn start_controllers(&mut self, data: &DataDir, metrics: bool) -> Result<()> {
        self.spawn_controller_manager(data)?;
        self.spawn_scheduler(data)?;
        self.spawn_kwok(data)?;
        if metrics {
            self.spawn_metrics_server(data)?;
        }
        Ok(())
    }

    pub(crate) fn client(&self) -> Result<Client> {
        self.client.clone().context("the API server was never started")
    }

    pub(crate) fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// Starts the API server and waits until it is ready.
    pub(crate) async fn start_api_server(&mut self, data: &DataDir) -> Result<()> {
        self.spawn_api_server(data)?;
        // A client of before would go on with connections that are gone.
        let client = kubeconfig::connect(&kubeconfig_path(data, "admin")).await?;
        self.client = Some(client.clone());
        wait_for("the API server is ready", READY, || async {
            for process in &self.processes {
                process.check()?;
            }
            Ok(client.request_text(get("/readyz")?).await? == "ok")
        })
        .await?;
        Ok(())
    }

    pub(crate) async fn stop_api_server(&mut self) {
        self.stop("kube-apiserver").await;
    }

    pub(crate) async fn stop_etcd(&mut self) {
        self.stop("etcd").await;
    }

    pub(crate) fn start_etcd(&mut self, data: &DataDir) -> Result<()> {
        if self.processes.iter().any(|process| process.name() == "etcd") {
            return Ok(());
        }
        self.spawn_etcd(data)
    }

    /// Goes through etcd's gRPC gateway (<https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/>).
    pub(crate) async fn compact_etcd(&self) -> Result<()> {
        let http = reqwest::Client::new();
        let ask = async |path: &str, body: Value| -> Result<Value> {
            let url = format!("http://127.0.0.1:{}/v3/kv/{path}", self.ports.etcd);
            Ok(http.post(url).json(&body).send().await?.error_for_status()?.json().await?)
        };
        // Any key will do: the answer's header says the revision. "AA==" is the byte 0.
        let answer = ask("range", json!({"key": "AA=="})).await?;
        let revision = answer.pointer("/header/revision").context("etcd's revision")?;
        ask("compaction", json!({"revision": revision, "physical": true})).await?;
        Ok(())
    }

    /// Ends all, in an order in which nobody waits for another.
    pub(crate) async fn stop_all(&mut self) {
        for name in ["metrics-server", "kwok", "kube-scheduler", "kube-controller-manager", "kube-apiserver", "etcd"] {
            self.stop(name).await;
        }
    }

    async fn stop(&mut self, name: &str) {
        if let Some(index) = self.processes.iter().position(|process| process.name() == name) {
            self.processes.remove(index).stop(GRACE).await;
        }
    }

    fn spawn(&mut self, data: &DataDir, name: &'static str, arguments: &[String]) -> Result<()> {
        let earlier = self.earlier && Module::Earlier.programs().iter().any(|program| program.name == name);
        let module = if earlier { Module::Earlier } else { Module::Kubernetes };
        let mut command = Command::new(module.program(name)?);
        clean_environment(&mut command, data);
        command.current_dir(data.path()).args(arguments);
        self.processes.push(Process::spawn(name, command, &data.log(name))?);
        Ok(())
    }

    fn spawn_etcd(&mut self, data: &DataDir) -> Result<()> {
        let client = format!("http://127.0.0.1:{}", self.ports.etcd);
        let peer = format!("http://127.0.0.1:{}", self.ports.etcd_peer);
        let mut arguments = vec![
            "--name=sandbox".to_owned(),
            format!("--data-dir={}", data.join("etcd").display()),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=sandbox={peer}"),
            "--log-level=warn".to_owned(),
        ];
        if !data.is_persistent() {
            arguments.push("--unsafe-no-fsync".to_owned());
        }
        self.spawn(data, "etcd", &arguments)
    }

    fn spawn_api_server(&mut self, data: &DataDir) -> Result<()> {
        let pki = |name: &str| self.certificates.path(name).display().to_string();
        let mut arguments = vec![
            format!("--etcd-servers=http://127.0.0.1:{}", self.ports.etcd),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", self.ports.api_server),
            // Nothing is reached by the address: no endpoints are kept. It must not be a loopback one.
            "--advertise-address=192.0.2.1".to_owned(),
            "--endpoint-reconciler-type=none".to_owned(),
            format!("--tls-cert-file={}", pki("server.crt")),
            format!("--tls-private-key-file={}", pki("server.key")),
            format!("--client-ca-file={}", pki("ca.crt")),
            format!("--token-auth-file={}", data.join("tokens.csv").display()),
            "--authorization-mode=Node,RBAC".to_owned(),
            // It would refuse pods until their namespace has its account.
            "--disable-admission-plugins=ServiceAccount".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={}", pki("service-account.pub")),
            format!("--service-account-signing-key-file={}", pki("service-account.key")),
            "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
            "--allow-privileged=true".to_owned(),
            "--profiling=false".to_owned(),
            "--kubelet-preferred-address-types=InternalIP".to_owned(),
            // So that metrics-server, asked through the API server, knows for whom.
            format!("--requestheader-client-ca-file={}", pki("front-proxy-ca.crt")),
            "--requestheader-allowed-names=front-proxy-client".to_owned(),
            "--requestheader-username-headers=X-Remote-User".to_owned(),
            "--requestheader-group-headers=X-Remote-Group".to_owned(),
            "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
            format!("--proxy-client-cert-file={}", pki("front-proxy-client.crt")),
            format!("--proxy-client-key-file={}", pki("front-proxy-client.key")),
        ];
        arguments.extend_from_slice(&self.api_server_arguments);
        self.spawn(data, "kube-apiserver", &arguments)
    }

    fn spawn_controller_manager(&mut self, data: &DataDir) -> Result<()> {
        let pki = |name: &str| self.certificates.path(name).display().to_string();
        let arguments = vec![
            kubeconfig_flag(data, "controller-manager"),
            "--leader-elect=false".to_owned(),
            "--secure-port=0".to_owned(),
            "--profiling=false".to_owned(),
            format!("--root-ca-file={}", pki("ca.crt")),
            format!("--service-account-private-key-file={}", pki("service-account.key")),
            "--kube-api-qps=300".to_owned(),
            "--kube-api-burst=600".to_owned(),
        ];
        self.spawn(data, "kube-controller-manager", &arguments)
    }

    fn spawn_scheduler(&mut self, data: &DataDir) -> Result<()> {
        let arguments = vec![
            kubeconfig_flag(data, "scheduler"),
            "--leader-elect=false".to_owned(),
            "--secure-port=0".to_owned(),
            "--profiling=false".to_owned(),
            "--kube-api-qps=300".to_owned(),
            "--kube-api-burst=600".to_owned(),
        ];
        self.spawn(data, "kube-scheduler", &arguments)
    }

    fn spawn_kwok(&mut self, data: &DataDir) -> Result<()> {
        let pods_log = data.join("pods.log");
        std::fs::write(&pods_log, include_str!("../kwok/pods.log"))?;
        let kubelet = include_str!("../kwok/kubelet.yaml")
            .replace("logsFile: LOG_FILE", &format!("logsFile: {}", serde_json::to_string(&pods_log)?));
        let stages = [
            include_str!("../kwok/nodes.yaml"),
            include_str!("../kwok/pods.yaml"),
            include_str!("../kwok/volumes.yaml"),
            &kubelet,
        ];
        std::fs::write(data.join("kwok.yaml"), stages.join("---\n"))?;
        let pki = |name: &str| self.certificates.path(name).display().to_string();
        let arguments = vec![
            kubeconfig_flag(data, "kwok"),
            format!("--config={}", data.join("kwok.yaml").display()),
            // It warns on each scrape of a node without pods.
            "-v=ERROR".to_owned(),
            "--manage-all-nodes".to_owned(),
            "--node-ip=127.0.0.1".to_owned(),
            format!("--node-port={}", self.ports.kwok),
            "--node-lease-duration-seconds=40".to_owned(),
            "--cidr=10.244.0.1/16".to_owned(),
            format!("--server-address=127.0.0.1:{}", self.ports.kwok),
            format!("--tls-cert-file={}", pki("server.crt")),
            format!("--tls-private-key-file={}", pki("server.key")),
        ];
        self.spawn(data, "kwok", &arguments)
    }

    fn spawn_metrics_server(&mut self, data: &DataDir) -> Result<()> {
        let kubeconfig = kubeconfig_path(data, "metrics-server");
        let kubeconfig = kubeconfig.display();
        let arguments = vec![
            format!("--kubeconfig={kubeconfig}"),
            format!("--authentication-kubeconfig={kubeconfig}"),
            format!("--authorization-kubeconfig={kubeconfig}"),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", self.ports.metrics_server),
            format!("--cert-dir={}", data.join("metrics-server").display()),
            "--kubelet-insecure-tls".to_owned(),
            "--kubelet-use-node-status-port".to_owned(),
            "--kubelet-preferred-address-types=InternalIP".to_owned(),
            "--metric-resolution=15s".to_owned(),
        ];
        self.spawn(data, "metrics-server", &arguments)
    }
}

/// The kubeconfig file of one of the users; the outside's is `kubeconfig`.
pub(crate) fn kubeconfig_path(data: &DataDir, user: &str) -> PathBuf {
    match user {
        "admin" => data.join("kubeconfig"),
        user => data.join(&format!("kubeconfig-{user}")),
    }
}

pub(crate) fn get(path: &str) -> Result<http::Request<Vec<u8>>> {
    Ok(http::Request::get(path).body(Vec::new())?)
}

/// Neither a proxy, nor a person's own settings of a component, shall reach it.
pub(crate) fn clean_environment(command: &mut Command, data: &DataDir) {
    command.env_clear().env("HOME", data.path());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
}

fn kubeconfig_flag(data: &DataDir, user: &str) -> String {
    format!("--kubeconfig={}", kubeconfig_path(data, user).display())
}
