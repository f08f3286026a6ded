//! The list: filtered, sorted and cut into pages here, from what the watches have seen.

use std::cmp::Ordering;
use std::sync::Arc;

use model::deployment::{DeploymentQuery, DeploymentRef, DeploymentSort, DeploymentSummary};
use model::health::Health;
use model::sync::RecordInfo;
use model::{Namespace, Page};

use super::MANAGER;
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
        let wanted = |target: &DeploymentRef| {
            caller.sees(Some(&target.namespace))
                && query.namespace.as_ref().is_none_or(|wanted| *wanted == target.namespace)
        };
        let rows = self.parts.cluster.inventory().deployments_with_pods(wanted);
        let mut entries: Vec<Entry> = rows.iter().map(|(row, pods)| Entry::new(row, pods)).collect();
        arrange(&mut entries, query);
        // Only what is shown is made.
        Ok(Page::cut(entries.into_iter(), query.page).map(|entry| {
            let record = self.record_of(&self.deployment_resource(&entry.row.target), entry.row.left_out);
            entry.into_summary(record)
        }))
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
    pub(crate) fn be_complete(&self) -> Result<(), Error> {
        if self.parts.cluster.inventory().is_complete() {
            return Ok(());
        }
        let reason = match self.parts.cluster.away() {
            Some((since, reason)) => format!("away since {since}: {reason}"),
            None => "its first lists are being read".into(),
        };
        Err(Error::unavailable("the cluster", reason))
    }
}

/// Keeps what the filter asks for, in the order that is asked for.
fn arrange(entries: &mut Vec<Entry<'_>>, query: &DeploymentQuery) {
    let words: Vec<String> = query.filter.split_whitespace().map(str::to_lowercase).collect();
    entries.retain(|entry| words.iter().all(|word| entry.matches(word)));
    entries.sort_by(|a, b| {
        let order = a.compare(b, query.sort);
        let order = if query.descending { order.reverse() } else { order };
        order.then_with(|| a.row.target.cmp(&b.row.target))
    });
}

/// A Deployment while the list is filtered and sorted.
pub(super) struct Entry<'a> {
    row: &'a DeploymentRow,
    health: Health,
}

impl<'a> Entry<'a> {
    pub(super) fn new(row: &'a DeploymentRow, pods: &[Arc<PodRow>]) -> Self {
        let health = health::judge_deployment(&row.deployment, pods.iter().map(|pod| &pod.summary));
        Self { row, health }
    }

    /// Makes what the list shows of it.
    pub(super) fn into_summary(self, record: RecordInfo) -> DeploymentSummary {
        let metadata = &self.row.deployment.metadata;
        let spec = self.row.deployment.spec.as_ref();
        DeploymentSummary {
            target: self.row.target.clone(),
            uid: metadata.uid.clone().unwrap_or_default(),
            desired: self.desired(),
            ready: self.ready(),
            images: self.images().map(ToOwned::to_owned).collect(),
            paused: spec.and_then(|spec| spec.paused).unwrap_or(false),
            created_at: metadata.creation_timestamp.as_ref().map(|time| time.0),
            changed_at: self.row.changed_at,
            changed_by: changed_by(self.row, &record),
            health: self.health,
            record,
        }
    }

    fn images(&self) -> impl Iterator<Item = &'a str> {
        let spec = self.row.deployment.spec.as_ref();
        let containers = spec.and_then(|spec| spec.template.spec.as_ref()).map(|pod| pod.containers.as_slice());
        containers.unwrap_or_default().iter().filter_map(|container| container.image.as_deref())
    }

    fn ready(&self) -> u32 {
        count(self.row.deployment.status.as_ref().and_then(|status| status.ready_replicas))
    }

    fn desired(&self) -> u32 {
        count(self.row.deployment.spec.as_ref().and_then(|spec| spec.replicas))
    }

    fn matches(&self, word: &str) -> bool {
        self.row.target.to_string().contains(word)
            || self.health.state.to_string().to_lowercase().contains(word)
            || self.images().any(|image| image.to_lowercase().contains(word))
    }

    fn compare(&self, other: &Self, sort: DeploymentSort) -> Ordering {
        let (mine, theirs) = (&self.row.target, &other.row.target);
        match sort {
            DeploymentSort::Name => mine.name.cmp(&theirs.name),
            DeploymentSort::Namespace => mine.namespace.cmp(&theirs.namespace),
            // Worst first.
            DeploymentSort::Health => other.health.state.cmp(&self.health.state),
            DeploymentSort::Ready => (self.ready(), self.desired()).cmp(&(other.ready(), other.desired())),
            DeploymentSort::Image => self.images().cmp(other.images()),
            // Newest first.
            DeploymentSort::Changed => other.row.changed_at.cmp(&self.row.changed_at),
        }
    }
}

fn count(number: Option<i32>) -> u32 {
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

/// Names who changed it. Who was behind a write of Denshimon's is known once its commit says so, and nobody before.
fn changed_by(row: &DeploymentRow, record: &RecordInfo) -> Option<String> {
    let recorded = record.at.zip(row.changed_at).is_some_and(|(recorded, changed)| recorded >= changed);
    match &row.changed_by {
        Some(manager) if manager == MANAGER => record.by.clone().filter(|_| recorded),
        manager => manager.clone(),
    }
}

#[cfg(test)]
mod tests;
