//! The log: text for people or JSON for machines, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::{LogConfig, LogFormat};

/// The store's threads warn at each orderly end that they cannot close what is closed already.
const QUIET: &str = "surrealkv::lsm=error";

/// Installs the log for the whole process; a second call changes nothing.
pub fn init(config: &LogConfig) {
    let filter = EnvFilter::new(format!("{},{QUIET}", config.filter));
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // An error means that a log is installed already, as in tests.
    let _ = match config.format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).compact().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}
