//! `denshimon`: reads the settings, starts, serves until it is told to end.

use std::process::ExitCode;

use clap::Parser;
use server::{Application, Arguments, Config};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The exit code of a wrong setting, as sysexits.h has it.
const EX_USAGE: u8 = 64;
/// Rendering a page recurses deeply, and so does the store's query planner.
const STACK_BYTES: usize = 10 * 1024 * 1024;

fn main() -> ExitCode {
    // Two providers are in the tree; whoever asks first must find this one.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("denshimon: a TLS provider is installed already");
        return ExitCode::FAILURE;
    }
    let config = match Config::read(&Arguments::parse()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("denshimon: {error}");
            return ExitCode::from(EX_USAGE);
        }
    };
    server::telemetry::init(&config.log);
    // No error: a shell may hold settings of another version.
    for name in &config.unknown_variables {
        tracing::warn!(setting.name = %name, "this variable is no setting and is ignored");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("denshimon: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(serve(config));
    std::mem::forget(runtime);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("denshimon: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let application = Application::build(config).await?;
    println!("Denshimon listens on {}", application.url());
    if let Some(link) = application.setup_link() {
        println!("Make the first account here, once and within 24 hours: {link}");
    }
    let engine = application.engine().clone();
    let outcome = application.run_until(server::shutdown_signal()).await;
    // All was ended in order and the store is closed. It closes once more when it is dropped, and reports that as an
    // error, so it is left to the system together with the runtime.
    std::mem::forget(engine);
    outcome
}
