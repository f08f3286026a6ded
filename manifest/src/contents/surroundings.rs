//! What the other files of a repository say of a file: charts and kustomizations.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::parse::parse;

/// The names that Kustomize looks for in a folder.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Fields of a kustomization that hold files, and those whose items hold one at `path`.
const FILES: [&str; 9] = [
    "resources",
    "bases",
    "components",
    "patches",
    "patchesStrategicMerge",
    "crds",
    "generators",
    "transformers",
    "configurations",
];
const WITH_PATH: [&str; 4] = ["patches", "patchesJson6902", "patchesJSON6902", "replacements"];

/// Charts and kustomizations of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Folders with a `Chart.yaml`, empty for the repository's own.
    charts: BTreeSet<String>,
    kustomized: BTreeSet<String>,
}

impl Surroundings {
    /// Takes in what a file says of others; most say nothing.
    pub fn add(&mut self, path: &str, text: &str) {
        if is_kustomization(path) {
            self.kustomized.extend(kustomized_files(path, text));
        }
        let (folder, name) = split(path);
        if name == "Chart.yaml" {
            self.charts.insert(folder.to_owned());
        }
    }

    /// Tells whether [`Self::add`] needs a file's text.
    pub fn reads(path: &str) -> bool {
        is_kustomization(path) || split(path).1 == "Chart.yaml"
    }

    pub(super) fn is_kustomized(&self, path: &str) -> bool {
        self.kustomized.contains(path)
    }

    /// A chart's templates are in its folder `templates`, however deep.
    pub(super) fn is_template(&self, path: &str) -> bool {
        let folders = path.match_indices("templates/").filter_map(|(at, _)| path.get(..at));
        folders.into_iter().any(|before| match before.strip_suffix('/') {
            Some(folder) => self.charts.contains(folder),
            None => before.is_empty() && self.charts.contains(""),
        })
    }
}

/// Tells whether Kustomize reads a file as its own.
pub(super) fn is_kustomization(path: &str) -> bool {
    KUSTOMIZATIONS.contains(&split(path).1)
}

/// Lists the paths in the repository that a kustomization names: bases, overlays, patches. Folders are among them,
/// addresses of other repositories are not; a kustomization that cannot be read names nothing.
pub fn kustomized_files(path: &str, text: &str) -> Vec<String> {
    let (folder, _) = split(path);
    let documents = parse(text).unwrap_or_default();
    let trees = documents.iter().map(|document| &document.tree);
    let mut names = Vec::new();
    for tree in trees {
        let list = |field: &str| tree.get(field).and_then(Value::as_array).into_iter().flatten();
        names.extend(FILES.into_iter().flat_map(list).filter_map(Value::as_str));
        names.extend(WITH_PATH.into_iter().flat_map(list).filter_map(|item| item.get("path")?.as_str()));
    }
    // A patch may stand there itself instead of its file's name.
    names.into_iter().filter(|name| !name.contains('\n')).filter_map(|name| join(folder, name)).collect()
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Follows a name from a folder; `None` where it leads out of the repository.
fn join(folder: &str, name: &str) -> Option<String> {
    if name.contains("://") || name.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
