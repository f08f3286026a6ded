//! Asks the API server which kinds it serves that can be listed and watched.

use std::collections::{BTreeMap, BTreeSet};

use kube::Client;
use kube::core::ApiResource;
use kube::core::discovery::v2::{APIGroupDiscovery, APIResourceDiscovery};
use model::Kind;

/// What is served at one moment.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Served {
    /// Each kind's versions, the one that the server prefers first.
    pub(super) kinds: BTreeMap<Kind, Vec<ApiResource>>,
    /// Groups whose own server did not answer: nothing can be said of their kinds.
    pub(super) silent: BTreeSet<String>,
}

/// Asks for all groups, in two requests (aggregated discovery, `apidiscovery.k8s.io/v2`).
///
/// # Errors
/// The API server does not answer or refuses.
pub(super) async fn discover(client: &Client) -> Result<Served, kube::Error> {
    let (core, groups) =
        tokio::try_join!(client.list_core_api_versions_aggregated(), client.list_api_groups_aggregated())?;
    Ok(Served::read(core.items.into_iter().chain(groups.items)))
}

impl Served {
    fn read(groups: impl Iterator<Item = APIGroupDiscovery>) -> Self {
        let mut served = Self::default();
        for group in groups {
            let name = group.metadata.and_then(|metadata| metadata.name).unwrap_or_default();
            for version in group.versions {
                if version.freshness.as_deref() == Some("Stale") {
                    served.silent.insert(name.clone());
                }
                let Some(version_name) = version.version else { continue };
                for resource in version.resources {
                    served.add(&name, &version_name, resource);
                }
            }
        }
        served
    }

    fn add(&mut self, group: &str, version: &str, resource: APIResourceDiscovery) {
        let can = |verb: &str| resource.verbs.iter().any(|other| other == verb);
        let kind = resource.response_kind.and_then(|kind| kind.kind);
        let (true, Some(plural), Some(kind)) = (can("list") && can("watch"), resource.resource, kind) else { return };
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        let versions = self.kinds.entry(Kind::new(group, &kind)).or_default();
        // A second resource of the same kind and version shows the same objects again.
        if versions.iter().all(|known| known.version != version) {
            let (group, version) = (group.to_owned(), version.to_owned());
            versions.push(ApiResource { group, version, api_version, kind, plural });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn group(name: &str, versions: serde_json::Value) -> APIGroupDiscovery {
        serde_json::from_value(json!({"metadata": {"name": name}, "versions": versions})).unwrap()
    }

    #[test]
    fn what_can_be_watched_is_read_with_its_versions_in_order() {
        let resource = |plural: &str, kind: &str, verbs: &[&str]| json!({"resource": plural, "responseKind": {"kind": kind}, "verbs": verbs});
        let served = Served::read(
            [
                group(
                    "",
                    json!([{"version": "v1", "resources": [
                    resource("pods", "Pod", &["get", "list", "watch"]),
                    resource("componentstatuses", "ComponentStatus", &["get", "list"])]}]),
                ),
                group(
                    "autoscaling",
                    json!([
                    {"version": "v2", "freshness": "Current", "resources": [
                        resource("horizontalpodautoscalers", "HorizontalPodAutoscaler", &["list", "watch"])]},
                    {"version": "v1", "resources": [
                        resource("horizontalpodautoscalers", "HorizontalPodAutoscaler", &["list", "watch"])]}]),
                ),
                group("metrics.k8s.io", json!([{"version": "v1beta1", "freshness": "Stale"}])),
            ]
            .into_iter(),
        );
        let known: Vec<(String, Vec<&str>)> = served
            .kinds
            .iter()
            .map(|(kind, versions)| (kind.to_string(), versions.iter().map(|one| one.api_version.as_str()).collect()))
            .collect();
        assert_eq!(
            known,
            [
                ("Pod".to_owned(), vec!["v1"]),
                ("HorizontalPodAutoscaler".to_owned(), vec!["autoscaling/v2", "autoscaling/v1"])
            ]
        );
        assert_eq!(served.silent, BTreeSet::from(["metrics.k8s.io".to_owned()]));
    }
}
