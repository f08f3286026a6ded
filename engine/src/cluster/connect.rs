//! Makes the client from the settings.

use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use super::warnings::WarningLayer;
use crate::{ClusterAccess, ClusterConfig, StartError};

/// Makes a client; nothing is sent yet.
///
/// # Errors
/// The kubeconfig cannot be read or names no such context, or this is no pod.
pub(super) async fn connect(config: &ClusterConfig) -> Result<Client, StartError> {
    let config = match &config.access {
        ClusterAccess::Kubeconfig { path, context } => {
            let file = Kubeconfig::read_from(path).map_err(|error| {
                StartError::Cluster(format!("KUBECONFIG: cannot read {}: {error}.", path.display()))
            })?;
            let setting = if context.is_some() { "DENSHIMON_CONTEXT" } else { "KUBECONFIG" };
            let options = KubeConfigOptions { context: context.clone(), ..KubeConfigOptions::default() };
            Config::from_custom_kubeconfig(file, &options)
                .await
                .map_err(|error| StartError::Cluster(format!("{setting}: cannot use {}: {error}.", path.display())))?
        }
        ClusterAccess::InCluster => Config::incluster().map_err(|error| {
            StartError::Cluster(format!("Cannot use the pod's service account: {error}. Set KUBECONFIG instead."))
        })?,
    };
    let failed = |error: kube::Error| StartError::Cluster(format!("Cannot make a Kubernetes client: {error}."));
    Ok(ClientBuilder::try_from(config).map_err(failed)?.with_layer(&WarningLayer).build())
}
