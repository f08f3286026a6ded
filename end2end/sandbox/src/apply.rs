//! Applies manifests by server-side apply, so that a second time changes nothing.

use std::collections::HashMap;

use anyhow::{Context, Result};
use kube::{
    Api, Client, ResourceExt,
    api::{DynamicObject, Patch, PatchParams},
    core::GroupVersionKind,
    discovery::{ApiCapabilities, ApiResource, Scope, pinned_kind},
};
use serde::Deserialize;

/// Applies every document of `texts`, in order, as the field manager `manager`.
pub(crate) async fn apply(client: &Client, manager: &str, texts: &[&str]) -> Result<()> {
    let params = PatchParams::apply(manager).force();
    let mut kinds: HashMap<GroupVersionKind, (ApiResource, ApiCapabilities)> = HashMap::new();
    for text in texts {
        for document in serde_yaml::Deserializer::from_str(text) {
            let object = DynamicObject::deserialize(document)?;
            let name = object.name_any();
            let types = object.types.as_ref().with_context(|| format!("{name} has no kind"))?;
            let kind = GroupVersionKind::try_from(types)?;
            if !kinds.contains_key(&kind) {
                let found = pinned_kind(client, &kind).await.with_context(|| format!("look up {}", kind.kind))?;
                kinds.insert(kind.clone(), found);
            }
            let (resource, capabilities) = kinds.get(&kind).context("just inserted")?;
            let api: Api<DynamicObject> = match (capabilities.scope == Scope::Namespaced, object.namespace()) {
                (true, Some(namespace)) => Api::namespaced_with(client.clone(), &namespace, resource),
                (true, None) => Api::default_namespaced_with(client.clone(), resource),
                (false, _) => Api::all_with(client.clone(), resource),
            };
            api.patch(&name, &params, &Patch::Apply(&object))
                .await
                .with_context(|| format!("apply {} {name}", kind.kind))?;
        }
    }
    Ok(())
}
