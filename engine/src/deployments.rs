//! Deployments: read from the inventory, previewed by the server's dry run, written under the caller's operation.

mod check;
mod edit;
mod events;
mod form;
mod history;
mod lines;
mod list;
mod message;
mod outcomes;
mod owned;
mod plan;
mod ports;
mod preview;
mod quick;
mod read;
mod recover;
mod refusal;
mod schema;
mod transplant;
mod values;
mod views;
mod write;
mod yaml;

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Api, ApiResource, DynamicObject};
use model::deployment::DeploymentRef;
use model::{Kind, ResourceRef};

use crate::{Engine, Error};

pub(crate) use outcomes::follow_outcomes;
pub(crate) use preview::Bases;

/// The name that Denshimon's writes carry in managed fields.
pub(crate) const MANAGER: &str = "denshimon";

/// The pod template's annotation that `kubectl rollout restart` sets, too.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

impl Engine {
    /// Objects are read and written as they are, so that no field is lost which a newer server knows.
    fn deployment_api(&self, target: &DeploymentRef) -> Api<DynamicObject> {
        let kind = ApiResource::erase::<Deployment>(&());
        Api::namespaced_with(self.parts.cluster.client(), target.namespace.as_str(), &kind)
    }

    pub(crate) fn deployment_resource(&self, target: &DeploymentRef) -> ResourceRef {
        ResourceRef {
            cluster: self.parts.config.cluster.name.clone(),
            kind: Kind::deployment(),
            namespace: Some(target.namespace.clone()),
            name: target.name.clone(),
        }
    }
}

/// Names a Deployment in sentences.
fn what(target: &DeploymentRef) -> String {
    format!("deployment {target}")
}

fn not_found(target: &DeploymentRef) -> Error {
    Error::NotFound { what: what(target) }
}
