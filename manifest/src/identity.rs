//! Which resource a document describes.

use model::{ClusterName, InvalidName, Kind, Namespace, ResourceName, ResourceRef};
use serde_json::Value;

use crate::tree::text;

/// What a document lacks to name a resource, in words for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("The document is not a map with apiVersion, kind and metadata.")]
    NotAMap,
    /// The field is absent, empty or no text.
    #[error("The document has no {0}.")]
    Missing(&'static str),
    /// The field breaks a rule of Kubernetes.
    #[error("The document's {field} cannot be used: {reason}")]
    Invalid { field: &'static str, reason: InvalidName },
}

/// Names the resource that a document describes; a document without a namespace counts as cluster-scoped.
///
/// # Errors
/// Says which field is missing or wrong.
pub fn identity(document: &Value, cluster: &ClusterName) -> Result<ResourceRef, IdentityError> {
    let (kind, _, namespace, name) = parts(document)?;
    Ok(ResourceRef { cluster: cluster.clone(), kind, namespace, name })
}

/// Reads what names a resource: its kind, the version without the group, its namespace if it has one, and its name.
pub(crate) fn parts(document: &Value) -> Result<(Kind, &str, Option<Namespace>, ResourceName), IdentityError> {
    if !document.is_object() {
        return Err(IdentityError::NotAMap);
    }
    let api_version = required(document, &["apiVersion"], "apiVersion")?;
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let is_word = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    if !is_word(group) || !is_word(version) || version.is_empty() || group.len() > 253 {
        let reason = InvalidName("It is a version such as v1, or a group and a version such as apps/v1.".into());
        return Err(IdentityError::Invalid { field: "apiVersion", reason });
    }
    let kind = required(document, &["kind"], "kind")?;
    if !kind.chars().all(|c| c.is_ascii_alphanumeric()) || kind.len() > 63 {
        let reason = InvalidName("A kind is one word of letters and digits, such as Deployment.".into());
        return Err(IdentityError::Invalid { field: "kind", reason });
    }
    let name: ResourceName = required(document, &["metadata", "name"], "metadata.name")?
        .parse()
        .map_err(|reason| IdentityError::Invalid { field: "metadata.name", reason })?;
    let namespace = match text(document, &["metadata", "namespace"]) {
        "" => None,
        namespace => Some(
            namespace
                .parse::<Namespace>()
                .map_err(|reason| IdentityError::Invalid { field: "metadata.namespace", reason })?,
        ),
    };
    Ok((Kind::new(group, kind), version, namespace, name))
}

fn required<'a>(document: &'a Value, path: &[&str], field: &'static str) -> Result<&'a str, IdentityError> {
    match text(document, path) {
        "" => Err(IdentityError::Missing(field)),
        found => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(document: Value, expect: Result<&str, &str>) {
        let found = identity(&document, &"main".parse().unwrap());
        let found = found.map(|resource| resource.to_string()).map_err(|error| error.to_string());
        match expect {
            Ok(expect) => assert_eq!(found.unwrap(), expect),
            Err(expect) => assert!(found.as_ref().is_err_and(|error| error.contains(expect)), "{found:?}"),
        }
    }

    #[test]
    fn a_document_names_its_resource() {
        let document = |metadata: Value| json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata});
        check(document(json!({"name": "api", "namespace": "shop"})), Ok("Deployment shop/api"));
        check(document(json!({"name": "api"})), Ok("Deployment api"));
        check(document(json!({})), Err("no metadata.name"));
        check(document(json!({"name": 1})), Err("no metadata.name"));
        check(document(json!({"name": "../x"})), Err("metadata.name cannot be used"));
        check(document(json!({"name": "a", "namespace": "B"})), Err("metadata.namespace cannot be used"));
        check(json!({"apiVersion": "a/b/../c", "kind": "X", "metadata": {"name": "a"}}), Err("apiVersion cannot"));
        check(json!({"apiVersion": "v1", "kind": "a/b", "metadata": {"name": "a"}}), Err("kind cannot"));
        check(json!({"kind": "X"}), Err("no apiVersion"));
        check(json!(["x"]), Err("not a map"));
    }
}
