//! Looks for components that run.

use std::{fs, path::Path};

/// The names of the processes that work in `data_dir`, as all components of a sandbox do.
pub fn processes_in(data_dir: &Path) -> Vec<String> {
    running_in(data_dir).into_iter().map(|(_, name)| name).collect()
}

/// The number of the process with this name that works in `data_dir`.
pub fn process_in(data_dir: &Path, name: &str) -> String {
    let found = running_in(data_dir).into_iter().find(|(_, running)| running.trim_end() == name);
    found.unwrap().0
}

fn running_in(data_dir: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let path = entry.path();
        // Not ours, or gone since.
        let Ok(folder) = fs::read_link(path.join("cwd")) else { continue };
        if folder.starts_with(data_dir) {
            let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
            found.push((entry.file_name().to_string_lossy().into_owned(), name));
        }
    }
    found
}
