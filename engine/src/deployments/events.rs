//! What Kubernetes says about a Deployment, its ReplicaSets and its pods.

use std::collections::HashSet;

use k8s_openapi::api::core::v1::Event;
use kube::api::{Api, ListParams};
use model::deployment::DeploymentRef;
use model::event::EventSummary;

use super::{not_found, refusal, what};
use crate::rights::{Action, check_in};
use crate::{Caller, Engine, Error};

/// Events of a namespace that are read at a time, and how often: the server keeps them in no useful order.
const PAGE: u32 = 500;
const PAGES: usize = 20;
/// Events that are shown.
const SHOWN: usize = 200;

impl Engine {
    /// Lists the events of a Deployment and of what belongs to it, newest first, at most 200.
    ///
    /// # Errors
    /// It is not there or may not be seen, or the cluster does not answer.
    pub async fn list_deployment_events(
        &self,
        caller: &Caller,
        target: &DeploymentRef,
    ) -> Result<Vec<EventSummary>, Error> {
        check_in(caller, Action::SeeResources, Some(&target.namespace), &what(target))?;
        self.be_complete()?;
        let inventory = self.parts.cluster.inventory();
        let row = inventory.deployment(target).ok_or_else(|| not_found(target))?;
        let uid = row.deployment.metadata.uid.clone().unwrap_or_default();
        let mut uids: HashSet<String> = inventory.pods_of(&uid).iter().map(|pod| pod.summary.uid.clone()).collect();
        uids.extend(inventory.replica_sets_of(&uid).iter().map(|row| row.uid.clone()));
        uids.insert(uid);
        let api: Api<Event> = Api::namespaced(self.parts.cluster.client(), target.namespace.as_str());
        let concerns = |event: &Event| event.involved_object.uid.as_ref().is_some_and(|uid| uids.contains(uid));
        let mut events: Vec<EventSummary> = Vec::new();
        let mut parameters = ListParams::default().limit(PAGE);
        for _ in 0..PAGES {
            let page = api.list(&parameters).await.map_err(|error| refusal::read_error(error, target))?;
            events.extend(page.items.into_iter().filter(concerns).map(summarize));
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => parameters = parameters.continue_token(&token),
                None => break,
            }
        }
        events.sort_by_key(|event| std::cmp::Reverse(event.last_seen));
        events.truncate(SHOWN);
        Ok(events)
    }
}

fn summarize(event: Event) -> EventSummary {
    let series = event.series.as_ref();
    let times = [
        series.and_then(|series| series.last_observed_time.as_ref()).map(|time| time.0),
        event.last_timestamp.as_ref().map(|time| time.0),
        event.event_time.as_ref().map(|time| time.0),
        event.metadata.creation_timestamp.as_ref().map(|time| time.0),
    ];
    let count = series.and_then(|series| series.count).or(event.count).unwrap_or(1);
    let object = event.involved_object;
    EventSummary {
        warning: event.type_.as_deref() == Some("Warning"),
        reason: event.reason.unwrap_or_default(),
        message: event.message.unwrap_or_default(),
        object: format!("{} {}", object.kind.unwrap_or_default(), object.name.unwrap_or_default()),
        count: u32::try_from(count).unwrap_or(1),
        last_seen: times.into_iter().flatten().next(),
    }
}
