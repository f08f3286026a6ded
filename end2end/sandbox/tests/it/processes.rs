//! Looks for components that run.

use std::{fs, path::Path};

/// The names of the processes that work in `data_dir`, as all components of a sandbox do.
pub fn processes_in(data_dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let path = entry.path();
        // Not ours, or gone since.
        let Ok(folder) = fs::read_link(path.join("cwd")) else { continue };
        if folder.starts_with(data_dir) {
            found.push(fs::read_to_string(path.join("comm")).unwrap_or_default());
        }
    }
    found
}
