//! Measures the running program against a sandbox of its own and prints one table; `script/bench` calls it.

mod lag;
mod pages;
mod program;
mod report;

use anyhow::Context;
use sandbox::{Options, Sandbox};

use crate::program::Program;
use crate::report::Report;

/// Changes whose way to the commit and to the remote is measured.
const CHANGES: usize = 200;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let binary = std::env::args().nth(1).context("name the program to measure")?;
    let mut report = Report::default();

    let sandbox = Sandbox::start(Options { gitea: true, metrics: false, nodes: 1, data_dir: None }).await?;
    let remote = sandbox.gitea().context("the sandbox has a Gitea")?.create_repository("base_infrastructure").await?;
    let folder = tempfile::tempdir()?;

    let program = Program::start(&binary, folder.path(), &sandbox, &remote).await?;
    report.value("cold start to first page, new data directory", "ms", program.started_in.as_millis());
    program.stop().await?;
    let program = Program::start(&binary, folder.path(), &sandbox, &remote).await?;
    report.value("warm start to first page", "ms", program.started_in.as_millis());
    program.settle().await?;
    report.value("resident memory, idle", "MB", program.resident_megabytes()?);
    report.value("script and wasm, brotli", "KB", program::browser_kilobytes(&binary)?);

    let client = lag::client(sandbox.kubeconfig()).await?;
    let lag = lag::measure(&client, &program, CHANGES).await?;
    report.samples("change -> commit, window 0", "ms", lag.to_commit);
    report.samples("change -> remote (Gitea), window 0", "ms", lag.to_remote);
    report.samples("git push of one commit to the same remote", "ms", lag::plain_pushes(&program, 20).await?);

    pages::create_deployments(&client, 10).await?;
    program.settle().await?;
    report.samples("deployments list, first byte, 10 deployments", "ms", pages::measure(&program, 10).await?);
    pages::create_deployments(&client, 1_000).await?;
    pages::create_config_maps(&client, 1_000).await?;
    program.settle().await?;
    report.samples("deployments list, first byte, 1,000 deployments", "ms", pages::measure(&program, 1_000).await?);
    report.value("resident memory, 2,000 objects", "MB", program.resident_megabytes()?);

    program.stop().await?;
    sandbox.stop().await?;
    report.print(&binary);
    Ok(())
}
