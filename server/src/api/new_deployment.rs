//! A new Deployment as a script describes it.

use std::collections::BTreeMap;

use model::deployment::{DeploymentForm, Resources};
use model::workload::ContainerPort;
use serde::Deserialize;

use super::failures::Failure;

/// The common fields of a new Deployment; whatever is not here can be sent as a manifest in YAML.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDeployment {
    namespace: String,
    name: String,
    image: String,
    #[serde(default = "one")]
    #[schema(default = 1)]
    replicas: u32,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    ports: Vec<ContainerPort>,
    #[serde(default)]
    resources: Resources,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    paused: bool,
}

fn one() -> u32 {
    1
}

impl TryFrom<NewDeployment> for DeploymentForm {
    type Error = Failure;

    fn try_from(new: NewDeployment) -> Result<Self, Failure> {
        Ok(Self {
            namespace: new.namespace,
            name: new.name,
            image: new.image,
            replicas: new.replicas.to_string(),
            env: lines("env", &new.env)?,
            ports: new.ports.iter().map(port_line).collect::<Vec<_>>().join("\n"),
            cpu_request: new.resources.cpu_request.unwrap_or_default(),
            cpu_limit: new.resources.cpu_limit.unwrap_or_default(),
            memory_request: new.resources.memory_request.unwrap_or_default(),
            memory_limit: new.resources.memory_limit.unwrap_or_default(),
            labels: lines("labels", &new.labels)?,
            container: String::new(),
            paused: new.paused,
            base: String::new(),
        })
    }
}

fn lines(field: &str, pairs: &BTreeMap<String, String>) -> Result<String, Failure> {
    let breaks = |text: &str| text.contains(['\n', '\r']);
    if pairs.iter().any(|(name, value)| breaks(name) || breaks(value)) {
        return Err(Failure::field(field, "A value with a line break has to be sent in a YAML manifest."));
    }
    Ok(pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n"))
}

fn port_line(port: &ContainerPort) -> String {
    let name = port.name.as_ref().map(|name| format!("{name}=")).unwrap_or_default();
    format!("{name}{}/{}", port.port, port.protocol)
}
