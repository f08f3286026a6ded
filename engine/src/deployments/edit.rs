//! Single changes to a manifest, and the forms of what people type into it.

use model::deployment::DeploymentEdit;
use model::workload::ContainerPort;
use serde_json::{Value, json};

use super::form::{container_mut, container_name, set};
use crate::Error;

/// Puts the changes of a `PATCH` into a manifest.
///
/// # Errors
/// Names the field that is wrong.
pub(super) fn apply(base: &Value, edit: &DeploymentEdit) -> Result<Value, Error> {
    let mut tree = base.clone();
    if let Some(replicas) = edit.replicas {
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
        let ports: Vec<Value> = ports.iter().map(port).collect();
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

fn port(port: &ContainerPort) -> Value {
    let mut tree = json!({ "containerPort": port.port, "protocol": port.protocol });
    if let Some(name) = &port.name {
        set(&mut tree, &[], "name", Some(name.clone().into()));
    }
    tree
}

/// Checks an image reference by the grammar of `distribution/reference`: `[host[:port]/]path[:tag][@digest]`.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn check_image(text: &str) -> Result<&str, String> {
    let shape = "An image is written like registry.example/shop/api:1.4.2, in lower case and without spaces.";
    if text.is_empty() {
        return Err("An image is needed, such as registry.example/shop/api:1.4.2.".into());
    }
    if text.len() > 500 {
        return Err("An image's name has at most 500 characters.".into());
    }
    let (rest, digest) = text.split_once('@').map_or((text, None), |(rest, digest)| (rest, Some(digest)));
    if let Some(digest) = digest {
        let (algorithm, hexadecimal) = digest.split_once(':').unwrap_or_default();
        let good =
            !algorithm.is_empty() && hexadecimal.len() >= 32 && hexadecimal.bytes().all(|b| b.is_ascii_hexdigit());
        if !good {
            return Err("After @ comes a digest, such as sha256: and 64 hexadecimal digits.".into());
        }
    }
    let (path, tag) = match rest.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (rest, None),
    };
    if let Some(tag) = tag {
        let good = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if tag.is_empty() || tag.len() > 128 || tag.starts_with(['.', '-']) || !tag.chars().all(good) {
            return Err("A tag has 1 to 128 letters, digits, _ . or -, and begins with no . or -.".into());
        }
    }
    let parts: Vec<&str> = path.split('/').collect();
    let is_host = |part: &str| part.contains(['.', ':']) || part == "localhost";
    let names = match parts.split_first() {
        Some((first, rest)) if !rest.is_empty() && is_host(first) => {
            let good = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
            if !first.chars().all(good) {
                return Err(shape.into());
            }
            rest
        }
        _ => parts.as_slice(),
    };
    let good_name = |name: &&str| {
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        ends(name.chars().next()) && ends(name.chars().last()) && name.chars().all(plain)
    };
    if names.iter().all(good_name) { Ok(text) } else { Err(shape.into()) }
}

/// Checks a Kubernetes quantity: a decimal number with a suffix such as `m`, `k`, `Mi` or `e3`.
///
/// # Errors
/// Says how one is written.
pub(super) fn check_quantity(text: &str) -> Result<(), String> {
    const SUFFIXES: [&str; 15] = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi"];
    let digits = text.trim_start_matches('+');
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    let (number, suffix) = digits.split_at(end);
    let exponent = suffix.strip_prefix(['e', 'E']).filter(|text| text.parse::<i8>().is_ok());
    let known = SUFFIXES.contains(&suffix) || suffix == "Ei" || exponent.is_some();
    if text.len() <= 30 && number.parse::<f64>().is_ok() && known {
        return Ok(());
    }
    Err("A quantity is a number with a unit, such as 250m, 1, 64Mi or 1.5Gi.".into())
}

/// Checks a label by the rules of Kubernetes: `[prefix/]name` and a value of at most 63 characters each.
///
/// # Errors
/// Says which rule is broken.
pub(super) fn check_label(key: &str, value: &str) -> Result<(), String> {
    let plain = |text: &str| {
        let ends = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
        let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        text.len() <= 63 && text.chars().all(good) && ends(text.chars().next()) && ends(text.chars().last())
    };
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if name.is_empty() || !plain(name) || prefix.is_some_and(|prefix| model::ResourceName::subdomain(prefix).is_err()) {
        return Err("A label's key has up to 63 letters, digits, - _ or ., with an optional prefix and /.".into());
    }
    if !plain(value) {
        return Err(
            "A label's value has up to 63 letters, digits, - _ or ., and begins and ends with one of the first.".into(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_read_as_container_runtimes_read_them() {
        let digest = format!("a@sha256:{}", "0".repeat(64));
        for good in ["nginx", "nginx:1.27", "localhost:5000/a/b_c:x", "registry.example/shop/api:1.4.2-rc.1", &digest] {
            assert!(check_image(good).is_ok(), "{good}");
        }
        for bad in ["", "Nginx", "a b", "a:", "a:-x", "a/", "/a", "a@sha256:1", "a\n", "http://a/b", "a:x y"] {
            assert!(check_image(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        for good in ["1", "0.5", "250m", "64Mi", "1.5Gi", "1e3", "12E", "1Ei", "+1"] {
            assert!(check_quantity(good).is_ok(), "{good}");
        }
        for bad in ["", "m", "1.2.3", "64MB", "1 Gi", "-1x", "0x10", "١"] {
            assert!(check_quantity(bad).is_err(), "{bad}");
        }
    }

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
