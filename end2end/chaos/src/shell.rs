//! Other programs, run to their end.

use std::path::Path;

use anyhow::{Result, ensure};
use tokio::process::Command;

/// Runs a program and returns what it prints.
///
/// # Errors
/// It fails, with what it says.
pub async fn output(command: &mut Command) -> Result<String> {
    let output = command.env("GIT_TERMINAL_PROMPT", "0").output().await?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs git in a repository.
///
/// # Errors
/// It fails, with what it says.
pub async fn git(folder: &Path, arguments: &[&str]) -> Result<String> {
    output(Command::new("git").arg("-C").arg(folder).args(arguments)).await
}
