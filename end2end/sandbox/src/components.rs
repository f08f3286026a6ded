//! The programs of the control plane, Gitea and sops: which ones, from which Go modules, and where they lie when built.

mod build;
mod toolchain;

use std::path::PathBuf;

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::cache::cache_dir;

pub use build::build;
pub(crate) use build::ensure;

/// A Go module that pins programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    Kubernetes,
    /// What of Kubernetes makes up a control plane, three minor versions earlier.
    Earlier,
    Gitea,
    Sops,
}

/// One program of a module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    package: &'static str,
    /// How long it takes on two cores, after those before it; only for telling how long is left.
    estimate_seconds: u64,
}

const API_SERVER: Program =
    Program { name: "kube-apiserver", package: "k8s.io/kubernetes/cmd/kube-apiserver", estimate_seconds: 350 };
const CONTROLLER_MANAGER: Program = Program {
    name: "kube-controller-manager",
    package: "k8s.io/kubernetes/cmd/kube-controller-manager",
    estimate_seconds: 100,
};
const SCHEDULER: Program =
    Program { name: "kube-scheduler", package: "k8s.io/kubernetes/cmd/kube-scheduler", estimate_seconds: 10 };

impl Module {
    /// What is built ahead of all tests.
    pub(crate) const ALL: [Self; 3] = [Self::Kubernetes, Self::Gitea, Self::Sops];

    fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Earlier => "earlier",
            Self::Gitea => "gitea",
            Self::Sops => "sops",
        }
    }

    fn go_mod(self) -> &'static str {
        match self {
            Self::Kubernetes => include_str!("../components/go.mod"),
            Self::Earlier => include_str!("../components/earlier/go.mod"),
            Self::Gitea => include_str!("../components/gitea/go.mod"),
            Self::Sops => include_str!("../components/sops/go.mod"),
        }
    }

    fn go_sum(self) -> &'static str {
        match self {
            Self::Kubernetes => include_str!("../components/go.sum"),
            Self::Earlier => include_str!("../components/earlier/go.sum"),
            Self::Gitea => include_str!("../components/gitea/go.sum"),
            Self::Sops => include_str!("../components/sops/go.sum"),
        }
    }

    pub(crate) fn programs(self) -> &'static [Program] {
        match self {
            Self::Kubernetes => &[
                Program { name: "etcd", package: "go.etcd.io/etcd/server/v3", estimate_seconds: 100 },
                API_SERVER,
                CONTROLLER_MANAGER,
                SCHEDULER,
                Program { name: "kubectl", package: "k8s.io/kubernetes/cmd/kubectl", estimate_seconds: 40 },
                Program { name: "kwok", package: "sigs.k8s.io/kwok/cmd/kwok", estimate_seconds: 20 },
                Program {
                    name: "metrics-server",
                    package: "sigs.k8s.io/metrics-server/cmd/metrics-server",
                    estimate_seconds: 12,
                },
            ],
            Self::Earlier => &[API_SERVER, CONTROLLER_MANAGER, SCHEDULER],
            Self::Gitea => &[Program { name: "gitea", package: "code.gitea.io/gitea", estimate_seconds: 365 }],
            Self::Sops => {
                &[Program { name: "sops", package: "github.com/getsops/sops/v3/cmd/sops", estimate_seconds: 90 }]
            }
        }
    }

    /// What `go build` is told beside the package.
    fn flags(self) -> Vec<String> {
        let mut flags: Vec<String> = ["-mod=readonly", "-buildvcs=false", "-trimpath"].map(str::to_owned).into();
        let mut linker = "-s -w".to_owned();
        match self {
            Self::Kubernetes => {
                linker.push_str(&kubernetes_version("36", "v1.36.3", "2026-07-22T18:07:38Z"));
                linker.push_str(" -X sigs.k8s.io/kwok/pkg/consts.Version=v0.8.0");
            }
            Self::Earlier => linker.push_str(&kubernetes_version("33", "v1.33.13", "2026-06-11T16:59:07Z")),
            Self::Gitea => {
                flags.extend(["-tags".to_owned(), "sqlite sqlite_unlock_notify".to_owned()]);
                linker.push_str(" -X main.Version=1.26.0");
            }
            // Its version stands in its source.
            Self::Sops => {}
        }
        flags.extend(["-ldflags".to_owned(), linker]);
        flags
    }

    /// Gitea's sqlite is C.
    fn cgo_enabled(self) -> &'static str {
        match self {
            Self::Kubernetes | Self::Earlier | Self::Sops => "0",
            Self::Gitea => "1",
        }
    }

    /// Names what is built: another version or flag gives another key.
    fn key(self) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(text.as_bytes());
            hash.update([0]);
        };
        add(self.go_mod());
        add(self.go_sum());
        add(self.cgo_enabled());
        self.flags().iter().for_each(|flag| add(flag));
        self.programs().iter().for_each(|program| add(program.package));
        let digest = hash.finalize();
        let digits: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{digits}", self.name())
    }

    /// The folder of the built programs, whether it is there or not.
    pub(crate) fn dir(self) -> Result<PathBuf> {
        Ok(components_dir()?.join(self.key()))
    }

    pub(crate) fn program(self, name: &str) -> Result<PathBuf> {
        Ok(self.dir()?.join(name))
    }
}

/// Tells the linker what Kubernetes calls itself; without it, clients see the version v0.0.0.
fn kubernetes_version(minor: &str, version: &str, date: &str) -> String {
    let values = [
        ("gitVersion", version),
        ("gitMajor", "1"),
        ("gitMinor", minor),
        ("gitTreeState", "clean"),
        ("buildDate", date),
    ];
    let packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
    let flags = packages
        .iter()
        .flat_map(|package| values.iter().map(move |(name, value)| format!(" -X {package}.{name}={value}")));
    flags.collect()
}

/// Where kubectl lies once the components are built (by `sandbox build`, or by the first start).
#[must_use]
pub fn kubectl_path() -> PathBuf {
    // Without a home folder nothing can be built either: the machine's own, if any.
    Module::Kubernetes.program("kubectl").unwrap_or_else(|_| PathBuf::from("kubectl"))
}

/// Builds sops if it is not there yet, and returns where it lies.
///
/// # Errors
///
/// When it cannot be built.
pub async fn ensure_sops() -> Result<PathBuf> {
    ensure(&[Module::Sops]).await?;
    Module::Sops.program("sops")
}

fn components_dir() -> Result<PathBuf> {
    Ok(cache_dir()?.join("components"))
}
