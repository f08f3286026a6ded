//! The program: settings, start, routes, sessions, the HTTP API, probes and the way down.

pub mod api;
pub mod application;
mod assets;
mod audit_webhook;
mod client_address;
pub mod config;
mod connections;
mod failure;
mod live;
mod middleware;
mod pages;
mod probes;
mod router;
mod session_layer;
mod session_store;
mod shutdown;
mod state;
pub mod telemetry;

pub use application::Application;
pub use config::{Arguments, Config, ConfigError};
pub use shutdown::shutdown_signal;
