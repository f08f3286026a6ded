//! One Deployment: its page, its YAML and its form.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, EnvVar as KubernetesEnv};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use model::ResourceName;
use model::deployment::{Condition, DeploymentDetail, DeploymentForm, DeploymentRef};
use model::workload::{ContainerPort, ContainerSummary, EnvValue, EnvVar, ReplicaSetSummary};
use serde_json::Value;

use super::list::Entry;
use super::{form, not_found, refusal, what};
use crate::cluster::inventory::ReplicaSetRow;
use crate::rights::{Action, check, check_in};
use crate::{Caller, Engine, Error};

impl Engine {
    /// Reads everything the overview shows.
    ///
    /// # Errors
    /// It is not there or may not be seen, or the cluster has not been read yet.
    pub async fn read_deployment(&self, caller: &Caller, target: &DeploymentRef) -> Result<DeploymentDetail, Error> {
        check_in(caller, Action::SeeResources, Some(&target.namespace), &what(target))?;
        self.be_complete()?;
        let inventory = self.parts.cluster.inventory();
        let row = inventory.deployment(target).ok_or_else(|| not_found(target))?;
        let uid = row.deployment.metadata.uid.clone().unwrap_or_default();
        let pods = inventory.pods_of(&uid);
        let record = self.record_of(&self.deployment_resource(target), row.left_out);
        let summary = Entry::new(&row, &pods).into_summary(record);
        let deployment = &row.deployment;
        self.remember_base(&serde_json::to_value(deployment).unwrap_or_default());
        let spec = deployment.spec.as_ref().ok_or_else(|| not_found(target))?;
        let status = deployment.status.clone().unwrap_or_default();
        let template_labels =
            spec.template.metadata.as_ref().and_then(|metadata| metadata.labels.clone()).unwrap_or_default();
        let replica_sets = inventory.replica_sets_of(&uid);
        let annotations = deployment.metadata.annotations.as_ref();
        let revision = annotations.and_then(|all| all.get("deployment.kubernetes.io/revision"));
        let revision = revision.and_then(|text| text.parse().ok()).unwrap_or(0);
        let services = inventory.services_in(&target.namespace);
        let services = services.iter().filter(|service| selects(&service.selector, &template_labels));
        let containers = spec.template.spec.as_ref().map(|pod| pod.containers.as_slice()).unwrap_or_default();
        let count = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        Ok(DeploymentDetail {
            may_change: check(caller, Action::WriteDeployments).is_ok(),
            resource_version: deployment.metadata.resource_version.clone().unwrap_or_default(),
            revision,
            updated: count(status.updated_replicas),
            available: count(status.available_replicas),
            strategy: spec.strategy.as_ref().and_then(|strategy| strategy.type_.clone()).unwrap_or_default(),
            labels: deployment.metadata.labels.clone().unwrap_or_default(),
            selector: spec.selector.match_labels.clone().unwrap_or_default(),
            containers: containers.iter().filter_map(container_summary).map(|summary| self.veil(summary)).collect(),
            replica_sets: replica_sets.iter().filter_map(|row| replica_set_summary(row, revision)).collect(),
            pods: pods.iter().map(|pod| pod.summary.clone()).collect(),
            conditions: status.conditions.unwrap_or_default().into_iter().map(condition).collect(),
            services: services.map(|service| service.name.clone()).collect(),
            summary,
        })
    }

    /// Reads the manifest as YAML, with secret values masked.
    ///
    /// # Errors
    /// It is not there or may not be seen, or the cluster does not answer.
    pub async fn read_deployment_yaml(&self, caller: &Caller, target: &DeploymentRef) -> Result<String, Error> {
        check_in(caller, Action::SeeResources, Some(&target.namespace), &what(target))?;
        let live = self.live_deployment(target).await?;
        self.remember_base(&live);
        let tree = manifest::mask(manifest::sanitize(&live).tree());
        // Whoever may change it has to see what is changed.
        let may_change = check(caller, Action::WriteDeployments).is_ok();
        let resource = self.deployment_resource(target);
        Ok(manifest::render_tree(&if may_change { tree } else { self.covered(&resource, tree) }))
    }

    /// Reads the fields of the form and the version they are of.
    ///
    /// # Errors
    /// It is not there or may not be seen, or the cluster does not answer.
    pub async fn read_deployment_form(
        &self,
        caller: &Caller,
        target: &DeploymentRef,
    ) -> Result<(DeploymentForm, String), Error> {
        check_in(caller, Action::SeeResources, Some(&target.namespace), &what(target))?;
        let live = self.live_deployment(target).await?;
        self.remember_base(&live);
        let version = live.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap_or_default();
        let tree = manifest::sanitize(&live).into_tree();
        let may_change = check(caller, Action::WriteDeployments).is_ok();
        let tree = if may_change { tree } else { self.covered(&self.deployment_resource(target), tree) };
        Ok((form::read_form(&tree), version.to_owned()))
    }

    /// Asks the API server for the whole object, managed fields included.
    pub(super) async fn live_deployment(&self, target: &DeploymentRef) -> Result<Value, Error> {
        // A name that no Deployment can have may mean something else in an address.
        if ResourceName::subdomain(target.name.as_str()).is_err() {
            return Err(not_found(target));
        }
        self.get_live(target).await.map_err(|error| refusal::read_error(error, target))
    }

    pub(super) async fn get_live(&self, target: &DeploymentRef) -> Result<Value, kube::Error> {
        let live = self.deployment_api(target).get(target.name.as_str()).await?;
        let live = serde_json::to_value(live).map_err(kube::Error::SerdeError)?;
        Ok(with_types(live).unwrap_or_default())
    }
}

/// Typed objects come without their kind.
pub(super) fn with_types(mut object: Value) -> Result<Value, Error> {
    let fields = object.as_object_mut().ok_or_else(|| Error::internal("reading a deployment", "it is no object"))?;
    fields.insert("apiVersion".into(), "apps/v1".into());
    fields.insert("kind".into(), "Deployment".into());
    Ok(object)
}

fn selects(selector: &BTreeMap<String, String>, labels: &BTreeMap<String, String>) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

fn replica_set_summary(row: &std::sync::Arc<ReplicaSetRow>, current: u64) -> Option<ReplicaSetSummary> {
    Some(ReplicaSetSummary {
        name: row.name.parse().ok()?,
        revision: row.revision,
        images: row.images.clone(),
        desired: row.desired,
        ready: row.ready,
        current: row.revision == current,
        created_at: row.created_at,
    })
}

fn condition(condition: k8s_openapi::api::apps::v1::DeploymentCondition) -> Condition {
    Condition {
        name: condition.type_,
        status: condition.status,
        reason: condition.reason.unwrap_or_default(),
        message: condition.message.unwrap_or_default(),
        changed_at: condition.last_transition_time.map(|time| time.0),
    }
}

fn container_summary(container: &Container) -> Option<ContainerSummary> {
    let resources = container.resources.as_ref();
    let quantity = |list: Option<&BTreeMap<String, Quantity>>, name: &str| Some(list?.get(name)?.0.clone());
    let requests = resources.and_then(|resources| resources.requests.as_ref());
    let limits = resources.and_then(|resources| resources.limits.as_ref());
    let ports = container.ports.as_deref().unwrap_or_default().iter();
    Some(ContainerSummary {
        name: container.name.parse().ok()?,
        image: container.image.clone().unwrap_or_default(),
        cpu_request: quantity(requests, "cpu"),
        cpu_limit: quantity(limits, "cpu"),
        memory_request: quantity(requests, "memory"),
        memory_limit: quantity(limits, "memory"),
        ports: ports
            .filter_map(|port| {
                Some(ContainerPort {
                    name: port.name.clone(),
                    port: u16::try_from(port.container_port).ok()?,
                    protocol: port.protocol.clone().unwrap_or_else(|| "TCP".into()),
                })
            })
            .collect(),
        env: container.env.as_deref().unwrap_or_default().iter().map(env).collect(),
    })
}

fn env(variable: &KubernetesEnv) -> EnvVar {
    let value = match &variable.value_from {
        None => EnvValue::Plain(variable.value.clone().unwrap_or_default()),
        Some(source) => {
            let words = if let Some(secret) = &source.secret_key_ref {
                format!("secret {}, key {}", secret.name, secret.key)
            } else if let Some(map) = &source.config_map_key_ref {
                format!("config map {}, key {}", map.name, map.key)
            } else if let Some(field) = &source.field_ref {
                format!("field {}", field.field_path)
            } else if let Some(resource) = &source.resource_field_ref {
                format!("resource {}", resource.resource)
            } else {
                "another source".into()
            };
            EnvValue::From(words)
        }
    };
    EnvVar { name: variable.name.clone(), value }
}
