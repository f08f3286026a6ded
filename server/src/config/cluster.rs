//! Which cluster is followed. The user's current kubectl context is never taken unasked.

use engine::{ClusterAccess, ClusterConfig};

use super::ConfigError;
use super::settings::Settings;

pub(super) fn read(settings: &Settings) -> Result<ClusterConfig, ConfigError> {
    let name = settings.text("cluster_name").unwrap_or_else(|| "default".into());
    let name = settings.check("cluster_name", name.parse::<model::ClusterName>())?;
    Ok(ClusterConfig { name, access: read_access(settings)? })
}

fn read_access(settings: &Settings) -> Result<ClusterAccess, ConfigError> {
    let context = settings.text("context");
    if let Some(path) = settings.text("kubeconfig") {
        if path.contains(':') {
            return Err(settings.wrong("kubeconfig", "names one file"));
        }
        return Ok(ClusterAccess::Kubeconfig { path: path.into(), context });
    }
    let asked = match settings.text("in_cluster").as_deref() {
        Some("true") => true,
        Some("false") => false,
        None => settings.in_pod(),
        Some(_) => return Err(settings.wrong("in_cluster", "is true or false")),
    };
    if asked {
        Ok(ClusterAccess::InCluster)
    } else {
        Err(settings.missing(
            "kubeconfig",
            "no cluster is named otherwise: name a file here or with --kubeconfig, or run in a pod",
        ))
    }
}
