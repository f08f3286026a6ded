//! Single changes to a manifest, and the forms of what people type into it.

use model::deployment::DeploymentEdit;
use model::workload::ContainerPort;
use serde_json::{Value, json};

use super::check::{check_image, check_label, check_quantity, check_replicas, check_value, check_variable};
use super::form::{container_mut, container_name, set};
use super::ports::{known_port, make_port};
use crate::Error;

/// Puts the changes of a `PATCH` into a manifest.
///
/// # Errors
/// Names the field that is wrong.
pub(super) fn apply(base: &Value, edit: &DeploymentEdit) -> Result<Value, Error> {
    let mut tree = base.clone();
    if let Some(replicas) = edit.replicas {
        check_replicas(replicas).map_err(|error| Error::invalid_field("replicas", error))?;
        set(&mut tree, &["spec"], "replicas", Some(replicas.into()));
    }
    if let Some(paused) = edit.paused {
        set(&mut tree, &["spec"], "paused", paused.then(|| true.into()));
    }
    for (key, value) in edit.labels.iter().flatten() {
        let text = value.as_deref().unwrap_or_default();
        check_label(key, text).map_err(|error| Error::invalid_field("labels", error))?;
        set(&mut tree, &["metadata", "labels"], key, value.clone().map(Value::from));
    }
    let wanted = edit.container.as_ref().map(|name| name.as_str());
    let touches = edit.image.is_some() || edit.env.is_some() || edit.resources.is_some() || edit.ports.is_some();
    if !touches {
        return Ok(tree);
    }
    let many =
        base.pointer("/spec/template/spec/containers").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
    if wanted.is_none() && many {
        return Err(Error::invalid_field("container", "It has several containers: name the one you mean."));
    }
    let name = container_name(&tree, wanted.unwrap_or_default())
        .ok_or_else(|| Error::invalid_field("container", "There is no such container."))?;
    let Some(container) = container_mut(&mut tree, &name) else { return Ok(tree) };
    let mut holder = Value::Object(std::mem::take(container));
    edit_container(&mut holder, edit)?;
    if let (Some(container), Value::Object(edited)) = (container_mut_unnamed(&mut tree), holder) {
        *container = edited;
    }
    Ok(tree)
}

/// Finds the container that was taken out above.
fn container_mut_unnamed(tree: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    let containers = tree.pointer_mut("/spec/template/spec/containers")?.as_array_mut()?;
    containers.iter_mut().filter_map(Value::as_object_mut).find(|container| container.is_empty())
}

fn edit_container(container: &mut Value, edit: &DeploymentEdit) -> Result<(), Error> {
    if let Some(image) = &edit.image {
        let image = check_image(image.trim()).map_err(|error| Error::invalid_field("image", error))?;
        set(container, &[], "image", Some(image.into()));
    }
    if let Some(env) = &edit.env {
        let mut list = container.get("env").and_then(Value::as_array).cloned().unwrap_or_default();
        for (name, value) in env {
            check_variable(name).map_err(|error| Error::invalid_field("env", error))?;
            check_value(value.as_deref().unwrap_or_default())
                .map_err(|error| Error::invalid_field("env", format!("{name}: {error}")))?;
            let place = list.iter().position(|one| one.get("name").and_then(Value::as_str) == Some(name));
            match (place, value) {
                (Some(place), None) => drop(list.remove(place)),
                (Some(place), Some(value)) => {
                    if let Some(one) = list.get_mut(place) {
                        *one = json!({ "name": name, "value": value });
                    }
                }
                (None, Some(value)) => list.push(json!({ "name": name, "value": value })),
                (None, None) => {}
            }
        }
        set(container, &[], "env", (!list.is_empty()).then_some(list.into()));
    }
    if let Some(ports) = &edit.ports {
        let known = container.get("ports").cloned().unwrap_or_default();
        let ports = ports.iter().map(|one| port(one).map(|port| known_port(&known, port)));
        let ports = ports.collect::<Result<Vec<Value>, String>>();
        let ports = ports.map_err(|error| Error::invalid_field("ports", error))?;
        set(container, &[], "ports", (!ports.is_empty()).then_some(ports.into()));
    }
    if let Some(resources) = &edit.resources {
        let fields = [
            ("resources.cpu_request", "requests", "cpu", &resources.cpu_request),
            ("resources.cpu_limit", "limits", "cpu", &resources.cpu_limit),
            ("resources.memory_request", "requests", "memory", &resources.memory_request),
            ("resources.memory_limit", "limits", "memory", &resources.memory_limit),
        ];
        for (field, kind, name, quantity) in fields {
            let Some(quantity) = quantity else { continue };
            if !quantity.is_empty() {
                check_quantity(quantity).map_err(|error| Error::invalid_field(field, error))?;
            }
            let value = (!quantity.is_empty()).then(|| quantity.clone().into());
            set(container, &["resources", kind], name, value);
        }
    }
    Ok(())
}

fn port(port: &ContainerPort) -> Result<Value, String> {
    make_port(port.name.as_deref(), port.port, &port.protocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_changes_what_it_names() {
        let base = json!({ "metadata": {}, "spec": { "template": { "spec": { "containers": [
            { "name": "app", "image": "a:1", "env": [{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }] },
        ] } } } });
        let edit: DeploymentEdit = serde_json::from_value(json!({
            "image": "a:2", "replicas": 5, "env": { "A": null, "C": "3" }, "labels": { "x": "y" },
        }))
        .unwrap();
        let tree = apply(&base, &edit).unwrap();
        assert_eq!(tree["spec"]["replicas"], 5);
        assert_eq!(tree["metadata"]["labels"], json!({ "x": "y" }));
        assert_eq!(
            tree["spec"]["template"]["spec"]["containers"],
            json!([
                { "name": "app", "image": "a:2", "env": [{ "name": "B", "value": "2" }, { "name": "C", "value": "3" }] },
            ])
        );
    }
}
