//! The form with the common fields, and what it is in a manifest.

use std::collections::BTreeMap;

use model::deployment::{DeploymentForm, DeploymentRef};
use model::{ContainerName, FieldError, Namespace, ResourceName};
use serde_json::{Map, Value, json};

use super::check::{check_image, check_label, check_quantity, check_replicas, check_value, check_variable};
use super::ports::{known_port, parse_port, port_line};
use super::yaml;
use crate::Error;

/// The label that joins a new Deployment with its pods.
const NAME_LABEL: &str = "app.kubernetes.io/name";

/// How far a form has to be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// All that Kubernetes needs.
    Whole,
    /// What is empty is still to come.
    SoFar,
}

/// A form whose fields have all been checked.
struct Checked {
    image: String,
    replicas: Option<u32>,
    env: Vec<(String, String)>,
    ports: Vec<Value>,
    labels: BTreeMap<String, String>,
    quantities: Vec<(&'static str, &'static str, String)>,
}

/// Makes the manifest of a new Deployment.
///
/// # Errors
/// Names every field that is wrong.
pub(super) fn build(form: &DeploymentForm) -> Result<(DeploymentRef, Value), Error> {
    let tree = make(form, Filled::Whole)?;
    Ok((yaml::identity(&tree)?, tree))
}

/// Makes the manifest of a new Deployment, by itself or on the one that the form stands on.
///
/// # Errors
/// Names every field that is wrong.
pub(super) fn make(form: &DeploymentForm, filled: Filled) -> Result<Value, Error> {
    let mut problems = Vec::new();
    let (namespace, name) = (form.namespace.trim(), form.name.trim());
    if filled == Filled::Whole || !namespace.is_empty() {
        take(&mut problems, "namespace", namespace.parse::<Namespace>());
    }
    if filled == Filled::Whole || !name.is_empty() {
        take(&mut problems, "name", ResourceName::subdomain(name));
    }
    if let Some(base) = base_of(form)? {
        let mut tree = put(&base, form, filled, problems)?;
        set_text(&mut tree, "name", name);
        set_text(&mut tree, "namespace", namespace);
        return Ok(tree);
    }
    let container = if form.container.trim().is_empty() { name } else { form.container.trim() };
    let container = match container.parse::<ContainerName>() {
        Ok(container) => Some(container),
        // A Deployment may have dots in its name, a container may not.
        Err(_) if form.container.trim().is_empty() => "app".parse().ok(),
        Err(error) => take(&mut problems, "container", Err(error)),
    };
    let checked = check(form, filled, &mut problems);
    let (Some(container), Some(checked), true) = (container, checked, problems.is_empty()) else {
        return Err(wrong(problems));
    };
    let pods = json!({ NAME_LABEL: name });
    let mut labels = checked.labels.clone();
    labels.entry(NAME_LABEL.into()).or_insert_with(|| name.to_owned());
    let containers = json!([{ "name": container, "image": checked.image }]);
    let mut tree = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": name, "namespace": namespace, "labels": labels },
        "spec": {
            "selector": { "matchLabels": pods },
            "template": { "metadata": { "labels": pods }, "spec": { "containers": containers } },
        },
    });
    if form.paused {
        set(&mut tree, &["spec"], "paused", Some(true.into()));
    }
    fill(&mut tree, container.as_str(), &checked);
    Ok(tree)
}

/// Puts the form's fields into the manifest that the form stands on, or else into the live one; what the form does not
/// show stays.
///
/// # Errors
/// Names every field that is wrong.
pub(super) fn apply(live: &Value, form: &DeploymentForm, filled: Filled) -> Result<Value, Error> {
    let Some(base) = base_of(form)? else { return put(live, form, filled, Vec::new()) };
    let mut tree = put(&base, form, filled, Vec::new())?;
    for field in ["name", "namespace"] {
        set(&mut tree, &["metadata"], field, live.pointer(&format!("/metadata/{field}")).cloned());
    }
    Ok(tree)
}

fn base_of(form: &DeploymentForm) -> Result<Option<Value>, Error> {
    if form.base.trim().is_empty() { Ok(None) } else { yaml::document(&form.base).map(Some) }
}

fn put(base: &Value, form: &DeploymentForm, filled: Filled, mut problems: Vec<FieldError>) -> Result<Value, Error> {
    let checked = check(form, filled, &mut problems);
    let container = match container_name(base, form.container.trim()) {
        Some(container) => container,
        None => {
            problems.push(problem("container", "There is no such container."));
            String::new()
        }
    };
    let (Some(checked), true) = (checked, problems.is_empty()) else { return Err(wrong(problems)) };
    let mut tree = base.clone();
    let labels = (!checked.labels.is_empty()).then(|| json!(checked.labels));
    set(&mut tree, &["metadata"], "labels", labels);
    if form.paused != is_paused(base) {
        set(&mut tree, &["spec"], "paused", form.paused.then(|| true.into()));
    }
    fill(&mut tree, &container, &checked);
    Ok(tree)
}

/// An empty text is set only where there is one already.
fn set_text(tree: &mut Value, field: &str, text: &str) {
    if !text.is_empty() || tree.pointer(&format!("/metadata/{field}")).is_some() {
        set(tree, &["metadata"], field, Some(text.into()));
    }
}

/// Reads the form's fields from a manifest.
pub(super) fn read_form(tree: &Value) -> DeploymentForm {
    let text = |pointer: &str| tree.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let container = container_name(tree, "").unwrap_or_default();
    let empty = Value::Null;
    let spec = container_of(tree, &container).unwrap_or(&empty);
    let list = |field: &str| spec.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    let quantity = |kind: &str, name: &str| {
        spec.pointer(&format!("/resources/{kind}/{name}")).map(quantity_text).unwrap_or_default()
    };
    let lines = |lines: Vec<String>| lines.join("\n");
    let env = list("env").iter().filter_map(plain_env).map(|(name, value)| format!("{name}={value}")).collect();
    let labels = tree.pointer("/metadata/labels").and_then(Value::as_object).cloned().unwrap_or_default();
    let label = |(key, value): (&String, &Value)| format!("{key}={}", value.as_str().unwrap_or_default());
    let replicas = tree.pointer("/spec/replicas");
    DeploymentForm {
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name"),
        image: spec.get("image").and_then(Value::as_str).unwrap_or_default().to_owned(),
        replicas: replicas.map(ToString::to_string).unwrap_or_default(),
        env: lines(env),
        ports: lines(list("ports").iter().map(port_line).collect()),
        cpu_request: quantity("requests", "cpu"),
        cpu_limit: quantity("limits", "cpu"),
        memory_request: quantity("requests", "memory"),
        memory_limit: quantity("limits", "memory"),
        labels: lines(labels.iter().map(label).collect()),
        container,
        paused: is_paused(tree),
        base: String::new(),
    }
}

/// Leaves out what a form by itself makes of the name.
pub(super) fn without_repeats(form: &DeploymentForm) -> DeploymentForm {
    let repeated = format!("{NAME_LABEL}={}", form.name);
    let labels: Vec<&str> = form.labels.lines().filter(|line| *line != repeated).collect();
    DeploymentForm { labels: labels.join("\n"), ..form.clone() }
}

fn is_paused(tree: &Value) -> bool {
    tree.pointer("/spec/paused") == Some(&Value::Bool(true))
}

/// A quantity may be a number, too.
fn quantity_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// Finds a container by name, or the first one for an empty name.
pub(super) fn container_name(tree: &Value, name: &str) -> Option<String> {
    let containers = tree.pointer("/spec/template/spec/containers")?.as_array()?;
    let mut names = containers.iter().filter_map(|container| container.get("name")?.as_str());
    names.find(|known| name.is_empty() || *known == name).map(ToOwned::to_owned)
}

/// Returns a container to change.
pub(super) fn container_mut<'a>(tree: &'a mut Value, name: &str) -> Option<&'a mut Map<String, Value>> {
    let containers = tree.pointer_mut("/spec/template/spec/containers")?.as_array_mut()?;
    let named = |container: &&mut Value| container.get("name").and_then(Value::as_str) == Some(name);
    containers.iter_mut().find(named)?.as_object_mut()
}

/// Sets or removes a field below a path whose maps are made where they are missing.
pub(super) fn set(tree: &mut Value, path: &[&str], field: &str, value: Option<Value>) {
    let mut place = tree;
    for step in path {
        if !place.get(step).is_some_and(Value::is_object) {
            if value.is_none() {
                return;
            }
            if let Some(map) = place.as_object_mut() {
                map.insert((*step).to_owned(), json!({}));
            }
        }
        let Some(next) = place.get_mut(step) else { return };
        place = next;
    }
    match (place.as_object_mut(), value) {
        (Some(map), Some(value)) => drop(map.insert(field.to_owned(), value)),
        (Some(map), None) => drop(map.remove(field)),
        (None, _) => {}
    }
}

fn container_of<'a>(tree: &'a Value, name: &str) -> Option<&'a Value> {
    let containers = tree.pointer("/spec/template/spec/containers")?.as_array()?;
    containers.iter().find(|container| container.get("name").and_then(Value::as_str) == Some(name))
}

fn fill(tree: &mut Value, container: &str, checked: &Checked) {
    if let Some(replicas) = checked.replicas {
        set(tree, &["spec"], "replicas", Some(replicas.into()));
    }
    let Some(container) = container_mut(tree, container) else { return };
    if !checked.image.is_empty() || container.contains_key("image") {
        container.insert("image".into(), checked.image.clone().into());
    }
    let env = fill_env(container.get("env").and_then(Value::as_array), &checked.env);
    let known_ports = container.get("ports").cloned().unwrap_or_default();
    let ports = checked.ports.iter().map(|port| known_port(&known_ports, port.clone())).collect();
    for (field, list) in [("env", env), ("ports", ports)] {
        match list.is_empty() {
            true => drop(container.remove(field)),
            false => drop(container.insert(field.into(), list.into())),
        }
    }
    let mut holder = Value::Object(std::mem::take(container));
    for (kind, name, quantity) in &checked.quantities {
        let known = holder.pointer(&format!("/resources/{kind}/{name}"));
        if known.is_some_and(|known| quantity_text(known) == *quantity) {
            continue;
        }
        let quantity = (!quantity.is_empty()).then(|| quantity.clone().into());
        set(&mut holder, &["resources", kind], name, quantity);
    }
    if let Value::Object(filled) = holder {
        *container = filled;
    }
}

/// Puts typed variables among the known ones. What comes from elsewhere or has several lines is not in the form and
/// stays, and each stays in its place, since a variable may name those before it.
fn fill_env(known: Option<&Vec<Value>>, typed: &[(String, String)]) -> Vec<Value> {
    let make = |(name, value): &(String, String)| json!({ "name": name, "value": value });
    let is_typed = |one: &Value, name: &str| one.get("name").and_then(Value::as_str) == Some(name);
    let known: Vec<Value> = known
        .into_iter()
        .flatten()
        .filter_map(|one| {
            let typed = typed.iter().rev().find(|(name, _)| is_typed(one, name));
            match plain_env(one) {
                None => Some(typed.map_or_else(|| one.clone(), make)),
                Some(same) if typed.is_some_and(|(name, value)| (name.as_str(), value.as_str()) == same) => {
                    Some(one.clone())
                }
                Some(_) => typed.map(make),
            }
        })
        .collect();
    let new = typed.iter().filter(|(name, _)| !known.iter().any(|one| is_typed(one, name)));
    let new: Vec<Value> = new.map(make).collect();
    known.into_iter().chain(new).collect()
}

fn check(form: &DeploymentForm, filled: Filled, problems: &mut Vec<FieldError>) -> Option<Checked> {
    let image = match form.image.trim() {
        "" if filled == Filled::SoFar => Some(""),
        text => take(problems, "image", check_image(text)),
    };
    let replicas = match form.replicas.trim() {
        "" => None,
        text => match text.parse::<u32>() {
            Ok(number) => take(problems, "replicas", check_replicas(number)),
            // Whatever it is, it is no number in the range.
            Err(_) => take(problems, "replicas", check_replicas(u32::MAX)),
        },
    };
    let env = each_line(problems, "env", &form.env, parse_env);
    let ports = each_line(problems, "ports", &form.ports, parse_port);
    let labels = each_line(problems, "labels", &form.labels, parse_label);
    let fields = [
        ("cpu_request", "requests", "cpu", &form.cpu_request),
        ("cpu_limit", "limits", "cpu", &form.cpu_limit),
        ("memory_request", "requests", "memory", &form.memory_request),
        ("memory_limit", "limits", "memory", &form.memory_limit),
    ];
    let mut quantities = Vec::new();
    for (field, kind, name, text) in fields {
        let text = text.trim();
        if text.is_empty() || take(problems, field, check_quantity(text)).is_some() {
            quantities.push((kind, name, text.to_owned()));
        }
    }
    Some(Checked { image: image?.to_owned(), replicas, env, ports, labels: labels.into_iter().collect(), quantities })
}

fn each_line<T>(
    problems: &mut Vec<FieldError>,
    field: &str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let mut parsed = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match parse(line.trim_end_matches('\r')) {
            Ok(value) => parsed.push(value),
            Err(message) => problems.push(problem(field, format!("Line {}: {message}", number + 1))),
        }
    }
    parsed
}

fn parse_env(line: &str) -> Result<(String, String), String> {
    let (name, value) = line.split_once('=').ok_or("A variable is written NAME=value.")?;
    let name = name.trim();
    check_variable(name)?;
    check_value(value).map_err(|error| format!("{name}: {error}"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn parse_label(line: &str) -> Result<(String, String), String> {
    let (key, value) = line.trim().split_once('=').ok_or("A label is written key=value.")?;
    check_label(key.trim(), value.trim())?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

fn plain_env(variable: &Value) -> Option<(&str, &str)> {
    let name = variable.get("name")?.as_str()?;
    if variable.get("valueFrom").is_some() {
        return None;
    }
    let value = variable.get("value").and_then(Value::as_str).unwrap_or_default();
    (!value.contains(['\n', '\r'])).then_some((name, value))
}

fn take<T, E: ToString>(problems: &mut Vec<FieldError>, field: &str, result: Result<T, E>) -> Option<T> {
    result.map_err(|error| problems.push(problem(field, error.to_string()))).ok()
}

fn problem(field: &str, message: impl Into<String>) -> FieldError {
    FieldError { field: field.to_owned(), message: message.into() }
}

/// Joins what is wrong with several fields.
pub(super) fn wrong(fields: Vec<FieldError>) -> Error {
    let message = match fields.as_slice() {
        [only] => only.message.clone(),
        fields => format!("{} fields are wrong.", fields.len()),
    };
    Error::Invalid { message, hint: "Correct what is marked.".into(), fields }
}

#[cfg(test)]
mod tests;
