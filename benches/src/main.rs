//! Measures the running program against a sandbox of its own, section by section; `script/bench` calls it.

mod lag;
mod load;
mod metrics;
mod pages;
mod profile;
mod program;
mod report;
mod scale;
mod sections;

use std::path::PathBuf;

use clap::Parser;
use sandbox::Sandbox;

use crate::sections::Bench;

/// Measures the running program against a sandbox of its own.
#[derive(Parser)]
struct Options {
    /// The program to measure.
    binary: String,
    /// Little of everything, to see that the measurement itself works.
    #[arg(long)]
    short: bool,
    /// Only sections with this in their titles, such as `10,000 resources`.
    #[arg(long)]
    only: Option<String>,
    /// A file in which each section takes the place of its older self.
    #[arg(long)]
    into: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let options = Options::parse();
    let sandbox = sandbox::Options { gitea: true, metrics: false, nodes: 1, data_dir: None, ..Default::default() };
    let sandbox = Sandbox::start(sandbox).await?;
    let client = lag::client(sandbox.kubeconfig()).await?;
    let mut bench = Bench::new(options, sandbox, client);
    // What is dropped ends the program that is measured.
    let outcome = tokio::select! {
        outcome = bench.measure() => outcome,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("it was interrupted")),
    };
    bench.stop().await?;
    outcome
}
