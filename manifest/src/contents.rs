//! What a file of a repository holds: resources by their identity, or a reason to leave it alone.

mod surroundings;
mod template;

use std::collections::HashMap;

use model::{ClusterName, Kind, Namespace, ResourceName, ResourceRef};
use serde_json::Value;

use crate::edit::{Address, item_lines};
use crate::identity::parts;
use crate::parse::{Document, MAX_BYTES, ParseError, parse};
use crate::tree::text as text_at;

pub use surroundings::{Surroundings, kustomized_files};

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Contents {
    /// At least one, in the file's order; documents that describe no resource are not among them.
    Resources(Vec<Found>),
    LeftAlone(LeftAlone),
}

/// A resource that a file describes.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub kind: Kind,
    /// `v1`, without the group.
    pub version: String,
    /// `None` for a cluster-scoped resource, and where the file leaves the namespace to whoever applies it.
    pub namespace: Option<Namespace>,
    pub name: ResourceName,
    pub address: Address,
    /// The line it begins on, from 1.
    pub line: u32,
    pub tree: Value,
}

/// Why a file is left alone, in words for the person whose file it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeftAlone {
    #[error("It is a kustomization: it says how other files are changed before they are applied.")]
    Kustomization,
    #[error("A kustomization names it, so what it says is not what is applied.")]
    Kustomized,
    #[error("It is a template: what it says is filled in before it is applied.")]
    Template,
    #[error("It describes no Kubernetes resource.")]
    NotKubernetes,
    #[error("It cannot be read as YAML or JSON.")]
    Malformed(#[source] ParseError),
    #[error("It is larger than {} MiB.", MAX_BYTES / 1024 / 1024)]
    TooLarge,
    /// The lines are those that both begin on, from 1.
    #[error("It describes the {kind} {name} twice, in lines {first} and {second}.")]
    Twice { kind: String, name: ResourceName, first: u32, second: u32 },
}

impl Found {
    /// Names the resource in a cluster.
    pub fn resource(&self, cluster: &ClusterName) -> ResourceRef {
        let (kind, namespace, name) = (self.kind.clone(), self.namespace.clone(), self.name.clone());
        ResourceRef { cluster: cluster.clone(), kind, namespace, name }
    }
}

/// Finds the resources in a file by its text, not by where it lies; `path` is its place in the repository, with `/`.
///
/// Each document counts, and each item of a `List`.
pub fn read_contents(path: &str, text: &str, surroundings: &Surroundings) -> Contents {
    match find(path, text, surroundings) {
        Ok(found) => Contents::Resources(found),
        Err(reason) => Contents::LeftAlone(reason),
    }
}

/// Finds the resources in a text that is known to be applied as it is: braces in it are for programs in the cluster.
///
/// # Errors
/// Says why nothing can be found, or told apart.
pub fn read_resources(text: &str) -> Result<Vec<Found>, LeftAlone> {
    if text.len() > MAX_BYTES {
        return Err(LeftAlone::TooLarge);
    }
    resources(text, parse(text).map_err(LeftAlone::Malformed)?)
}

fn find(path: &str, text: &str, surroundings: &Surroundings) -> Result<Vec<Found>, LeftAlone> {
    if surroundings::is_kustomization(path) {
        return Err(LeftAlone::Kustomization);
    }
    if ![".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending)) {
        return Err(LeftAlone::NotKubernetes);
    }
    if surroundings.is_kustomized(path) {
        return Err(LeftAlone::Kustomized);
    }
    if surroundings.is_template(path) {
        return Err(LeftAlone::Template);
    }
    if text.len() > MAX_BYTES {
        return Err(LeftAlone::TooLarge);
    }
    let documents = parse(text).map_err(|error| match text.contains("{{") {
        true => LeftAlone::Template,
        false => LeftAlone::Malformed(error),
    })?;
    if template::is_template(text, &documents) {
        return Err(LeftAlone::Template);
    }
    let is_kustomize = |tree: &Value| text_at(tree, &["apiVersion"]).starts_with("kustomize.config.k8s.io/");
    if documents.iter().any(|document| is_kustomize(&document.tree)) {
        return Err(LeftAlone::Kustomization);
    }
    resources(text, documents)
}

fn resources(text: &str, documents: Vec<Document>) -> Result<Vec<Found>, LeftAlone> {
    let mut found = Vec::new();
    for (index, document) in documents.into_iter().enumerate() {
        match items(&document.tree) {
            Some(items) => {
                let lines = item_lines(text, index);
                let line = |item: usize| lines.get(item).copied().unwrap_or(document.line);
                let address = |item| Address { document: index, item: Some(item) };
                found.extend(
                    items.iter().enumerate().filter_map(|(item, tree)| resource(address(item), line(item), tree)),
                );
            }
            None => found.extend(resource(Address { document: index, item: None }, document.line, &document.tree)),
        }
    }
    match twice(&found) {
        Some(reason) => Err(reason),
        None if found.is_empty() => Err(LeftAlone::NotKubernetes),
        None => Ok(found),
    }
}

/// Returns the items of a list of resources (`List`, `ConfigMapList`).
fn items(tree: &Value) -> Option<&Vec<Value>> {
    tree.get("kind")?.as_str().filter(|kind| kind.ends_with("List"))?;
    tree.get("items")?.as_array()
}

fn resource(address: Address, line: u32, tree: &Value) -> Option<Found> {
    let (kind, version, namespace, name) = parts(tree).ok()?;
    Some(Found { kind, version: version.to_owned(), namespace, name, address, line, tree: tree.clone() })
}

fn twice(found: &[Found]) -> Option<LeftAlone> {
    let mut seen = HashMap::new();
    found.iter().find_map(|found| {
        let first = seen.insert((&found.kind, &found.namespace, &found.name), found.line)?;
        let (kind, name) = (found.kind.kind.clone(), found.name.clone());
        Some(LeftAlone::Twice { kind, name, first, second: found.line })
    })
}

#[cfg(test)]
mod tests;
