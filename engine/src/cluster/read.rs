//! One object as it is now, for what the watches do not keep.

use kube::api::{Api, DynamicObject, ListParams, TypeMeta};
use model::ResourceRef;
use serde_json::Value;

use super::Cluster;

impl Cluster {
    /// Reads an object without a Secret's values; `None` when it is not there, or its kind is not followed.
    ///
    /// # Errors
    /// The API server does not answer or refuses.
    pub(crate) async fn read(&self, resource: &ResourceRef) -> Result<Option<Value>, kube::Error> {
        let Some(kind) = self.state.followed().remove(&resource.kind) else { return Ok(None) };
        let api: Api<DynamicObject> = match &resource.namespace {
            Some(namespace) => Api::namespaced_with(self.client(), namespace.as_str(), &kind),
            None => Api::all_with(self.client(), &kind),
        };
        // A list of one: the right to `get` everything would be one to pods/exec and nodes/proxy, too.
        let name = escaped(resource.name.as_str());
        let list = match api.list(&ListParams::default().fields(&format!("metadata.name={name}"))).await {
            // As for a namespace in a namespace.
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(None),
            list => list?,
        };
        let Some(mut object) = list.items.into_iter().next() else { return Ok(None) };
        object.types = Some(TypeMeta { api_version: kind.api_version, kind: kind.kind });
        Ok(Some(manifest::mask(&serde_json::to_value(object).map_err(kube::Error::SerdeError)?)))
    }
}

/// Escapes what has a meaning in a field selector (`fields.EscapeValue` in apimachinery).
fn escaped(name: &str) -> String {
    let special = |character: char| matches!(character, '\\' | ',' | '=');
    name.chars().flat_map(|character| special(character).then_some('\\').into_iter().chain([character])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_only_a_name_in_a_selector() {
        assert_eq!(escaped("api"), "api");
        assert_eq!(escaped("a=b,c\\d"), "a\\=b\\,c\\\\d");
    }
}
