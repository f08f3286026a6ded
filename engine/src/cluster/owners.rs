//! Which managers own fields of live resources now, as the API server notes it.

use kube::api::{Api, DynamicObject, ListParams};
use kube::core::{ApiResource, ObjectMeta};
use manifest::Ignoring;
use model::{ClusterName, Kind, ResourceRef};
use serde_json::{Value, json};

use super::Cluster;

/// So many resources are asked for at once.
const PAGE: u32 = 500;

impl Cluster {
    /// Lists the resources that a rule by manager concerns, with what tells that: names, labels and managers, no values.
    ///
    /// # Errors
    /// The API server does not answer or refuses.
    pub(crate) async fn owners(
        &self,
        cluster: &ClusterName,
        rule: &Ignoring,
    ) -> Result<Vec<(ResourceRef, Value)>, kube::Error> {
        let mut owners = Vec::new();
        for (kind, resource) in self.state.followed().into_iter().filter(|(kind, _)| rule.may_fit_kind(kind)) {
            let api: Api<DynamicObject> = Api::all_with(self.client(), &resource);
            let mut page = ListParams::default().limit(PAGE);
            loop {
                let list = api.list_metadata(&page).await?;
                let named = list.items.into_iter().filter_map(|item| owned(cluster, &kind, &resource, &item.metadata));
                owners.extend(named.filter(|(_, object)| rule.concerns_managed(object)));
                page.continue_token = list.metadata.continue_.filter(|token| !token.is_empty());
                if page.continue_token.is_none() {
                    break;
                }
            }
        }
        Ok(owners)
    }
}

fn owned(
    cluster: &ClusterName,
    kind: &Kind,
    resource: &ApiResource,
    metadata: &ObjectMeta,
) -> Option<(ResourceRef, Value)> {
    let namespace = metadata.namespace.as_ref().map(|namespace| namespace.parse()).transpose().ok()?;
    let name = metadata.name.as_ref()?.parse().ok()?;
    let object = json!({
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {
            "name": metadata.name,
            "namespace": metadata.namespace,
            "labels": metadata.labels,
            "managedFields": metadata.managed_fields,
        },
    });
    Some((ResourceRef { cluster: cluster.clone(), kind: kind.clone(), namespace, name }, object))
}
