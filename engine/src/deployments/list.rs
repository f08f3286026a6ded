//! The list: filtered, sorted and cut into pages here, from what the watches have seen.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use model::deployment::{DeploymentQuery, DeploymentRef, DeploymentSort, DeploymentSummary};
use model::{Namespace, Page};

use crate::cluster::inventory::{DeploymentRow, PodRow};
use crate::rights::{Action, check};
use crate::{Caller, Engine, Error, health};

impl Engine {
    /// Lists Deployments that the caller sees.
    ///
    /// # Errors
    /// The cluster has not been read yet since it does not answer.
    pub async fn list_deployments(
        &self,
        caller: &Caller,
        query: &DeploymentQuery,
    ) -> Result<Page<DeploymentSummary>, Error> {
        check(caller, Action::SeeResources)?;
        self.be_complete()?;
        let inventory = self.parts.cluster.inventory();
        let pods = inventory.pods_by_deployment();
        let words: Vec<String> = query.filter.split_whitespace().map(str::to_lowercase).collect();
        let mut rows: Vec<DeploymentSummary> = inventory
            .deployments()
            .iter()
            .filter(|row| visible(row, caller, query.namespace.as_ref()))
            .filter_map(|row| self.summarize(row, pods_of(&pods, row)))
            .filter(|row| words.iter().all(|word| matches(row, word)))
            .collect();
        rows.sort_by(|a, b| {
            let order = compare(query.sort, a, b);
            let order = if query.descending { order.reverse() } else { order };
            order.then_with(|| a.target.cmp(&b.target))
        });
        let mut page = Page::cut(rows.into_iter(), query.page);
        for row in &mut page.items {
            row.record = self.record_of(&self.deployment_resource(&row.target));
        }
        Ok(page)
    }

    /// Lists the namespaces that the caller sees.
    ///
    /// # Errors
    /// The caller may see nothing at all.
    pub async fn list_namespaces(&self, caller: &Caller) -> Result<Vec<Namespace>, Error> {
        check(caller, Action::SeeResources)?;
        let mut namespaces = self.parts.cluster.inventory().namespaces();
        namespaces.retain(|namespace| caller.sees(Some(namespace)));
        Ok(namespaces)
    }

    /// Refuses to say that something is not there before everything has been listed once.
    pub(super) fn be_complete(&self) -> Result<(), Error> {
        if self.parts.cluster.inventory().is_complete() {
            return Ok(());
        }
        let reason = match self.parts.cluster.away() {
            Some((since, reason)) => format!("away since {since}: {reason}"),
            None => "its first lists are being read".into(),
        };
        Err(Error::unavailable("the cluster", reason))
    }

    /// Makes a row, whose record is not known yet; `None` for one whose name or namespace is none.
    pub(super) fn summarize(&self, row: &DeploymentRow, pods: &[Arc<PodRow>]) -> Option<DeploymentSummary> {
        let deployment = &row.deployment;
        let metadata = &deployment.metadata;
        let target = target_of(row)?;
        let spec = deployment.spec.as_ref();
        let count = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        let containers = spec.and_then(|spec| spec.template.spec.as_ref()).map(|pod| pod.containers.as_slice());
        Some(DeploymentSummary {
            uid: metadata.uid.clone()?,
            health: health::judge_deployment(deployment, pods.iter().map(|pod| &pod.summary)),
            desired: count(spec.and_then(|spec| spec.replicas)),
            ready: count(deployment.status.as_ref().and_then(|status| status.ready_replicas)),
            images: containers.unwrap_or_default().iter().filter_map(|container| container.image.clone()).collect(),
            paused: spec.and_then(|spec| spec.paused).unwrap_or(false),
            created_at: metadata.creation_timestamp.as_ref().map(|time| time.0),
            changed_at: row.changed_at,
            changed_by: row.changed_by.clone(),
            record: model::sync::RecordInfo::unknown("It was not asked for."),
            target,
        })
    }
}

pub(super) fn target_of(row: &DeploymentRow) -> Option<DeploymentRef> {
    let metadata = &row.deployment.metadata;
    Some(DeploymentRef::new(metadata.namespace.as_ref()?.parse().ok()?, metadata.name.as_ref()?.parse().ok()?))
}

fn visible(row: &DeploymentRow, caller: &Caller, namespace: Option<&Namespace>) -> bool {
    target_of(row).is_some_and(|target| {
        caller.sees(Some(&target.namespace)) && namespace.is_none_or(|wanted| *wanted == target.namespace)
    })
}

fn pods_of<'a>(pods: &'a HashMap<String, Vec<Arc<PodRow>>>, row: &DeploymentRow) -> &'a [Arc<PodRow>] {
    let uid = row.deployment.metadata.uid.as_deref().unwrap_or_default();
    pods.get(uid).map(Vec::as_slice).unwrap_or_default()
}

fn matches(row: &DeploymentSummary, word: &str) -> bool {
    let health = row.health.state.to_string().to_lowercase();
    row.target.to_string().contains(word)
        || health.contains(word)
        || row.images.iter().any(|image| image.to_lowercase().contains(word))
}

fn compare(sort: DeploymentSort, a: &DeploymentSummary, b: &DeploymentSummary) -> Ordering {
    match sort {
        DeploymentSort::Name => a.target.name.cmp(&b.target.name),
        DeploymentSort::Namespace => a.target.namespace.cmp(&b.target.namespace),
        // Worst first.
        DeploymentSort::Health => b.health.state.cmp(&a.health.state),
        DeploymentSort::Ready => (a.ready, a.desired).cmp(&(b.ready, b.desired)),
        DeploymentSort::Image => a.images.cmp(&b.images),
        // Newest first.
        DeploymentSort::Changed => b.changed_at.cmp(&a.changed_at),
    }
}
