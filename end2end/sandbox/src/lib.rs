//! Real Kubernetes and Gitea for development and tests: built once, started in seconds, ended with whoever started
//! them.
//!
//! [`shared`] is for most tests: one sandbox for all test processes of the machine's user. [`Sandbox::start`] is for
//! those that stop the API server or fill a disk. [`up`] is what `script/server` runs.

mod apply;
mod cache;
mod certificates;
mod cluster;
mod components;
mod control_plane;
mod data_dir;
mod demo;
mod gitea;
mod kubeconfig;
mod ports;
mod process;
mod progress;
mod sandbox;
mod shared;
mod up;
mod wait;

pub use components::{build, ensure_sops, kubectl_path};
pub use demo::apply_demo;
pub use gitea::Gitea;
pub use kubeconfig::connect;
pub use sandbox::{Options, Sandbox};
pub use shared::{SharedSandbox, run_shared, shared, stop_shared};
pub use up::{UpOptions, environment, up};
