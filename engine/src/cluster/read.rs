//! One object as it is now, for what the watches do not keep.

use kube::api::{Api, DynamicObject};
use model::ResourceRef;
use serde_json::Value;

use super::Cluster;

impl Cluster {
    /// Reads an object without a Secret's values; `None` when it is not there, or its kind is not followed.
    ///
    /// # Errors
    /// The API server does not answer or refuses.
    pub(crate) async fn read(&self, resource: &ResourceRef) -> Result<Option<Value>, kube::Error> {
        // Other characters would mean something else in the request's address.
        let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#');
        let Some(kind) = self.state.followed().remove(&resource.kind) else { return Ok(None) };
        if !resource.name.as_str().bytes().all(fits) {
            return Ok(None);
        }
        let api: Api<DynamicObject> = match &resource.namespace {
            Some(namespace) => Api::namespaced_with(self.client(), namespace.as_str(), &kind),
            None => Api::all_with(self.client(), &kind),
        };
        let Some(object) = api.get_opt(resource.name.as_str()).await? else { return Ok(None) };
        Ok(Some(manifest::mask(&serde_json::to_value(object).map_err(kube::Error::SerdeError)?)))
    }
}
