//! The log: text for people or JSON for machines, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::{LogConfig, LogFormat};

/// Warnings of what is usual: the store's threads cannot close at an orderly end what is closed already, and a browser
/// comes back with a session that has ended.
const QUIET: &str = "surrealkv::lsm=error,tower_sessions_core=error";

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
