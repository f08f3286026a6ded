//! The folder of one sandbox: certificates, databases, logs, ports.

use std::{
    fs::{self, File},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use rand::distr::{Alphanumeric, SampleString};
use tempfile::TempDir;

use crate::{cache::open_lock, certificates::write_secret};

/// A folder held by this process alone.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    lifetime: Lifetime,
    _lock: File,
}

#[derive(Debug)]
enum Lifetime {
    /// The next start goes on with it.
    Kept,
    /// The next start empties it; until then the logs can be read.
    Emptied,
    /// Removed with the sandbox.
    Temporary { _folder: TempDir },
}

impl DataDir {
    /// A folder whose data outlive the sandbox, or a temporary one.
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Self> {
        match path {
            Some(path) => Self::hold(&path, Lifetime::Kept),
            None => {
                let folder = tempfile::Builder::new().prefix("denshimon-sandbox-").tempdir()?;
                let path = folder.path().to_owned();
                Self::hold(&path, Lifetime::Temporary { _folder: folder })
            }
        }
    }

    /// A folder that is emptied first. The caller sees to it that nobody else uses it.
    pub(crate) fn open_emptied(path: &Path) -> Result<Self> {
        if path.exists() {
            fs::remove_dir_all(path).with_context(|| format!("empty {}", path.display()))?;
        }
        Self::hold(path, Lifetime::Emptied)
    }

    fn hold(path: &Path, lifetime: Lifetime) -> Result<Self> {
        // Databases within hold tokens.
        let created = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        created.with_context(|| format!("create {}", path.display()))?;
        let path = path.canonicalize()?;
        let lock = open_lock(path.join("lock"))?;
        if lock.try_lock().is_err() {
            anyhow::bail!("another sandbox runs on {}", path.display());
        }
        fs::create_dir_all(path.join("logs"))?;
        Ok(Self { path, lifetime, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Whether the data outlive the sandbox.
    pub(crate) fn is_persistent(&self) -> bool {
        matches!(self.lifetime, Lifetime::Kept)
    }

    /// The log of a component.
    pub(crate) fn log(&self, component: &str) -> PathBuf {
        self.path.join("logs").join(format!("{component}.log"))
    }

    /// Keeps the logs of the start before this one, as `<component>.previous.log`.
    pub(crate) fn rotate_logs(&self) -> Result<()> {
        for entry in fs::read_dir(self.path.join("logs"))? {
            let path = entry?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if let Some(component) = name.strip_suffix(".log")
                && !component.ends_with(".previous")
            {
                fs::rename(&path, path.with_file_name(format!("{component}.previous.log")))?;
            }
        }
        Ok(())
    }

    /// A secret of this sandbox, made on first use.
    pub(crate) fn secret(&self, name: &str) -> Result<String> {
        let path = self.join(&format!("{name}.secret"));
        if let Ok(secret) = fs::read_to_string(&path) {
            return Ok(secret);
        }
        let secret = Alphanumeric.sample_string(&mut rand::rng(), 32);
        write_secret(&path, &secret)?;
        Ok(secret)
    }
}
