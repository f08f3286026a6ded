//! The manifest of one Deployment as people paste it.

use model::deployment::DeploymentRef;
use serde_json::{Map, Value};

use super::check::check_value;
use crate::Error;

/// The longest text; Kubernetes takes no larger objects.
const LONGEST_BYTES: usize = 1024 * 1024;

/// What only the server can say, and what comes along from `kubectl get -o yaml`.
const SERVER_OWNED: [&str; 9] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
    "ownerReferences",
];
const SERVER_ANNOTATIONS: [&str; 2] =
    ["deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"];

/// Reads one document and says where it is wrong.
///
/// # Errors
/// Names line and column, or the field, that is wrong.
pub(super) fn parse(text: &str) -> Result<(DeploymentRef, Value), Error> {
    let tree = document(text)?;
    Ok((identity(&tree)?, tree))
}

/// Reads one document that may still lack its name, without what only the server can say.
///
/// # Errors
/// As [`parse`].
pub(super) fn document(text: &str) -> Result<Value, Error> {
    if text.len() > LONGEST_BYTES {
        return Err(wrong("The text is longer than 1 MiB, more than Kubernetes takes."));
    }
    let documents = manifest::parse(text)
        .map_err(|error| wrong(format!("Line {}, column {}: {}", error.line, error.column, error.message)))?;
    let mut documents = documents.into_iter();
    let mut tree = match (documents.next(), documents.next()) {
        (Some(document), None) => document.tree,
        (None, _) => return Err(wrong("There is no document: paste the manifest of a Deployment.")),
        (Some(_), Some(second)) => {
            return Err(wrong(format!("Line {}: a second document begins; one at a time.", second.line)));
        }
    };
    check_kind(&tree)?;
    leave_out(&mut tree);
    check_values(&tree, "")?;
    Ok(tree)
}

/// Names the Deployment that a document describes.
///
/// # Errors
/// Names the field that is wrong.
pub(super) fn identity(tree: &Value) -> Result<DeploymentRef, Error> {
    let text = |pointer: &str| tree.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let namespace = text("/metadata/namespace").parse();
    let namespace = namespace.map_err(|error| wrong(format!("metadata.namespace: {error}")))?;
    let name = model::ResourceName::subdomain(text("/metadata/name"));
    let name = name.map_err(|error| wrong(format!("metadata.name: {error}")))?;
    if !tree.get("spec").is_some_and(Value::is_object) {
        return Err(wrong("spec: it holds fields, such as replicas and template."));
    }
    Ok(DeploymentRef::new(namespace, name))
}

fn check_kind(tree: &Value) -> Result<(), Error> {
    if !tree.is_object() {
        return Err(wrong("This is no manifest: it begins with apiVersion: apps/v1."));
    }
    let text = |pointer: &str| tree.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    if (text("/apiVersion"), text("/kind")) != ("apps/v1", "Deployment") {
        let (version, kind) = (short(text("/apiVersion")), short(text("/kind")));
        return Err(wrong(format!(
            "This is apiVersion: {version:?}, kind: {kind:?}; here belongs apiVersion: apps/v1, kind: Deployment."
        )));
    }
    Ok(())
}

/// Looks at every text; `path` is the place of the tree.
fn check_values(tree: &Value, path: &str) -> Result<(), Error> {
    match tree {
        Value::String(text) => check_value(text).map_err(|error| wrong(format!("{path}: {error}"))),
        Value::Object(map) => map.iter().try_for_each(|(field, value)| {
            let path = if path.is_empty() { field.clone() } else { format!("{path}.{field}") };
            check_values(value, &path)
        }),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            let name = item.get("name").and_then(Value::as_str).map_or_else(|| index.to_string(), short);
            check_values(item, &format!("{path}[{name}]"))
        }),
        _ => Ok(()),
    }
}

fn leave_out(tree: &mut Value) {
    let Some(root) = tree.as_object_mut() else { return };
    root.remove("status");
    let Some(metadata) = root.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    metadata.retain(|field, _| !SERVER_OWNED.contains(&field.as_str()));
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.retain(|name, _| !SERVER_ANNOTATIONS.contains(&name.as_str()));
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    // Some clients write it into each template.
    let template = root.get_mut("spec").and_then(|spec| spec.get_mut("template")?.get_mut("metadata"));
    if let Some(template) = template.and_then(Value::as_object_mut) {
        template.retain(|field, value| !(field == "creationTimestamp" && value.is_null()));
    }
    drop_empty(metadata_of(tree));
}

fn metadata_of(tree: &mut Value) -> Option<&mut Map<String, Value>> {
    tree.get_mut("metadata")?.as_object_mut()
}

fn drop_empty(metadata: Option<&mut Map<String, Value>>) {
    if let Some(metadata) = metadata {
        metadata.retain(|field, value| !(matches!(field.as_str(), "labels" | "annotations") && value.is_null()));
    }
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

fn wrong(message: impl Into<String>) -> Error {
    Error::invalid_field("yaml", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        match parse(text) {
            Err(Error::Invalid { fields, .. }) => {
                assert_eq!(fields.iter().map(|field| field.field.as_str()).collect::<Vec<_>>(), ["yaml"]);
                assert!(fields.iter().all(|field| field.message.contains(expect)), "{fields:?}");
            }
            other => panic!("{text:?}: {other:?}"),
        }
    }

    fn document(metadata: &str) -> String {
        format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {metadata}\nspec: {{}}\n")
    }

    #[test]
    fn a_wrong_document_is_named_with_its_place() {
        check("", "There is no document");
        check("a: [1\nb: 2\n", "Line 2, column");
        check("a: 1\na: 2\n", "Line 2, column 1");
        check("- 1\n", "This is no manifest");
        check("apiVersion: v1\nkind: Pod\n", "here belongs apiVersion: apps/v1");
        check(&document("{name: api}"), "metadata.namespace");
        check(&document("{name: A_B, namespace: shop}"), "metadata.name");
        check("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: b}\n", "spec");
        check(&format!("{}---\na: 1\n", document("{name: a, namespace: b}")), "a second document");
        check(&format!("a: {}", "x".repeat(10 * 1024 * 1024)), "longer than 1 MiB");
    }

    #[test]
    fn what_stands_for_a_value_is_named_with_its_place() {
        let of = |env: &str| {
            let containers = format!("{{containers: [{{name: app, env: [{{name: DB_PASSWORD, value: '{env}'}}]}}]}}");
            let spec = format!("spec: {{template: {{spec: {containers}}}}}");
            document("{name: a, namespace: b}").replace("spec: {}", &spec)
        };
        assert!(parse(&of("hunter2")).is_ok());
        let place = "spec.template.spec.containers[app].env[DB_PASSWORD].value: this stands for a value";
        check(&of(&manifest::not_recorded("79ca9109df1aa375")), place);
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let below = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        check(&bomb, "Line ");
    }

    #[test]
    fn what_kubectl_prints_can_be_pasted() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\n  namespace: shop\n  uid: u\n  \
            resourceVersion: '7'\n  annotations: {deployment.kubernetes.io/revision: '1'}\n  labels: {a: b}\n\
            spec:\n  template:\n    metadata: {creationTimestamp: null}\nstatus: {replicas: 1}\n";
        let (target, tree) = parse(text).unwrap();
        assert_eq!(target.to_string(), "shop/api");
        let expected = serde_json::json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": "api", "namespace": "shop", "labels": { "a": "b" } },
            "spec": { "template": { "metadata": {} } },
        });
        assert_eq!(tree, expected);
    }
}
