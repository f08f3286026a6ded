//! The command `sandbox`.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Real Kubernetes and Gitea for developing and testing Denshimon.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Builds the components where they are missing: about 16 minutes on two cores, once.
    Build,
    /// Runs a sandbox of its own until Ctrl-C.
    Up {
        /// Keep the data there, from one start to the next.
        #[arg(long)]
        data_dir: Option<PathBuf>,
        /// A Gitea with the repository `base_infrastructure`.
        #[arg(long)]
        gitea: bool,
        /// An application in the namespace `shop`.
        #[arg(long)]
        demo: bool,
    },
    /// Ends the sandbox that tests share.
    Down,
    /// Prints `export` lines for the sandbox that tests share; starts it when needed.
    Env,
    /// Runs the sandbox that tests share.
    #[command(hide = true)]
    RunShared {
        /// How long it waits for somebody to use it again.
        #[arg(long, default_value_t = 600)]
        idle_seconds: u64,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Build => sandbox::build().await,
        Command::Up { data_dir, gitea, demo } => sandbox::up(sandbox::UpOptions { data_dir, gitea, demo }).await,
        Command::Down => sandbox::stop_shared().await,
        Command::Env => {
            let shared = sandbox::shared().await?;
            for (name, value) in sandbox::environment(shared.kubeconfig(), Some(shared.gitea())).await? {
                println!("export {name}='{}'", value.replace('\'', r"'\''"));
            }
            Ok(())
        }
        Command::RunShared { idle_seconds } => sandbox::run_shared(Duration::from_secs(idle_seconds)).await,
    }
}
